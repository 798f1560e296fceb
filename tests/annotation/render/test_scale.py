"""Hostile texts of a megabyte take no more than seconds, and what comes out stays small."""

import time
from collections.abc import Callable

import pytest

from annotation.render.body import MOST_MARKDOWN, render_body
from annotation.render.diff import render_diff
from annotation.render.title import render_title
from tests.annotation.render.page import read

SIZE = 1_000_000
HOSTILE = {
    "brackets": "[",
    "pictures": "![",
    "nested brackets": "[" * 35_000 + "]" * 35_000,
    "stars": "*a _b ",
    "mixed stars": "*_",
    "backticks": " ".join("`" * length for length in range(1, 370)),
    "quotes": ">",
    "spaced quotes": "> ",
    "lists": "- ",
    "list items": "- a\n",
    "numbers": "1. ",
    "a list within each": "".join("  " * depth + "- a\n" for depth in range(260)),
    "table": "|a|b|\n|-|-|\n" + "|x|y|\n" * 11_000,
    "wide table": "|a" * 100 + "|\n" + "|-" * 100 + "|\n" + "|\n" * 60_000,
    "reference": "[a]: https://b.example\n\n" + "[a]" * 20_000,
    "entities": "&#1;&lt;",
    "tags": "<a <!-- ",
    "links": "[a](<b",
    "hidden": "a\u200b",
    "marks": "\u0301",
    "joiners": "\U0001f468\u200d",
    "line feeds": "\n",
    "returns": "\r",
    "tabs": "\t",
    "diffs": "diff --git a/ b/ b/ b/\n",
    "heads": "@@ -1,0 +1,0 @@ x\n",
    "renames": "rename to b\n",
    "names": " b/",
}


def seconds(render: Callable[[str], str], raw: str) -> float:
    start = time.process_time()
    html = render(raw)
    spent = time.process_time() - start
    assert len(html) < 8_000_000
    return spent


def repeated(piece: str, size: int) -> str:
    return (piece * (size // len(piece) + 1))[:size]


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_what_repeats_is_as_safe_as_anything(piece: str) -> None:
    raw = repeated(piece, 4_000)
    assert [read(render(raw)).problems for render in (render_body, render_title, render_diff)] == [[], [], []]


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_the_longest_body_that_is_read_as_markdown_takes_seconds(piece: str) -> None:
    assert seconds(render_body, repeated(piece, MOST_MARKDOWN)) < 6


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_takes_seconds(piece: str) -> None:
    raw = repeated(piece, SIZE)
    hunk = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n"
    assert seconds(render_body, raw) < 3
    assert seconds(render_title, raw) < 3
    assert seconds(render_diff, raw) < 6
    assert seconds(render_diff, f"diff --git a/{raw}") < 3
    assert seconds(render_diff, f"{hunk}-{raw}\n+{raw}") < 3


def test_marks_on_the_words_of_many_lines_take_seconds() -> None:
    old = "".join(f"-{'a b ' * 30}x{number}\n" for number in range(1_000))
    new = "".join(f"+{'b a ' * 30}y{number}\n" for number in range(1_000))
    assert seconds(render_diff, f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,1000 +1,1000 @@\n{old}{new}") < 8
