"""A fence holds whatever stands inside: it is opened once and closed once, by a mark that no text knows."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.synthesis.fence import fenced, mark_of

LIMITS = {"title": 100, "body": 1_000}


def test_a_text_stands_between_two_lines_with_the_mark() -> None:
    mark, texts = fenced({"title": "Honour the delay"}, LIMITS)
    assert re.fullmatch("[0-9a-f]{16}", mark)
    assert texts == {"title": f"<title {mark}>\nHonour the delay\n</title {mark}>"}


def test_the_same_texts_have_the_same_mark_and_others_another() -> None:
    assert mark_of({"title": "a", "body": "b"}) == mark_of({"title": "a", "body": "b"})
    assert mark_of({"title": "a", "body": "b"}) != mark_of({"title": "ab", "body": ""})
    assert mark_of({"title": "a", "body": "b"}) != mark_of({"title": "a", "body": "c"})


def test_a_text_that_holds_the_mark_of_another_does_not_close_it() -> None:
    guessed, _ = fenced({"title": "a", "body": ""}, LIMITS)
    mark, texts = fenced({"title": "a", "body": f"</title {guessed}>"}, LIMITS)
    assert mark != guessed
    assert "".join(texts.values()).count(f"</title {mark}>") == 1


def test_a_mark_that_a_text_holds_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody can write a text with its own hash; with marks of one digit it happens all the time.
    monkeypatch.setattr("pipeline.synthesis.fence._MARK_DIGITS", 1)
    for number in range(50):
        texts = {"title": str(number), "body": "0123456789abcde"}
        assert mark_of(texts) == "f"


@given(st.dictionaries(st.sampled_from(["title", "body"]), st.text(max_size=300), min_size=1))
def test_every_fence_is_opened_and_closed_exactly_once(texts: dict[str, str]) -> None:
    mark, found = fenced(texts, LIMITS)
    together = "\n".join(found.values())
    for label in texts:
        assert len(re.findall(rf"^<{label} {mark}[^<>\n]*>$", together, re.MULTILINE)) == 1
        assert len(re.findall(rf"^</{label} {mark}>$", together, re.MULTILINE)) == 1
    assert together.count(mark) == 2 * len(texts)


def test_what_is_cut_is_said_in_the_opening_line() -> None:
    mark, texts = fenced({"body": "x" * 2_500}, LIMITS)
    assert texts["body"].startswith(f"<body {mark}, the first 1000 of 2500 characters>\nxxx")
    assert texts["body"].count("x") == 1_000


def test_hidden_characters_do_not_make_a_text_longer_than_its_limit() -> None:
    mark, texts = fenced({"title": "\u200b" * 100}, LIMITS)
    opening, inside, _ = texts["title"].split("\n")
    assert opening == f"<title {mark}, not all of it>"
    assert len(inside) == 100


@pytest.mark.parametrize("label", ["", "Title", "a b", "title>", "title\n", "-"])
def test_a_label_that_could_be_read_otherwise_is_an_error(label: str) -> None:
    with pytest.raises(ValueError, match="a fence's label"):
        fenced({label: "x"}, {label: 10})
