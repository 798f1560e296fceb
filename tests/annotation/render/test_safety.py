"""Nothing of a pull request can run or fetch anything in an annotator's browser, wherever it stands and however it is written."""

import html
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotation.render.body import render_body
from annotation.render.diff import render_diff
from annotation.render.markup import Html, element
from annotation.render.styles import STYLES
from annotation.render.title import render_title
from tests.annotation.render.page import read
from tests.annotation.render.payloads import HTML, MARKDOWN

PAYLOADS = HTML | MARKDOWN


def one_line(payload: str) -> str:
    return payload.replace("\n", " ")


def hunk(lines: str, name: str = "x") -> str:
    return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1,9 +1,9 @@\n{lines}\n"


FIELDS: dict[str, Callable[[str], str]] = {
    "body": render_body,
    "body in a list": lambda payload: render_body(f"- [x] {one_line(payload)}\n  1. {one_line(payload)}"),
    "body in a quote": lambda payload: render_body(f"> [!NOTE]\n> {one_line(payload)}"),
    "body in a table": lambda payload: render_body(f"|a|{one_line(payload)}|\n|-|-|\n|{one_line(payload)}|b|"),
    "body in code": lambda payload: render_body(
        f"```{one_line(payload)}\n{payload}\n```\n    {payload}\n\n`{payload}`"
    ),
    "body in a heading": lambda payload: render_body(f"# {one_line(payload)}\n\n{one_line(payload)}\n==="),
    "body in a link's text": lambda payload: render_body(f"[{payload}](https://a.example)"),
    "body in a link's address": lambda payload: render_body(
        f"[a](<{one_line(payload)}> 'b') [c][d]\n\n[d]: <{one_line(payload)}>"
    ),
    "body in a link's host": lambda payload: render_body(f"[a](https://{payload.replace(' ', '')}/)"),
    "body in a picture": lambda payload: render_body(f"![{payload}](<{one_line(payload)}> 'b')"),
    "body too long": lambda payload: render_body(payload + " x" * 40_000),
    "title": render_title,
    "title in code": lambda payload: render_title(f"a `{payload}` b"),
    "added line": lambda payload: render_diff(hunk(f"+{one_line(payload)}")),
    "removed line": lambda payload: render_diff(hunk(f"-{one_line(payload)}")),
    "changed words": lambda payload: render_diff(
        hunk(f"-a long line before {one_line(payload)}\n+a long line after {one_line(payload)}")
    ),
    "context": lambda payload: render_diff(hunk(f" {one_line(payload)}")),
    "name of a file": lambda payload: render_diff(hunk("+a", one_line(payload))),
    "old name of a file": lambda payload: render_diff(
        f"diff --git a/x b/y\nsimilarity index 90%\nrename from {one_line(payload)}\nrename to {one_line(payload)}\n"
    ),
    "name of a binary file": lambda payload: render_diff(
        f"diff --git a/{payload} b/{payload}\nBinary files {payload} differ\n"
    ),
    "mode of a file": lambda payload: render_diff(f"diff --git a/x b/x\nold mode {payload}\nnew mode {payload}\n"),
    "heading of a piece": lambda payload: render_diff(hunk("+a").replace("9 @@", f"9 @@ {one_line(payload)}")),
    "line outside": lambda payload: render_diff(hunk("+a") + payload),
    "no diff at all": render_diff,
}


def letters(raw: str) -> str:
    return "".join(filter(str.isalnum, raw))


def careless(payload: str) -> str:
    """Two renderers that believe what they get: one passes it on, the other reads its Markdown."""
    parser = MarkdownIt("gfm-like2", {"html": True, "linkify": False})
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return f'<div class="limi-body">{payload if payload in HTML.values() else parser.render(payload)}</div>'


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_runs_or_is_fetched(field: str, payload: str) -> None:
    page = read(FIELDS[field](PAYLOADS[payload]))
    assert page.problems == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_renderer_that_passes_html_on_is_found(payload: str) -> None:
    assert read(careless(PAYLOADS[payload])).problems


@pytest.mark.parametrize(
    "field", ["added line", "removed line", "context", "heading of a piece", "no diff at all", "title"]
)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_is_kept_as_it_was_written(field: str, payload: str) -> None:
    raw = PAYLOADS[payload] if field == "no diff at all" else one_line(PAYLOADS[payload])
    for hidden, seen in (("\0", "␀"), ("\ud800", "U+D800"), ("\udfff", "U+DFFF")):
        raw = raw.replace(hidden, seen)
    shown = read(FIELDS[field](PAYLOADS[payload])).text
    if field == "title":  # the marks of code are drawn, not written
        raw, shown = letters(raw), letters(shown)
    assert [line for line in raw.split("\n") if line not in shown] == []


@pytest.mark.parametrize("payload", HTML)
def test_text_of_a_body_is_kept(payload: str) -> None:
    raw = HTML[payload].replace("\ud800", "U+D800").replace("\udfff", "U+DFFF").replace("\0", "")
    assert letters(html.unescape(raw)) in letters(read(render_body(HTML[payload])).text)


@given(st.text(st.characters(codec=None), max_size=300) | st.text("<>&\"'`[]()!*_~|-+=\\/\n\t #$@:x1>", max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_at_all_gets_through(raw: str) -> None:
    for field in ("body", "body in a link's address", "title", "no diff at all", "line outside"):
        assert read(FIELDS[field](raw)).problems == []


@pytest.mark.parametrize(
    ("tag", "attributes"), [("a", {"href": "/"}), ("img", {"src": "/"}), ("script", {}), ("p", {"style": ""})]
)
def test_what_is_not_allowed_cannot_be_written(tag: str, attributes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="annotators are shown no"):
        element(tag, Html("x"), **attributes)


def test_the_style_fetches_nothing_and_fits_into_the_interface() -> None:
    assert not any(
        word in STYLES.lower()
        for word in ("url(", "@import", "//", "expression", "image(", "image-set", "src", "<", "&", "$", "\\")
    )
