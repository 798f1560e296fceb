"""What the labelling interface asks, read from `interface.xml`: the controls and the answers each allows."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INTERFACE = Path(__file__).with_name("interface.xml")
ALIGNMENT = {"none": 0.0, "partial": 0.5, "full": 1.0}


@dataclass(frozen=True)
class Control:
    """One question: its Label Studio tag (choices, rating or textarea), allowed answers, and whether it must be answered."""

    name: str
    kind: str
    answers: frozenset[str]
    several: bool
    required: bool


@cache
def controls() -> dict[str, Control]:
    """Every control of the interface by name. One inside a conditional block is not required by itself."""
    root = ElementTree.fromstring(INTERFACE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
    conditional = {id(control) for view in root.iter("View") if view.get("visibleWhen") for control in view.iter()}
    found = {}
    for tag in ("Choices", "Rating", "TextArea"):
        for element in root.iter(tag):
            name = element.get("name", "")
            found[name] = Control(
                name,
                tag.lower(),
                frozenset(choice.get("value", "") for choice in element.iter("Choice")),
                element.get("choice") == "multiple",
                element.get("required") == "true" and id(element) not in conditional,
            )
    return found
