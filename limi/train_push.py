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

PLAN = Path("model/plan.json")


def show_push(repository: str, tag: str, public: bool, allow_demo: bool, send: bool) -> bool:
    """Preview a push of model/final, and do it if it is to be sent. Returns whether nothing stands against it.

    Raises UserError, before the Hub is asked, for a wrong name or token, or where nothing was trained.
    """
    hub = Hub(target(repository, tag, os.environ, "model"))
    plan = read_plan(PLAN)
    seen = preview(plan.final, hub, public, allow_demo, [*dirty(Path()), *_another(plan)])
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


def _show(seen: Preview) -> None:
    for text in seen.lines():
        line(text)
    line(f"the card as people will see it: {seen.folder / 'README.md'}")
