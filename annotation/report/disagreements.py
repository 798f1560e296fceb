"""Which queries the annotators see differently, and in what: the list that adjudication begins with."""

from collections.abc import Iterable, Mapping
from typing import Any

from annotation.report.submissions import Place
from annotation.statistics.answers import MISSING, Matrix

DERIVED = ("side", "as_it_is")  # these follow from the verdict


def disagreements(
    matrices: Iterable[Matrix], places: Mapping[str, Place], notes: Mapping[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Every query with different answers to a nominal question, or with ordinal ones more than one place apart.

    First those where keep stands against reject, then by how many questions differ, then by query_id.
    """
    matrices = list(matrices)
    disputed = {query for found in matrices if found.question.name == "side" for query in _differing(found)}
    differ: dict[str, dict[str, dict[str, str]]] = {}
    for found in matrices:
        if found.question.name not in DERIVED:
            for query, given in _differing(found).items():
                differ.setdefault(query, {})[found.question.name] = given
    written: dict[str, dict[str, str]] = {}
    for (query, name), note in sorted(notes.items()):
        if note:
            written.setdefault(query, {})[name] = note
    return [
        _entry(query, differ[query], query in disputed, places.get(query), written.get(query, {}))
        for query in sorted(differ, key=lambda query: (query not in disputed, -len(differ[query]), query))
    ]


def _differing(found: Matrix) -> dict[str, dict[str, str]]:
    """query_id -> {annotator: value}, of the queries that differ."""
    apart = 0 if found.question.level == "nominal" else 1
    highest = found.codes.max(axis=1, initial=MISSING)
    lowest = found.codes.copy()
    lowest[lowest == MISSING] = len(found.question.values)
    rows = (highest - lowest.min(axis=1, initial=len(found.question.values)) > apart).nonzero()[0]
    return {
        found.queries[row]: {
            name: found.question.values[code]
            for name, code in zip(found.annotators, found.codes[row], strict=True)
            if code != MISSING
        }
        for row in rows
    }


def _entry(
    query: str,
    answers: dict[str, dict[str, str]],
    disputed: bool,
    place: Place | None,
    notes: dict[str, str],
) -> dict[str, Any]:
    return {
        "query_id": query,
        "task": place.task if place else None,
        "project": place.project if place else None,
        "pr_ref": place.pr_ref if place else "",
        "query": place.query if place else "",
        "disputed": disputed,
        "answers": answers,
        "notes": notes,
    }
