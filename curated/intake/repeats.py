"""Queries that ask for the same: word for word, nearly, or nearly what a query of a pull request asks for."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from curated.intake.finding import Finding
from pipeline.real_world import RealWorldQuery
from pipeline.synthesis.likeness import pairs, repeats, similarity


def repeated(queries: Sequence[RealWorldQuery], pulls: Mapping[str, str], limit: float) -> Iterator[Finding]:
    """A refused finding for each query that repeats an earlier one, a flagged one where a query of a pull request is nearly the same.

    `limit` is the Jaccard similarity of their pairs of words from which on they repeat (pipeline/synthesis/likeness.py); `pulls` is
    query_id -> text. The pool takes one of two alike itself, so a query of a pull request keeps nobody's query out.
    """
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    for query in queries:
        key = plain_text(query.query)
        if key in first:
            same[query.id] = first[key]
        first.setdefault(key, query.id)
    alike = repeats([(query.id, query.query) for query in queries], limit)
    near_pulls = _nearest(queries, pulls, limit)
    for query in queries:
        if query.id in same:
            said = f"it is the text of query {same[query.id]} but for case and blanks; withdraw one of the two"
            yield Finding(query.id, "query", "duplicate", True, said, 1, 1)
        elif query.id in alike:
            other, value = alike[query.id]
            said = (
                f"it is nearly query {other}: {value:.2f} of their pairs of words are common, and from {limit:g} on two count as one "
                "wish; withdraw one of the two"
            )
            yield Finding(query.id, "query", "near_duplicate", True, said, round(value, 6), limit)
        if query.id in near_pulls:
            other, value = near_pulls[query.id]
            said = f"it is nearly query {other} of a pull request ({value:.2f} of their pairs of words); a pool takes one of them"
            yield Finding(query.id, "query", "near_pull_request", False, said, round(value, 6), limit)


def plain_text(text: str) -> str:
    """A text whatever its case, its blanks and the way its letters are coded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _nearest(queries: Sequence[RealWorldQuery], pulls: Mapping[str, str], limit: float) -> dict[str, tuple[str, float]]:
    """id -> (the query of a pull request that is most alike, similarity), of those that reach the limit; exact."""
    holders: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for query_id, text in pulls.items():
        for pair in pairs(text):
            holders[pair].append(query_id)
    found = {}
    for query in queries if pulls else ():
        own = pairs(query.query)
        common = Counter(holder for pair in own for holder in holders.get(pair, ()))
        # Those who share too few pairs cannot reach the limit, however short they are.
        near = [
            (similarity(query.query, pulls[one]), one)
            for one, both in common.items()
            if both >= limit * len(own) - 1e-9
        ]
        if near and max(near)[0] >= limit:
            value, other = min(near, key=lambda one: (-one[0], one[1]))
            found[query.id] = (other, value)
    return found
