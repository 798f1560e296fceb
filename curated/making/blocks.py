"""The card as values: what it says, before it is Markdown or HTML. Both renderers get the same blocks.

There are four kinds of words, and each can stand only where it is harmless. A plain `str` is this project's own prose. `Mono` is a short
value (a repository, a licence, a number's name). `Quoted` is a text that somebody else wrote; it stands alone, in a fence. `Link` goes
to an address that this project wrote. No text of a pull request can be prose or an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mono:
    """A short value, shown as it is."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to an address of this project's choice."""

    words: str
    address: str


Part = str | Mono | Link
Words = tuple[Part, ...]


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 4."""

    level: int
    words: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    words: Words


@dataclass(frozen=True)
class Note:
    """Some sentences that no reader should miss."""

    words: Words


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Grid:
    """A table; every row has as many cells as there are heads. Cells from the second on that are numbers stand at the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True)
class Quoted:
    """A text by somebody else, whole, in a fence."""

    text: str


@dataclass(frozen=True)
class Program:
    """Commands or code of this project."""

    language: str
    text: str


Block = Heading | Paragraph | Note | Bullets | Grid | Quoted | Program


def say(*words: Part) -> Paragraph:
    """A paragraph."""
    return Paragraph(words)


def grid(heads: tuple[str, ...], rows: Sequence[Sequence[Part | Words | int]]) -> Grid:
    """A table whose cells may be single parts, several, or numbers."""
    return Grid(heads, tuple(tuple(_cell(cell) for cell in row) for row in rows))


def _cell(cell: Part | Words | int) -> Words:
    if isinstance(cell, tuple):
        return cell
    return (f"{cell:,}" if isinstance(cell, int) else cell,)
