"""How far the reviews are: of all queries, of each person, and what comes of the queries as things stand."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from annotation.agreement import verdict_of
from annotation.disputes import disputes
from annotation.judgements import Judgement
from pipeline.sections import Review

VERDICTS = ("accept", "edit", "reject")


def progress(
    queries: Sequence[str], judgements: Sequence[Judgement], review: Review, assigned: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Counts of queries, judgements and decisions. `queries` has every query_id that is to be judged.

    `complete`, `begun` and `untouched` are queries by how many judgements they have of `overlap`. `outcome` counts the complete ones by
    the rule of annotation/agreement.py, adjudications included. `assigned` is how many tasks each person was given, where that is known.
    """
    by_query, decided = grouped(judgements)
    times = Counter({query: len(by_query.get(query, ())) for query in {*queries, *by_query}})
    complete = [query for query, judged in by_query.items() if len(judged) >= review.overlap]
    disputed = disputes(list(judgements), review.overlap)
    moments = [judgement.at for judgement in judgements if judgement.role == "annotator" and judgement.at]
    return {
        "queries": len(times),
        "overlap": review.overlap,
        "judgements": sum(times.values()),
        "complete": len(complete),
        "begun": sum(0 < count < review.overlap for count in times.values()),
        "untouched": sum(count == 0 for count in times.values()),
        "by_judgements": {str(count): queries for count, queries in sorted(Counter(times.values()).items())},
        "outcome": dict(
            sorted(
                Counter(
                    verdict_of([decided[query][0]] if query in decided else by_query[query]) for query in complete
                ).items()
            )
        ),
        "disputes": len(disputed),
        "disputes_open": sum(query not in decided for query in disputed),
        "adjudicated": len(decided),
        "first_at": min(moments, default=None),
        "last_at": max(moments, default=None),
        "annotators": [_person(name, judgements, "annotator", assigned) for name in sorted(review.annotators)],
        "adjudicators": [_person(name, judgements, "adjudicator", assigned) for name in sorted(review.adjudicators)],
    }


def grouped(judgements: Sequence[Judgement]) -> tuple[dict[str, list[Judgement]], dict[str, list[Judgement]]]:
    """`(the annotators' judgements, the adjudications)` by query_id, each by name; the first adjudication is the one that counts."""
    by_query: defaultdict[str, list[Judgement]] = defaultdict(list)
    decided: defaultdict[str, list[Judgement]] = defaultdict(list)
    for judgement in sorted(judgements, key=lambda judgement: judgement.annotator):
        (by_query if judgement.role == "annotator" else decided)[judgement.query_id].append(judgement)
    return dict(sorted(by_query.items())), dict(sorted(decided.items()))


def _person(
    name: str, judgements: Sequence[Judgement], role: str, assigned: Mapping[str, int] | None
) -> dict[str, Any]:
    own = [judgement for judgement in judgements if (judgement.annotator, judgement.role) == (name, role)]
    moments: list[datetime] = [judgement.at for judgement in own if judgement.at]
    given = Counter(judgement.verdict for judgement in own)
    return {
        "name": name,
        "done": len(own),
        "assigned": (assigned or {}).get(name),
        "verdicts": {verdict: given[verdict] for verdict in VERDICTS},
        "last_at": max(moments, default=None),
    }
