"""The texts of a query by column, and the same texts without secrets and personal data: what findings may quote."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.masking.found import Kind
from pipeline.masking.mask import KINDS, mask
from pipeline.masking.placeholders import PLACEHOLDER
from pipeline.real_world import RealWorldQuery

STAND_IN = "masked"  # one word for one value, so that words are counted as they were


@dataclass(frozen=True)
class Texts:
    """Columns with their texts: as they are, with placeholders for values of the wanted kinds, and with no value of any kind.

    A finding quotes `quotable` alone.
    """

    columns: tuple[str, ...]
    given: tuple[str, ...]
    masked: tuple[str, ...]
    quotable: tuple[str, ...]


def texts_of(query: RealWorldQuery, kinds: Sequence[Kind]) -> Texts:
    """The texts of the columns query, success_criteria.0 and on, contributor_role, source and licence."""
    columns = (
        ("query", query.query),
        *((f"success_criteria.{at}", text) for at, text in enumerate(query.success_criteria)),
        ("contributor_role", query.contributor_role),
        ("source", query.source),
        ("licence", query.licence),
    )
    given = tuple(text for _, text in columns)
    masked = mask("", "", "", kinds, given).others
    unnamed = masked if set(kinds) == set(KINDS) else mask("", "", "", KINDS, given).others
    own = {found[0] for text in given for found in PLACEHOLDER.finditer(text)}
    quotable = tuple(PLACEHOLDER.sub(lambda found: found[0] if found[0] in own else STAND_IN, text) for text in unnamed)
    return Texts(tuple(name for name, _ in columns), given, masked, quotable)


def quoted(text: str, start: int, end: int, around: int = 40) -> str:
    """What stands around a place of a text, in one printable line, cut at whole words where there are some."""
    before, behind = text[max(0, start - around) : start], text[end : end + around]
    if start > around:
        before = "…" + before.partition(" ")[2]
    if end + around < len(text):
        behind = behind.rpartition(" ")[0] + "…"
    whole = f"{before}{text[start:end]}{behind}"
    return " ".join("".join(letter if letter.isprintable() else " " for letter in whole).split())


def place_of(text: str, at: int) -> tuple[int, int]:
    """Line and character of an offset, both from 1."""
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
