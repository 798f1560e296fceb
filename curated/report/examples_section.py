"""Whole queries to read: six of the pool, spread over origins and sub-domains, and a rejected one, all drawn by hash and none picked."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from annotation.report.words import count
from curated.making.inputs import PoolRow
from curated.report.evidence import Evidence
from curated.report.parts import code, drawn, in_words, note, pull_link, section
from pipeline.html import Markup, element, join

EXAMPLES, OF_PULLS = 6, 4


def examples(evidence: Evidence) -> Markup:
    """The section with the drawn queries, each whole."""
    titles = dict(evidence.run.sampled.select("pr_id", "title").iter_rows())
    rejected = _rejected(evidence, titles)
    return section(
        "examples",
        "Examples, drawn and not picked",
        note(
            f"Up to {OF_PULLS} queries of pull requests and as many real-world ones as make {EXAMPLES}, from different sub-domains as "
            "far as there are; in each the one whose hash with the seed is the smallest. The texts are whole."
        ),
        *(_example(row, evidence, titles) for row in drawn_rows(evidence.run.pool, evidence.run.params.seed)),
        rejected if rejected else element("p", "No query was rejected, so there is none to show."),
    )


def drawn_rows(pool: Sequence[PoolRow], seed: int) -> list[PoolRow]:
    """Six rows: four of pull requests, two real-world; where an origin has fewer, the other fills the places."""
    pulls = _spread([row for row in pool if row.origin == "github_pr"], seed, set())
    first = pulls[:OF_PULLS]
    people = _spread([row for row in pool if row.origin == "real_world"], seed, {row.sub_domain for row in first})
    taken = [*first, *people[: EXAMPLES - len(first)]]
    return [*pulls[: EXAMPLES - (len(taken) - len(first))], *taken[len(first) :]]


def _spread(rows: Sequence[PoolRow], seed: int, seen: set[str]) -> list[PoolRow]:
    """The rows by their keys, in rounds over the sub-domains: each gives one before any gives two; those not yet seen go first."""
    times: dict[str, int] = dict.fromkeys(seen, 1)
    placed = []
    for row in sorted(rows, key=lambda row: drawn(seed, row.id)):
        placed.append((times.get(row.sub_domain, 0), drawn(seed, row.id), row))
        times[row.sub_domain] = times.get(row.sub_domain, 0) + 1
    return [row for *_, row in sorted(placed, key=lambda one: one[:2])]


def _example(row: PoolRow, evidence: Evidence, titles: dict[str, str]) -> Markup:
    where = pull_link(row.source, evidence.run.params) if row.pull_request else join("source: ", row.source)
    review = row.review
    return element(
        "article",
        element("h3", titles.get(row.source, row.source) if row.pull_request else f"Real-world query {row.id}"),
        _facts(
            code(row.id),
            row.domain,
            row.sub_domain,
            where,
            row.licence,
            row.contributor_role and f"by {row.contributor_role}",
        ),
        element("blockquote", row.query, dir="auto"),
        _criteria(row.success_criteria),
        _judged(review, review["leakage"], review["edited_by"]) if review else None,
        element("p", "Why it is here: ", row.reason),
    )


def _judged(row: dict[str, Any], leaked: float, edited_by: str) -> Markup:
    said = ", ".join(f"{name}: {verdict}" for name, verdict in zip(row["annotators"], row["verdicts"], strict=True))
    return _facts(
        said,
        f"alignment {row['alignment']:.2f} of 1",
        f"realism {row['realism']:.1f} of 5",
        f"leakage {leaked:.3f}",
        f"text edited by {edited_by}" if edited_by else "text as written",
        row["adjudicated_by"] and f"{row['adjudicated_by']} decided",
    )


def _rejected(evidence: Evidence, titles: dict[str, str]) -> Markup | None:
    found = evidence.run.reviewed.filter(pl.col("verdict") == "reject")
    if found.is_empty():
        return None
    row = min(found.iter_rows(named=True), key=lambda row: drawn(evidence.run.params.seed, row["query_id"]))
    marks: dict[str, int] = {}
    for mark in row["marked"]:
        marks[mark["label"]] = marks.get(mark["label"], 0) + 1
    return element(
        "article",
        element("h3", element("span", "rejected", class_="badge bad"), " ", titles.get(row["pr_id"], row["pr_id"])),
        _facts(
            code(row["query_id"]),
            row["reviewed_domain"],
            row["reviewed_sub_domain"],
            pull_link(row["pr_id"], evidence.run.params),
        ),
        element("blockquote", row["query"], dir="auto"),
        _criteria(row["success_criteria"]),
        _judged(row, row["leakage"], row["edited_by"]),
        element("p", "Why it is not in the pool: ", ", ".join(row["reject_reasons"]) or "no reason was named", "."),
        element("p", f"Marked in its text: {in_words(marks)}.") if marks else None,
        note(f"One of {count(found.height, 'rejected query', 'rejected queries')}."),
    )


def _criteria(criteria: Sequence[str]) -> Markup | None:
    if not criteria:
        return element("p", "It has no success criteria.", class_="facts")
    return join(
        element("p", "Success criteria:", class_="facts"), element("ul", *(element("li", one) for one in criteria))
    )


def _facts(*said: object) -> Markup:
    told = [one for one in said if one]
    return element("p", *(join(" · ", one) if at else one for at, one in enumerate(told)), class_="facts")
