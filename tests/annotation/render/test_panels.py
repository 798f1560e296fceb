"""The panels beside the questions show criteria, scores and reviews whole, and nothing in them runs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from annotation.render.panels import MOST_CHARACTERS, MOST_ITEMS, render_criteria, render_judge, render_reviews
from tests.annotation.render.page import Page, read
from tests.annotation.render.payloads import HTML, MARKDOWN

PAYLOADS = HTML | MARKDOWN
PANELS = {"limi-criteria", "limi-judge", "limi-reviews", "review"}


def review(**fields: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"annotator": "ada", "verdict": "edit", "answers": {"alignment": "full", "realism": 4}}
    known |= {"reject_reasons": ("too vague",), "marks": ["unnatural: “so”"], "edited_query": "Do it.", "notes": "x"}
    return known | fields


FIELDS: dict[str, Callable[[str], str]] = {
    "criterion": lambda payload: render_criteria([payload, "b", payload]),
    "criterion too long": lambda payload: render_criteria(["x" * (MOST_CHARACTERS - len(payload) // 2) + payload]),
    "judge's verdict": lambda payload: render_judge(payload, {"fidelity": 3.0}),
    "judge's score": lambda payload: render_judge("accept", {payload: 3.0}),
    "reason": lambda payload: render_reviews([review()], [payload, payload]),
    "annotator": lambda payload: render_reviews([review(annotator=payload)], ["x"]),
    "verdict": lambda payload: render_reviews([review(verdict=payload)], ["x"]),
    "answer": lambda payload: render_reviews([review(answers={payload: payload})], ["x"]),
    "reject reason": lambda payload: render_reviews([review(reject_reasons=(payload,))], ["x"]),
    "mark": lambda payload: render_reviews([review(marks=[payload])], ["x"]),
    "edited query": lambda payload: render_reviews([review(edited_query=payload)], ["x"]),
    "notes": lambda payload: render_reviews([review(notes=payload)], ["x"]),
    "everything": lambda payload: render_reviews(
        [review(annotator=payload, marks=[payload] * 3, edited_query=payload, notes=payload)] * 2, [payload]
    ),
}


def parsed(html: str) -> Page:
    """The page, with the panels' own classes allowed."""
    page = read(html)
    ours = {f"the attribute class={name!r}" for name in PANELS}
    page.problems = [problem for problem in page.problems if problem not in ours]
    return page


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_runs_or_is_fetched(field: str, payload: str) -> None:
    assert parsed(FIELDS[field](PAYLOADS[payload])).problems == []


@pytest.mark.parametrize("field", [field for field in FIELDS if "too long" not in field])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_is_kept_as_it_was_written(field: str, payload: str) -> None:
    raw = PAYLOADS[payload]
    shown = parsed(FIELDS[field](raw)).text
    for hidden, seen in (("\0", "␀"), ("\ud800", "U+D800"), ("\udfff", "U+DFFF")):
        raw = raw.replace(hidden, seen)
    assert raw in shown


@pytest.mark.parametrize("field", FIELDS)
def test_a_class_of_a_stranger_is_still_found(field: str) -> None:
    html = FIELDS[field]("x").replace('class="limi-', 'class="evil-')
    assert parsed(html).problems


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\x1b", "\U000e0041"])
def test_hidden_and_turning_characters_are_shown_by_their_number(hidden: str) -> None:
    for field, rendered in FIELDS.items():
        assert hidden not in rendered(f"a{hidden}b"), field


def test_criteria_are_a_list_in_their_order() -> None:
    page = parsed(render_criteria(["It works.", "It is tested."]))
    assert [element.text for element in page.elements if element.tag == "li"] == ["It works.", "It is tested."]
    assert page.elements[0].kind == "limi-criteria"


def test_no_criterion_is_said() -> None:
    assert parsed(render_criteria([])).text == "(no criteria)"


def test_the_judge_is_shown_with_the_scores_it_gave() -> None:
    page = parsed(render_judge("accept", {"fidelity": 5.0, "realism": 3.5, "leakage": None}))
    assert page.text == "accept · fidelity 5 of 5 · realism 3.5 of 5"
    assert page.elements[0].kind == "limi-judge"
    assert parsed(render_judge("rewrite", {"fidelity": None})).text == "rewrite"


def test_reviews_begin_with_why_they_are_there() -> None:
    page = parsed(render_reviews([], ["1 of 2 reject it", "nobody agrees"]))
    assert page.text == "Why this is here: 1 of 2 reject it; nobody agrees"
    assert page.elements[0].kind == "limi-reviews"


def test_each_review_stands_by_itself_with_all_it_says() -> None:
    other = review(annotator="bo", verdict="reject", marks=[], edited_query="", notes="dull", reject_reasons=())
    page = parsed(render_reviews([review(), other], ["x"]))
    first, second = page.of_kind("review")
    assert first.text == "ada: edit · alignment full · realism 4too vagueunnatural: “so”Do it.x"
    assert second.text == "bo: reject · alignment full · realism 4dull"


def test_an_edited_text_stands_apart_and_what_is_not_said_has_no_place() -> None:
    quotes = [
        element.text for element in parsed(render_reviews([review()], [])).elements if element.tag == "blockquote"
    ]
    assert quotes == ["Do it."]
    silent = review(marks=[], reject_reasons=(), edited_query="", notes="")
    tags = {element.tag for element in parsed(render_reviews([silent], ["x"])).elements}
    assert not tags & {"blockquote", "ul", "li"}


def items(page: Page) -> list[str]:
    return [element.text for element in page.elements if element.tag == "li"]


def test_of_a_long_list_the_rest_is_counted() -> None:
    whole = [f"{number}." for number in range(MOST_ITEMS)]
    assert items(parsed(render_criteria(whole))) == whole
    assert items(parsed(render_criteria([*whole, "one"]))) == [*whole, "… 1 more"]
    assert items(parsed(render_criteria([*whole, "one", "two"]))) == [*whole, "… 2 more"]
    many = parsed(render_reviews([review(marks=["x"] * 5_000, reject_reasons=())], ["x"]))
    assert (len(items(many)), items(many)[-1]) == (MOST_ITEMS + 1, f"… {5_000 - MOST_ITEMS:,} more")


def test_a_text_of_the_most_characters_is_shown_whole() -> None:
    most = "x" * MOST_CHARACTERS
    assert items(parsed(render_criteria([most]))) == [most]
    shown = parsed(render_reviews([review(edited_query=most, notes=most)], ["x"]))
    assert shown.text.count("x" * MOST_CHARACTERS) == 2


def test_a_longer_text_is_cut_and_says_so() -> None:
    longer = "x" * (MOST_CHARACTERS + 1_234)
    cut = "x" * MOST_CHARACTERS + " … 1,234 characters more"
    assert items(parsed(render_criteria([longer]))) == [cut]
    assert parsed(render_reviews([review(edited_query=longer, notes=longer)], ["x"])).text.count(cut) == 2
    assert [element.text for element in parsed(render_criteria([longer])).of_kind("note")] == [
        " … 1,234 characters more"
    ]


def test_what_an_annotator_notes_does_not_look_like_a_remark_of_ours() -> None:
    assert parsed(render_reviews([review(notes="… 3 more")], ["x"])).of_kind("note") == []


def test_long_texts_stay_short_on_the_screen_and_take_no_time() -> None:
    long, started = "<b>\u202e" * 250_000, time.perf_counter()
    panels = [render_criteria([long] * 1_000)]
    panels += [render_reviews([review(edited_query=long, notes=long, marks=[long] * 1_000, reject_reasons=())], ["x"])]
    assert max(map(len, panels)) < 60 * MOST_CHARACTERS * MOST_ITEMS
    assert time.perf_counter() - started < 5
