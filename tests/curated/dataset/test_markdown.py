"""Prose, values and quotes, each in the one form in which it is harmless."""

import time

import pytest

from curated.making.blocks import Bullets, Link, Mono, Note, Paragraph, Quoted, grid, say
from curated.making.markdown import fenced, markdown
from tests.curated.dataset.reading import dangers, tokens


@pytest.mark.parametrize(
    "text", ["a *b* _c_ `d`", "<b>", "[x](y)", "a | b", "# x", "&amp;", "~~x~~", "$x$", "!x", "a^b"]
)
def test_prose_is_no_markup(text: str) -> None:
    made = markdown([say(text)])
    assert [token.content for token in tokens(made) if token.type == "text"] and dangers(made) == []
    assert "".join(token.content for token in tokens(made) if token.type in ("text", "text_special")) == text


@pytest.mark.parametrize("text", ["1. x", "- x", "+ x", "> x", "    x", "===", "12) x"])
def test_prose_at_the_start_of_a_line_is_a_paragraph(text: str) -> None:
    assert tokens(markdown([say(text)]))[0].type == "paragraph_open"


@pytest.mark.parametrize("text", ["see https://x.example", "at www.x.example", "ask @ada", "MAILTO:x", "a@b.example"])
def test_prose_that_would_become_a_link_is_refused(text: str) -> None:
    for block in (say(text), Note((text,)), Bullets(((text,),)), grid((text,), []), grid(("a",), [(text,)])):
        with pytest.raises(ValueError, match="a renderer makes a link of"):
            markdown([block])


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://x.example", "https://x.example/(a)", "//x", "", "a b"]
)
def test_an_address_that_the_project_would_not_write_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        markdown([Paragraph((Link("x", address),))])


@pytest.mark.parametrize("text", ["`", "a`b``c", "a|b", "\\", "a\\|b", "\n# x\n", "  ", "x" * 900])
def test_a_value_stays_in_its_cell(text: str) -> None:
    made = markdown([grid(("a", "b"), [(Mono(text), 1)])])
    found = tokens(made)
    assert sum(token.type == "td_open" for token in found) == 2
    assert sum(token.type == "code_inline" for token in found) == (0 if not text.strip() else 1)
    assert len(made.splitlines()) == 3


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="has 1 cells"):
        markdown([grid(("a", "b"), [(1,)])])


def test_numbers_stand_at_the_right() -> None:
    assert "| --- | ---: |" in markdown([grid(("a", "b"), [("x", 1000)])])
    assert "| x | 1,000 |" in markdown([grid(("a", "b"), [("x", 1000)])])


@pytest.mark.parametrize("text", ["```", "a\n````\nb", "`" * 50, "~~~", "", "\n\n", "````text"])
def test_nothing_closes_a_fence(text: str) -> None:
    found = tokens(f"{fenced(text)}\n\nafter")
    assert [token.type for token in found][:2] == ["fence", "paragraph_open"]
    assert found[0].content == f"{text}\n"


def test_hidden_characters_show_and_joined_emoji_stay() -> None:
    assert fenced("a\u202eb\x1b[31m\rc\ud800") == "```text\na\ufffdb\ufffd[31m\ufffdc\ufffd\n```"
    assert "👩\u200d🚀" in fenced("👩\u200d🚀")


def test_a_megabyte_takes_no_time() -> None:
    for text in ("`" * 1_000_000, "@" * 1_000_000, "a" * 1_000_000, "\\|" * 500_000, "\u202e" * 1_000_000):
        began = time.perf_counter()
        markdown([Quoted(text), say(Mono(text))])
        assert time.perf_counter() - began < 3
