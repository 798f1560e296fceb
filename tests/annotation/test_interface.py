"""The interface asks what the code reads, shows what the tasks hold, and never shows HTML."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation import interface
from annotation.interface import ALIGNMENT, INTERFACE, controls
from pipeline.subdomains import SUB_DOMAINS

ROOT = ElementTree.fromstring(INTERFACE.read_text(encoding="utf-8"))  # noqa: S314 - our own file


@pytest.fixture
def other_interface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "interface.xml"
    monkeypatch.setattr(interface, "INTERFACE", path)
    controls.cache_clear()
    yield path
    controls.cache_clear()


def test_every_question_is_known_with_its_kind() -> None:
    assert {name: control.kind for name, control in controls().items()} == {
        "alignment": "choices",
        "realism": "rating",
        "domain": "choices",
        "sub_domain": "choices",
        "verdict": "choices",
        "reject_reason": "choices",
        "edited_query": "textarea",
        "notes": "textarea",
    }


def test_what_must_be_answered_is_known() -> None:
    assert {name for name, control in controls().items() if control.required} == {
        "alignment",
        "realism",
        "domain",
        "sub_domain",
        "verdict",
    }


def test_only_reasons_may_be_several() -> None:
    assert [name for name, control in controls().items() if control.several] == ["reject_reason"]


def test_the_answers_are_those_the_code_counts_on() -> None:
    asked = controls()
    assert asked["alignment"].answers == set(ALIGNMENT)
    assert asked["sub_domain"].answers == set(SUB_DOMAINS)
    assert asked["domain"].answers == {"vibe-coding", "research-workflow"}
    assert asked["verdict"].answers == {"accept", "edit", "reject"}
    assert asked["notes"].answers == frozenset()


def test_the_rating_goes_from_1_to_5() -> None:
    assert [rating.get("maxRating") for rating in ROOT.iter("Rating")] == ["5"]


def test_alignment_grows_from_none_to_full() -> None:
    assert ALIGNMENT["none"] < ALIGNMENT["partial"] < ALIGNMENT["full"]


def test_no_tag_shows_html() -> None:
    known = {"View", "Style", "Header", "Text", "Choices", "Choice", "Rating", "TextArea"}
    assert {element.tag for element in ROOT.iter()} == known
    assert [element.get("valueType") for element in ROOT.iter("Text") if element.get("valueType")] == []


def test_what_belongs_to_a_verdict_is_asked_for_that_verdict_only() -> None:
    shown = {
        control.get("name"): (view.get("whenTagName"), view.get("whenChoiceValue"))
        for view in ROOT.iter("View")
        if view.get("visibleWhen") == "choice-selected"
        for control in view.iter()
        if control.get("name")
    }
    assert shown == {"edited_query": ("verdict", "edit"), "reject_reason": ("verdict", "reject")}


def test_every_question_is_about_the_query() -> None:
    for tag in ("Choices", "Rating", "TextArea"):
        assert {element.get("toName") for element in ROOT.iter(tag)} == {"query"}
    assert "query" in {element.get("name") for element in ROOT.iter("Text")}


def test_no_name_stands_twice() -> None:
    names = [element.get("name") for element in ROOT.iter() if element.get("name")]
    assert len(names) == len(set(names))


def test_what_is_shown_stands_in_the_data_of_a_task() -> None:
    shown = set(re.findall(r'"\$(\w+)"', INTERFACE.read_text(encoding="utf-8")))
    assert shown == {"query", "criteria", "pr_ref", "pr_title", "pr_body", "diff"}


def test_a_control_in_a_conditional_view_is_not_required_by_itself(other_interface: Path) -> None:
    other_interface.write_text(
        """<View>
        <Choices name="a" required="true" choice="multiple"><Choice value="x"/><Choice value="y"/></Choices>
        <View visibleWhen="choice-selected"><View><TextArea name="b" required="true"/></View></View>
        <View><Rating name="c" required="true"/></View><Rating name="d"/>
        </View>""",
        encoding="utf-8",
    )
    asked = controls()
    assert {name: control.required for name, control in asked.items()} == {"a": True, "b": False, "c": True, "d": False}
    assert (asked["a"].answers, asked["a"].several) == ({"x", "y"}, True)


def test_a_broken_interface_is_an_error(other_interface: Path) -> None:
    other_interface.write_text("<View>", encoding="utf-8")
    with pytest.raises(ElementTree.ParseError):
        controls()
