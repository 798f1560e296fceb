"""The interface asks what the code reads, shows what the tasks hold, and can be worked by keys that mean one thing each."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation import interface as module
from annotation.interface import ALIGNMENT, INTERFACE, PROJECT_SETTINGS, controls, interface
from annotation.render.guide import GUIDE
from annotation.render.styles import STYLES
from pipeline.subdomains import SUB_DOMAINS

ROOT = ElementTree.fromstring(INTERFACE.read_text(encoding="utf-8"))  # noqa: S314 - our own file
MARKS = {"leak", "evidence"}
# What Label Studio 1.23.2 does itself by key: its editor's keymap (keys of tools for pictures, sound and video too, since people may have
# such projects open as well), what its data manager adds, and each key on a Mac.
RESERVED = set(
    "u h o e m k w p r v b [ ] enter escape backspace delete left right up down space plus minus tab "
    "ctrl+enter ctrl+space ctrl+z ctrl+shift+z ctrl+backspace ctrl+h ctrl+d ctrl+b ctrl+p ctrl+plus ctrl+minus ctrl+left ctrl+right "
    "ctrl+up ctrl+down ctrl+shift+a ctrl+a ctrl+alt+space ctrl+alt+left ctrl+alt+right shift+ctrl+alt+left shift+ctrl+alt+right "
    "alt+enter alt+r alt+h alt+l alt+m alt+a alt+d alt+. alt+left alt+right shift+alt+left shift+alt+right "
    "shift+1 shift+2 shift+r shift+space shift+enter shift+left shift+right shift+up shift+down shift+.".split()
)


def parsed(reviews: bool = False, judge: bool = False) -> ElementTree.Element:
    return ElementTree.fromstring(interface(reviews=reviews, judge=judge))  # noqa: S314 - our own text


def shown(root: ElementTree.Element) -> set[str]:
    """The fields of a task that an interface shows."""
    return {value[1:] for element in root.iter() for value in element.attrib.values() if value.startswith("$")}


def keys() -> dict[tuple[str, str], str]:
    """The key of every answer of every control; that of a control without answers stands under its name alone."""
    found = {}
    for element in ROOT.iter():
        name = element.get("name", "")
        if element.tag == "Rating":
            found[name, ""] = element.get("hotkey", "")
        for answer in element:
            if answer.tag in ("Choice", "Label"):
                found[name, answer.get("value", "")] = answer.get("hotkey", "")
    return found


def jumps() -> set[str]:
    """The access keys that lead to a text area or to the diff."""
    return {
        f"alt+{key}"
        for element in ROOT.iter("HyperText")
        for key in re.findall('accesskey="(.*?)"', element.get("value", ""))
    }


@pytest.fixture
def other_interface(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "interface.xml"
    monkeypatch.setattr(module, "INTERFACE", path)
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
        "leak": "labels",
        "evidence": "hypertextlabels",
    }


def test_what_must_be_answered_is_known() -> None:
    assert {name for name, control in controls().items() if control.required} == {
        "alignment",
        "realism",
        "domain",
        "sub_domain",
        "verdict",
    }


def test_only_reasons_and_marks_may_be_several() -> None:
    assert {name for name, control in controls().items() if control.several} == {"reject_reason"} | MARKS


def test_the_answers_are_those_the_code_counts_on() -> None:
    asked = controls()
    assert asked["alignment"].answers == set(ALIGNMENT)
    assert asked["sub_domain"].answers == set(SUB_DOMAINS)
    assert asked["domain"].answers == {"vibe-coding", "research-workflow"}
    assert asked["verdict"].answers == {"accept", "edit", "reject"}
    assert asked["leak"].answers == {"leaks-solution", "not-in-pr", "unnatural"}
    assert asked["evidence"].answers == {"supports", "contradicts"}
    assert asked["notes"].answers == frozenset()


def test_the_rating_goes_from_1_to_5() -> None:
    assert [rating.get("maxRating") for rating in ROOT.iter("Rating")] == ["5"]


def test_alignment_grows_from_none_to_full() -> None:
    assert ALIGNMENT["none"] < ALIGNMENT["partial"] < ALIGNMENT["full"]


def test_what_belongs_to_a_verdict_is_asked_for_that_verdict_only() -> None:
    asked = {
        control.get("name"): (view.get("whenTagName"), view.get("whenChoiceValue"))
        for view in ROOT.iter("View")
        if view.get("visibleWhen") == "choice-selected"
        for control in view.iter()
        if control.get("name") in controls()
    }
    assert asked == {"edited_query": ("verdict", "edit"), "reject_reason": ("verdict", "reject")}


def test_every_question_is_about_the_query_and_evidence_about_the_diff() -> None:
    about = {element.get("name"): element.get("toName") for element in ROOT.iter() if element.get("toName")}
    assert about == {name: "diff" if name == "evidence" else "query" for name in controls()}


def test_every_question_says_what_is_missing() -> None:
    required = [element for element in ROOT.iter() if element.get("required") == "true"]
    assert len(required) == 7
    assert all(len(element.get("requiredMessage", "")) > 20 for element in required)


def test_no_name_stands_twice() -> None:
    names = [element.get("name") for element in ROOT.iter() if element.get("name")]
    assert len(names) == len(set(names))


def test_an_annotator_sees_the_pull_request_and_the_query_and_nobodys_opinion() -> None:
    assert shown(parsed()) == {"pr_ref", "title_html", "body_html", "diff_html", "query", "criteria_html"}


def test_what_others_said_is_shown_where_it_is_asked_for() -> None:
    assert shown(parsed(judge=True)) - shown(parsed()) == {"judge_html"}
    assert shown(parsed(reviews=True)) - shown(parsed()) == {"reviews_html"}
    assert shown(parsed(reviews=True, judge=True)) == shown(ROOT)


def test_every_variant_asks_the_same() -> None:
    names = {element.get("name") for element in parsed(reviews=True, judge=True).iter() if element.get("toName")}
    assert names == {element.get("name") for element in parsed().iter() if element.get("toName")} == set(controls())


def test_html_of_a_task_is_shown_by_hypertext_alone_and_the_query_as_text() -> None:
    tags = {element.get("value"): element.tag for element in ROOT.iter() if element.get("name") not in controls()}
    assert {tags[f"${name}"] for name in shown(ROOT) if name.endswith("_html")} == {"HyperText"}
    assert (tags["$query"], tags["$pr_ref"]) == ("Text", "Header")
    assert [element.get("valueType") for element in ROOT.iter() if element.get("valueType")] == []


def test_hypertext_stands_in_the_page_and_not_in_a_frame() -> None:
    assert {element.get("inline") for element in ROOT.iter("HyperText")} == {"true"}


def test_only_the_query_and_the_diff_can_be_marked() -> None:
    markable = {
        element.get("name")
        for tag in ("HyperText", "Text")
        for element in ROOT.iter(tag)
        if element.get("selectionEnabled") != "false"
    }
    assert markable == {"query", "diff"}


def test_the_style_of_what_is_rendered_is_part_of_it() -> None:
    (style,) = parsed().iter("Style")
    assert STYLES in (style.text or "")


def test_the_style_survives_label_studio_which_escapes_some_characters_and_fetches_nothing() -> None:
    (style,) = parsed().iter("Style")
    assert not re.search(r"[<>&$\\]|url\(|@import|//|expression|image", style.text or "")


def test_every_answer_has_a_key_of_its_own_that_label_studio_does_not_use() -> None:
    used = [*keys().values(), *jumps()]
    answers = sum(len(control.answers) for control in controls().values())
    assert len(keys()) == answers + 1  # the rating has one for all its stars
    assert "" not in used
    assert len(used) == len(set(used))
    assert set(used) & RESERVED == set()


def test_the_key_of_the_rating_stands_in_its_header() -> None:
    (header,) = [element.get("value", "") for element in ROOT.iter("Header") if "Realism" in element.get("value", "")]
    assert header.endswith(f"[{keys()['realism', '']}]")


def test_every_text_area_and_the_diff_can_be_reached_by_a_key() -> None:
    assert len(jumps()) == 3
    for element in ROOT.iter("HyperText"):
        if "accesskey" in element.get("value", ""):
            assert re.fullmatch(
                r'<span class="limi-jump" tabindex="-1" accesskey="[a-z]">Alt\+[A-Z], [a-zA-Z :]+</span>',
                element.get("value", ""),
            )


def test_the_guides_table_of_keys_is_the_interfaces() -> None:
    table = GUIDE.read_text(encoding="utf-8").partition("## Keys")[2].partition("\n## ")[0]
    rows = {
        row[0]: row[1]
        for line in table.split("\n")
        if len(row := [cell.strip() for cell in line.split("|")[1:-1]]) == 2
    }
    control_of = {
        "1. Alignment": "alignment",
        "3. Domain": "domain",
        "4. Sub-domain": "sub_domain",
        "5. Verdict": "verdict",
        "Why reject": "reject_reason",
        "Marks on the query": "leak",
        "Marks on the diff": "evidence",
    }
    told = {
        (control_of[what], answer): key
        for what in control_of
        for key, answer in re.findall(r"`([^`]+)` ([^·`]+?)(?: ·|$)", rows[what])
    }
    told["realism", ""] = rows["2. Realism"].split("`")[1]
    assert told == keys()
    assert jumps() == set(re.findall(r"`(alt\+[a-z])`[,;]", table))


def test_a_key_in_a_message_is_the_key_of_that_control() -> None:
    for element in ROOT.iter("Choices"):
        said = re.findall(r"(\S+) \((?:key )?([a-z0-9])\)", element.get("requiredMessage", ""))
        assert {(answer, key) for answer, key in said if (element.get("name"), answer) in keys()} <= {
            (answer, key) for (name, answer), key in keys().items() if name == element.get("name")
        }


def test_nobody_is_shown_predictions_or_may_submit_nothing() -> None:
    assert PROJECT_SETTINGS["show_collab_predictions"] is False
    assert PROJECT_SETTINGS["enable_empty_annotation"] is False
    assert PROJECT_SETTINGS["maximum_annotations"] == 1


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
