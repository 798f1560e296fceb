"""Say by title and description whether a pull request reverts, backports, merges a branch back or moves a version, by `titles.toml`.

There are two forms that say the same: `told_kind` for one pull request, and `told_kind_of` for columns of millions of them.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

TABLE = Path(__file__).with_name("titles.toml")
KINDS = ("revert", "backport", "branch_merge", "version_bump")
_TITLE_READ = 500  # characters; GitHub allows 256, a commit subject anything
# What the two engines read otherwise: look-around, back-references, named groups and flags; Unicode's digits and words.
_READ_OTHERWISE = re.compile(r"\(\?|\\[1-9dDwWSAzZBpPG]")


@dataclass(frozen=True)
class Patterns:
    """The patterns of one kind, as text that Rust reads, and as Python reads them. An empty text stands for no pattern."""

    title: str
    body: str

    def speak(self, title: str, body: str) -> bool:
        """Whether one of them is found in the title or the description."""
        texts = ((self.title, title[:_TITLE_READ]), (self.body, body))
        return any(bool(pattern and _compiled(pattern).search(text)) for pattern, text in texts)

    def spoken(self, title: pl.Expr, body: pl.Expr) -> pl.Expr:
        """`speak` of every row of two text columns; a null text holds nothing."""
        found = [
            text.fill_null("").str.contains(pattern)
            for pattern, text in ((self.title, title.str.slice(0, _TITLE_READ)), (self.body, body))
            if pattern
        ]
        return pl.any_horizontal(found)


def told_kind(title: str, body: str) -> str:
    """One of KINDS, or empty where neither title nor description speaks of one."""
    return next((kind for kind, patterns in table().items() if patterns.speak(title, body)), "")


def told_kind_of(title: pl.Expr, body: pl.Expr) -> pl.Expr:
    """`told_kind` of every row of two text columns."""
    return pl.coalesce(
        *(pl.when(patterns.spoken(title, body)).then(pl.lit(kind)) for kind, patterns in table().items()), pl.lit("")
    )


@cache
def table() -> dict[str, Patterns]:
    """`kind -> Patterns`, the first to speak first. Raises ValueError on a table that is not as its head says."""
    data = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    order = data.pop("order", [])
    if sorted(order) != sorted(KINDS) or sorted(data) != sorted(KINDS):
        raise ValueError(f"{TABLE.name}: order and tables must each name {', '.join(KINDS)}")
    return {kind: _patterns(kind, data[kind]) for kind in order}


def _patterns(kind: str, entry: dict[str, list[str]]) -> Patterns:
    if set(entry) != {"title", "body"}:
        raise ValueError(f"{TABLE.name}: {kind} must have title and body, not {', '.join(sorted(entry))}")
    for pattern in (*entry["title"], *entry["body"]):
        if _READ_OTHERWISE.search(pattern) or not pattern:
            raise ValueError(f"{TABLE.name}: {kind} has {pattern!r}, which Rust and Python would not read alike")
    title, body = (f"(?i){'|'.join(entry[part])}" if entry[part] else "" for part in ("title", "body"))
    return Patterns(title, body)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Rust's `$` is the end of the text; Python's would also stand before a last newline.
    return re.compile(pattern.replace("$", r"\Z"), re.ASCII)
