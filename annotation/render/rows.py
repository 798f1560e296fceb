"""The lines of a hunk as rows of a table: a number for each side, a colour, and marks on the words that changed."""

from collections.abc import Iterator
from typing import NamedTuple

from annotation.render.markup import Html, element, joined, note, text
from annotation.render.words import Piece, word_changes
from pipeline.hunks import Hunk

MOST_LINE = 2_000  # characters shown of a line
_KINDS = {"+": "added", "-": "removed", " ": "context"}


class Row(NamedTuple):
    """One line of a diff: its kind (added, removed, context), its number in the old and in the new file where it has one, and its look."""

    kind: str
    old: int | None
    new: int | None
    code: Html


def hunk_rows(hunk: Hunk, moved: int) -> Iterator[Row]:
    """The rows of a hunk, whose new file has `moved` lines more than the old one before it."""
    old = first_line(hunk)
    new = old + moved
    for line, pieces in _with_changes(hunk.lines):
        kind = _KINDS[line[0]]
        code = joined([text(line[0]), _code(pieces, max(0, len(line) - 1 - MOST_LINE))])
        yield Row(kind, None if kind == "added" else old, None if kind == "removed" else new, code)
        old += kind != "added"
        new += kind != "removed"


def first_line(hunk: Hunk) -> int:
    """The old file's line at which a hunk begins. Where git shows no line of the old file, it names the one before."""
    return hunk.old_start + (all(line[0] == "+" for line in hunk.lines))


def growth(hunk: Hunk) -> int:
    """How many lines more the new file has after a hunk than before it."""
    return sum((line[0] == "+") - (line[0] == "-") for line in hunk.lines)


def head_row(hunk: Hunk, moved: int) -> Html:
    """The row above a hunk, as git writes it."""
    before, after = (sum(line[0] != sign for line in hunk.lines) for sign in "+-")
    start = first_line(hunk) + moved - (after == 0)
    said = f"@@ -{hunk.old_start},{before} +{start},{after} @@ {hunk.heading}"
    parts = [text(said[:MOST_LINE])]
    if not hunk.exact:
        parts.append(
            note(" This piece is not as its head says: numbers may be wrong, and lines without a sign are left out.")
        )
    return _row("hunk", None, None, joined(parts))


def line_row(row: Row) -> Html:
    """The row of a line. Its numbers are attributes that the style shows, so that what an annotator marks is code alone."""
    return _row(row.kind, row.old, row.new, row.code)


def _row(kind: str, old: int | None, new: int | None, code: Html) -> Html:
    numbers = [
        element("td", class_="number") if number is None else element("td", class_="number", data_line=number)
        for number in (old, new)
    ]
    return element("tr", *numbers, element("td", code, class_="code"), class_=kind)


def _with_changes(lines: tuple[str, ...]) -> Iterator[tuple[str, list[Piece]]]:
    """Each line with the pieces of its text: a run of removed lines is held against the added lines after it, one by one."""
    at = 0
    while at < len(lines):
        removed = _run(lines, at, "-")
        added = _run(lines, at + len(removed), "+")
        if not removed:
            yield lines[at], [Piece(_start(lines[at]), changed=False)]
            at += 1
            continue
        pairs = [word_changes(_start(old), _start(new)) for old, new in zip(removed, added, strict=False)]
        for side, run in enumerate((removed, added)):
            for place, line in enumerate(run):
                yield line, pairs[place][side] if place < len(pairs) else [Piece(_start(line), changed=False)]
        at += len(removed) + len(added)


def _start(line: str) -> str:
    """What is shown of a line after its sign."""
    return line[1 : MOST_LINE + 1]


def _run(lines: tuple[str, ...], start: int, sign: str) -> tuple[str, ...]:
    end = start
    while end < len(lines) and lines[end][0] == sign:
        end += 1
    return lines[start:end]


def _code(pieces: list[Piece], left_out: int) -> Html:
    parts: list[Html] = []
    for at, piece in enumerate(pieces):
        ends_line = at == len(pieces) - 1 and not left_out
        end = len(piece.text.rstrip(" \t")) if ends_line else len(piece.text)
        look = joined([_with_tabs(piece.text[:end])] + ([_trailing(piece.text[end:])] if piece.text[end:] else []))
        parts.append(element("mark", look) if piece.changed else look)
    if left_out:
        parts.append(note(f" … {left_out:,} more characters"))
    return joined(parts)


def _with_tabs(raw: str) -> Html:
    pieces = [text(piece) for piece in raw.split("\t")]
    return Html(element("span", Html("\t"), class_="tab").join(pieces))


def _trailing(blanks: str) -> Html:
    return element("span", _with_tabs(blanks), class_="blank")
