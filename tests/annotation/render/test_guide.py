"""The annotators' guide is shown whole, in lines as long as the window, and names every answer that can be given."""

import pytest

from annotation.interface import controls
from annotation.render.body import render_body
from annotation.render.guide import GUIDE, guide_html
from tests.annotation.render.page import read
from tests.annotation.render.payloads import HTML, MARKDOWN

PAYLOADS = HTML | MARKDOWN


def letters(raw: str) -> str:
    return "".join(filter(str.isalnum, raw))


def test_the_guide_is_whole_and_safe() -> None:
    page = read(guide_html())
    assert page.problems == []
    assert letters(page.text) == letters(GUIDE.read_text(encoding="utf-8"))


def test_the_guide_has_no_line_ends_which_label_studio_would_show() -> None:
    assert "\n" not in guide_html()
    assert "<br>" not in guide_html()


@pytest.mark.parametrize("name", sorted(controls()))
def test_the_guide_explains_every_answer(name: str) -> None:
    explained = GUIDE.read_text(encoding="utf-8").partition("## Three examples")[0].lower()
    for answer in controls()[name].answers:
        said = answer.removesuffix("s") if name == "evidence" else answer
        assert f"*{said}*" in explained, answer


def test_lines_of_a_wrapped_text_are_joined_and_those_of_a_body_are_kept() -> None:
    assert render_body("one\ntwo **three\nfour**", wrapped=True) == (
        '<div class="limi-body"><p>one two <strong>three four</strong></p></div>'
    )
    assert render_body("one\ntwo") == '<div class="limi-body"><p>one<br>two</p></div>'


def test_a_line_end_that_was_asked_for_stays() -> None:
    assert render_body("one  \ntwo", wrapped=True) == '<div class="limi-body"><p>one<br>two</p></div>'


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_wrapped_text_runs_nothing_either(payload: str) -> None:
    assert read(render_body(f"a\n{PAYLOADS[payload]}\nb", wrapped=True)).problems == []
