"""Say by title and description whether a pull request reverts, backports, merges a branch back or moves a version, by `titles.toml`."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from pipeline.rule_table import check_names, read_rules, refuse, texts

TABLE = Path(__file__).with_name("titles.toml")
KINDS = ("revert", "backport", "branch_merge", "version_bump")
_TOGETHER = 5  # patterns in one expression; Rust reads one that grows too large fifteen times slower
_TITLE_READ = 500  # characters; GitHub allows 256, a commit subject anything
# What Rust does not read, or otherwise than a reader of Python's patterns expects: look-around, flags, Unicode's digits and words.
_READ_OTHERWISE = re.compile(r"\(\?|\\[1-9dDwWSAzZBpPG]")

_REVERTS = r"(?i)^((?:reverts?:? [\"'“]){2,9})"


@dataclass(frozen=True)
class Patterns:
    """The patterns of one kind, as text that Rust reads. An empty text stands for no pattern."""

    title: tuple[str, ...]
    body: tuple[str, ...]

    def spoken(self, title: pl.Expr, body: pl.Expr) -> pl.Expr:
        """Whether one of them is found in the title or the description of each row; a null text holds nothing."""
        found = [
            text.fill_null("").str.contains(pattern)
            for patterns, text in ((self.title, title.str.slice(0, _TITLE_READ)), (self.body, body))
            for pattern in patterns
        ]
        return pl.any_horizontal(found)


def told_kind_of(title: pl.Expr, body: pl.Expr, last: str = "") -> pl.Expr:
    """Which of KINDS the title or the description of every row speaks of, the first in the table's order; empty if of none.

    Kinds behind `last` are not looked for; without one, all are.
    """
    # The revert of a revert lands the change again.
    landed_again = title.fill_null("").str.extract(_REVERTS, 1).str.count_matches("(?i)revert") % 2 == 0
    return pl.coalesce(
        pl.when(landed_again).then(pl.lit("")),
        *(pl.when(patterns.spoken(title, body)).then(pl.lit(kind)) for kind, patterns in _up_to(last)),
        pl.lit(""),
    )


@cache
def table() -> dict[str, Patterns]:
    """`kind -> Patterns`, the first to speak first. Raises ValueError on a table that is not as its head says."""
    data = read_rules(TABLE, ("order", *KINDS))
    order = texts(TABLE, "order", data["order"])
    check_names(TABLE, "order", order, KINDS)
    return {kind: _patterns(kind, data[kind]) for kind in order}


def _patterns(kind: str, entry: dict[str, list[str]]) -> Patterns:
    check_names(TABLE, f"the parts of {kind}", entry, ("title", "body"))
    for part in ("title", "body"):
        for pattern in texts(TABLE, f"{part} of {kind}", entry[part]):
            if _READ_OTHERWISE.search(pattern):
                refuse(TABLE, f"{kind} has {pattern!r}, which Rust and its reader would not read alike")
            try:
                pl.Series([""]).str.contains(pattern)
            except pl.exceptions.ComputeError:
                refuse(TABLE, f"{kind} has {pattern!r}, which is no regular expression")
    return Patterns(_joined(entry["title"]), _joined(entry["body"]))


def _joined(patterns: list[str]) -> tuple[str, ...]:
    """A few patterns in each expression."""
    return tuple(f"(?i){'|'.join(patterns[start : start + _TOGETHER])}" for start in range(0, len(patterns), _TOGETHER))


def _up_to(last: str) -> list[tuple[str, Patterns]]:
    """The kinds that come before one, and itself; all of them without one."""
    kinds = list(table())
    return [(kind, table()[kind]) for kind in (kinds[: kinds.index(last) + 1] if last else kinds)]
