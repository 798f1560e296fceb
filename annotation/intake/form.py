"""The form that contributors fill: its XML for a project, what each question may be answered with, and the instructions beside it."""

import xml.etree.ElementTree as ElementTree
from functools import cache
from pathlib import Path
from typing import Any

from annotation.interface import PROJECT_SETTINGS
from annotation.render.body import render_body
from pipeline.errors import LimiError

FORM = Path(__file__).with_name("form.xml")
GUIDE = Path(__file__).resolve().parents[2] / "docs/INTAKE.md"
FOR_OTHERS = "\n## For who runs the intake\n"  # what stands from here on is not for contributors
CONSENT = "yes"


def form_xml() -> str:
    """The XML of a project's labelling interface."""
    return FORM.read_text(encoding="utf-8")


@cache
def questions() -> dict[str, frozenset[str]]:
    """Every question by name, with the answers that it offers; none for a free text."""
    root = ElementTree.fromstring(form_xml())  # noqa: S314 - our own file
    asked = [element for tag in ("TextArea", "Choices") for element in root.iter(tag)]
    return {
        element.get("name", ""): frozenset(choice.get("value", "") for choice in element.iter("Choice"))
        for element in asked
    }


def guide_html() -> str:
    """Safe HTML of what docs/INTAKE.md says to contributors, for a project's `expert_instruction`."""
    told, found, _ = GUIDE.read_text(encoding="utf-8").partition(FOR_OTHERS)
    if not found:
        raise LimiError(
            f"{GUIDE.name} has no heading {FOR_OTHERS.strip()!r}, so nobody knows what of it contributors are shown"
        )
    return render_body(told, wrapped=True)


def settings() -> dict[str, Any]:
    """The fields of a contributor's project in Label Studio's API. A form that is not wanted is left, so nothing is skipped."""
    return {
        "label_config": form_xml(),
        "expert_instruction": guide_html(),
        **PROJECT_SETTINGS,
        "show_skip_button": False,
    }
