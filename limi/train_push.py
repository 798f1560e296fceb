"""`limi train push`: the trained model, previewed against the Hub and then pushed as one commit with a tag."""

import os
from pathlib import Path

from curated.hub.connection import Hub
from curated.hub.preview import Preview
from curated.hub.publish import preview, publish
from curated.hub.target import target
from finetune.plan import Plan, read_plan
from finetune.runs.manifest import is_final_of
from limi.publish import dirty
from limi.screen import line
from pipeline.files import sha256_file
from pipeline.params import read_params

PLAN = Path("model/plan.json")


def show_push(repository: str, tag: str, public: bool, allow_demo: bool, send: bool) -> bool:
    """Preview a push of model/final, and do it if it is to be sent. Returns whether nothing stands against it.

    Raises UserError, before the Hub is asked, for a wrong name or token, for parameters that are none, or where nothing was trained.
    """
    hub = Hub(target(repository, tag, os.environ, "model"))
    plan = read_plan(PLAN)
    against = [*dirty(Path()), *_another(plan), *_other_parameters(plan), *_other_rows(plan)]
    seen = preview(plan.final, hub, public, allow_demo, against)
    _show(seen)
    if send and not seen.refusals:
        line(publish(seen, hub).done)
    elif not seen.refusals and not seen.nothing_to_do:
        line("nothing was sent; --send sends it")
    return not seen.refusals


def _another(plan: Plan) -> list[str]:
    """What was trained last may be of another plan than the one that lies there now; its card would tell of the wrong one."""
    if is_final_of(plan):
        return []
    return [f"{plan.final} is not the model of {PLAN}; run `limi train` to its end, which makes it"]


def _other_parameters(plan: Plan) -> list[str]:
    """An ablation leaves its model and plan behind when params.yaml is taken back; pushed, it would pass for the model."""
    params = read_params()
    asked = plan.model_copy(update={"train": params.train, "seed": params.seed})
    # The plan's identity names the base by its weights, which params.yaml does not tell.
    same = (params.train.rows, params.train.base) == (plan.train.rows, plan.train.base)
    if same and asked.identity == plan.identity:
        return []
    return [
        f"{plan.final} was trained by other parameters than params.yaml has now, as after an ablation; run `limi train`, which goes on "
        "from the checkpoints of these parameters, or bring back the params.yaml that it was trained by and commit it"
    ]


def _other_rows(plan: Plan) -> list[str]:
    """The tag names a commit, whose rows have to be those that were trained on."""
    file = Path(plan.train.rows.file)
    if not file.is_file():
        return [f"{file} is missing, which {plan.final} was trained on; `dvc pull` or `dvc repro export_sft` brings it"]
    if sha256_file(file) == plan.file_sha256:
        return []
    return [
        f"{file} has changed since {plan.final} was trained on it; run `limi train`, or bring the file back by its commit"
    ]


def _show(seen: Preview) -> None:
    for text in seen.lines():
        line(text)
    line(f"the card as people will see it: {seen.folder / 'README.md'}")
