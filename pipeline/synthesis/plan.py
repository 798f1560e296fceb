"""What the queries of a sample will ask of the model, before anything is asked."""

from collections.abc import Callable, Iterator

import polars as pl
from pydantic import ValidationError

from pipeline.llm.request import Request
from pipeline.sections import Checks, Model, Synthesize
from pipeline.synthesis.checks import findings
from pipeline.synthesis.judge import first_requests
from pipeline.synthesis.leakage import Solution, solution_of
from pipeline.synthesis.model_writer import draft_of, first_request
from pipeline.synthesis.records import WrittenQuery
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft

_NOTHING = Draft("", "vibe-coding", [])


def judging(chosen: Synthesize, model: Model) -> Model:
    """The model that judges: the same endpoint, and another name if one is given."""
    return model.model_copy(update={"name": chosen.judge or model.name})


def first_round(
    sampled: pl.DataFrame,
    chosen: Synthesize,
    limits: Checks,
    model: Model,
    answered: Callable[[Request], str | None] = lambda _: None,
) -> Iterator[Request]:
    """The requests for a first draft of each row of a SAMPLED frame, and for its judgements.

    `answered` gives the text that is known already for a request. Where what the writer will say is not known yet, the template
    writer's draft, which is about as long, stands in the judge's place for it.
    """
    for pull in sampled.iter_rows(named=True):
        solution = solution_of(pull["patch"], pull["files"])
        draft = TemplateWriter().write(pull, solution) or _NOTHING
        known = chosen.writer == "template"
        if chosen.writer == "model":
            request = first_request(pull, model)
            yield request
            if text := answered(request):
                written = _read(text)
                known, draft = True, written or draft
                if not written:
                    continue  # that reply is repaired before anybody judges
        if chosen.judgements and not (known and _fails(draft, solution, limits)):
            yield from first_requests(pull, draft, judging(chosen, model), chosen.judgements)


def _read(text: str) -> Draft | None:
    try:
        return draft_of(WrittenQuery.model_validate_json(text))
    except ValidationError:
        return None


def _fails(draft: Draft, solution: Solution, limits: Checks) -> bool:
    return bool(findings(draft.query, draft.success_criteria, solution, limits))
