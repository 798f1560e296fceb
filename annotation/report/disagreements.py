"""Which queries the annotators see differently, in what, and what became of it: the list that adjudication works on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from annotation.agreement import verdict_of
from annotation.disputes import disputes
from annotation.judgements import Judgement
from annotation.report.progress import grouped
from annotation.statistics.answers import MISSING, Matrix

DERIVED = ("side", "as_it_is")  # these follow from the verdict
_KEPT = [field.name for field in fields(Judgement) if field.name not in ("query_id", "role")]
STATES = ("open", "decided", "different")


def disagreements(
    matrices: Iterable[Matrix], tasks: Sequence[Mapping[str, Any]], judgements: Sequence[Judgement], overlap: int
) -> list[dict[str, Any]]:
    """Every query that is disputed or adjudicated, or has other answers to a nominal question, or ordinal ones more than a step apart.

    `state` is open (disputed, and nobody has decided), decided, or different (and needs no decision); they come in that order, then by
    how many questions differ, then by query_id. `why` are the reasons of annotation/disputes.py. `judgements` are the annotators', which
    a decision leaves as they are, and `adjudications` come beside them, the first of which decides.
    """
    by_query, decided = grouped(judgements)
    reasons = disputes(list(judgements), overlap)
    differ: dict[str, list[str]] = {}
    for found in matrices:
        if found.question.name not in DERIVED:
            for query in _differing(found):
                differ.setdefault(query, []).append(found.question.name)
    shown = {task["meta"]["query_id"]: task["data"] for task in tasks}
    entries = [
        {
            "query_id": query,
            "pr_ref": shown.get(query, {}).get("pr_ref", ""),
            "query": shown.get(query, {}).get("query", ""),
            "state": "decided" if query in decided else "open" if query in reasons else "different",
            "why": reasons.get(query, []),
            "differ": differ.get(query, []),
            "annotators_verdict": verdict_of(by_query[query]) if query in by_query else "",
            "judgements": [_given(judgement) for judgement in by_query.get(query, [])],
            "adjudications": [_given(judgement) for judgement in decided.get(query, [])],
        }
        for query in {*differ, *reasons, *decided}
    ]
    return sorted(entries, key=lambda one: (STATES.index(one["state"]), -len(one["differ"]), one["query_id"]))


def _differing(found: Matrix) -> list[str]:
    apart = 0 if found.question.level == "nominal" else 1
    highest = found.codes.max(axis=1, initial=MISSING)
    lowest = found.codes.copy()
    lowest[lowest == MISSING] = len(found.question.values)
    rows = (highest - lowest.min(axis=1, initial=len(found.question.values)) > apart).nonzero()[0]
    return [found.queries[row] for row in rows]


def _given(judgement: Judgement) -> dict[str, Any]:
    """A judgement without what its entry says already."""
    return {name: getattr(judgement, name) for name in _KEPT} | {"marks": [asdict(mark) for mark in judgement.marks]}
