"""What the queries of a sample will ask of the model, before anything is asked."""

from collections.abc import Iterator

import polars as pl

from pipeline.llm.request import Request
from pipeline.sections import Model, Synthesize
from pipeline.synthesis.judge import first_requests
from pipeline.synthesis.leakage import solution_of
from pipeline.synthesis.model_writer import first_request
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft

_NOTHING = Draft("", "vibe-coding", [])


def judging(chosen: Synthesize, model: Model) -> Model:
    """The model that judges: the same endpoint, and another name if one is given."""
    return model.model_copy(update={"name": chosen.judge or model.name})


def first_round(sampled: pl.DataFrame, chosen: Synthesize, model: Model) -> Iterator[Request]:
    """The requests for a first draft of each row of a SAMPLED frame, and for its judgements.

    What a model will write is not known; the template writer's draft, which is about as long, stands in the judge's place for it.
    """
    template = TemplateWriter()
    for pull in sampled.iter_rows(named=True):
        if chosen.writer == "model":
            yield first_request(pull, model)
        if chosen.judgements:
            draft = template.write(pull, solution_of(pull["patch"], pull["files"])) or _NOTHING
            yield from first_requests(pull, draft, judging(chosen, model), chosen.judgements)
