"""What the pool is chosen from: each candidate with the attributes that quotas count and the marks that say what it is worth.

Marks are whole thousandths, so that sums are exact: a difference below 0.0005 is none. Higher is better for all but leakage.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.real_world import RealWorldQuery
from pipeline.synthesis.likeness import repeats

# What a mark adds to the worth of a pool: 1 where more is better, -1 where less is.
MARKS = {"agreement": 1, "domain_fit": 1, "alignment": 1, "leakage": -1, "realism": 1}
ATTRIBUTES = ("origin", "domain", "sub_domain", "language", "repository", "text")
THOUSANDTHS = 1000


@dataclass(frozen=True)
class Candidate:
    """One query that may go into the pool.

    `attributes` maps names of ATTRIBUTES to values; an empty or missing one belongs to no group. `marks` maps names of MARKS to
    thousandths; a missing one counts as 0.
    """

    id: str
    attributes: Mapping[str, str]
    marks: Mapping[str, int]


def thousandths(value: float) -> int:
    """A share or score as whole thousandths, halves to the even one. Raises UserError for a value that is no number."""
    if value != value or abs(value) > 1_000_000:
        raise UserError(f"{value} is no mark: a mark is a number of a million at most")
    return round(value * THOUSANDTHS)


def from_reviews(rows: Iterable[Mapping[str, Any]], languages: Mapping[str, str]) -> list[Candidate]:
    """The accepted queries among REVIEWED rows; `languages` gives that of a pull request by its `pr_id`."""
    return [
        Candidate(
            row["query_id"],
            {
                "origin": "github_pr",
                "domain": row["reviewed_domain"],
                "sub_domain": row["reviewed_sub_domain"],
                "language": languages.get(row["pr_id"], ""),
                "repository": row["repo"],
            },
            {name: thousandths(row[name]) for name in MARKS},
        )
        for row in rows
        if row["verdict"] == "accept"
    ]


def from_people(queries: Iterable[RealWorldQuery]) -> list[Candidate]:
    """The real-world queries. They all have the same marks (none), so among them quotas, spread and the draw key decide."""
    return [
        Candidate(query.id, {"origin": "real_world", "domain": query.domain, "sub_domain": query.sub_domain}, {})
        for query in queries
    ]


def candidates_of(
    people: Sequence[RealWorldQuery], reviewed: pl.DataFrame, sampled: pl.DataFrame, similarity: float
) -> list[Candidate]:
    """All candidates of a run: real-world queries, and the accepted of a REVIEWED frame.

    A pull request's language is that of most of its files, as a SAMPLED frame has it, or else its repository's.
    """
    rows = reviewed.to_dicts()
    languages = {
        pr_id: (names or [language or ""])[0]
        for pr_id, names, language in sampled.select("pr_id", "languages", "language").iter_rows()
    }
    texts = {one.id: one.query for one in people} | {row["query_id"]: row["query"] for row in rows}
    return with_texts([*from_people(people), *from_reviews(rows, languages)], texts, similarity)


def with_texts(candidates: Iterable[Candidate], texts: Mapping[str, str], similarity: float) -> list[Candidate]:
    """The candidates, those whose texts are alike (pipeline/synthesis/likeness.py) with the same attribute `text`: the first one's id.

    They are compared in the order of their ids, so the order of rows doesn't matter. One that is like nobody has no such attribute.
    """
    found = sorted(candidates, key=lambda one: one.id)
    of = {later: first for later, (first, _) in repeats([(one.id, texts[one.id]) for one in found], similarity).items()}
    of |= {first: first for first in of.values()}
    return [
        Candidate(one.id, {**one.attributes, "text": of[one.id]}, one.marks) if one.id in of else one for one in found
    ]
