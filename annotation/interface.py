"""What the labelling interface shows and asks, read from `interface.xml`: its XML for a project, and the answers each control allows."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from annotation.render.styles import STYLES

INTERFACE = Path(__file__).with_name("interface.xml")
ALIGNMENT = {"none": 0.0, "partial": 0.5, "full": 1.0}
# One project has one annotator: nobody else's work, no predictions and no skipped task comes back to them.
PROJECT_SETTINGS: dict[str, Any] = {
    "maximum_annotations": 1,
    "sampling": "Sequential sampling",
    "show_instruction": True,
    "show_skip_button": True,
    "skip_queue": "IGNORE_SKIPPED",
    "enable_empty_annotation": False,
    "show_collab_predictions": False,
    "evaluate_predictions_automatically": False,
    "reveal_preannotations_interactively": False,
    "show_annotation_history": False,
}
_MARKS = ("Labels", "HyperTextLabels")


@dataclass(frozen=True)
class Control:
    """One question, or one kind of mark, with the answers it allows and whether it must be answered.

    `kind` is its tag in Label Studio: choices, rating, textarea, labels (marks on the query) or hypertextlabels (marks on the diff).
    """

    name: str
    kind: str
    answers: frozenset[str]
    several: bool
    required: bool


def interface(reviews: bool = False, judge: bool = False) -> str:
    """The XML of a project's labelling interface, with the style of what is rendered.

    `reviews` adds the panel of `reviews_html`, for adjudicators; `judge` that of `judge_html`, where nobody is kept blind to the model.
    """
    root = ElementTree.fromstring(INTERFACE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    shown = {"limi-judged": judge, "limi-reviewed": reviews}
    for parent in list(root.iter("View")):
        for view in parent.findall("View"):
            if not shown.get(view.get("className", ""), True):
                parent.remove(view)
    for style in root.iter("Style"):
        style.text = (style.text or "") + STYLES
    return ElementTree.tostring(root, encoding="unicode")


@cache
def controls() -> dict[str, Control]:
    """Every control of the interface by name. One inside a conditional block is not required by itself."""
    root = ElementTree.fromstring(INTERFACE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    conditional = {id(control) for view in root.iter("View") if view.get("visibleWhen") for control in view.iter()}
    found = {}
    for tag in ("Choices", "Rating", "TextArea", *_MARKS):
        for element in root.iter(tag):
            name = element.get("name", "")
            found[name] = Control(
                name,
                tag.lower(),
                frozenset(answer.get("value", "") for answer in element if answer.tag in ("Choice", "Label")),
                element.get("choice") == "multiple" or tag in _MARKS,
                element.get("required") == "true" and id(element) not in conditional,
            )
    return found
