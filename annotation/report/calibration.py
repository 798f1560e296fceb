"""The queries that everyone has judged, on their own: on these alone can all annotators be held against each other."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from annotation.judgements import Judgement
from annotation.statistics.alpha import alpha_estimate
from annotation.statistics.answers import Matrix, among
from annotation.statistics.shares import same_pairs, share
from pipeline.sections import Review


def calibration(
    by_query: Mapping[str, Sequence[Judgement]], matrices: Mapping[str, Matrix], review: Review, seed: int
) -> dict[str, Any]:
    """`wanted` and judged queries, agreement on them per question, and each one's answers; empty where all queries are everyone's.

    `by_query` has the annotators' judgements. Agreement elsewhere counts these queries as well.
    """
    if review.overlap == len(review.annotators):
        return {"wanted": 0, "queries": [], "questions": []}
    everyone = set(review.annotators)
    common = {query: judged for query, judged in by_query.items() if {one.annotator for one in judged} == everyone}
    questions = []
    for name, whole in matrices.items():
        found = among(whole, common)
        own_seed = f"{seed}:calibration:{name}"
        questions.append(
            {
                "name": name,
                "alpha": asdict(alpha_estimate(found, own_seed)),
                "same": asdict(share(*same_pairs(found), own_seed)),
            }
        )
    return {
        "wanted": review.calibration,
        "queries": [
            {
                "query_id": query,
                "answers": {one.annotator: [one.verdict, one.alignment, str(one.realism)] for one in judged},
            }
            for query, judged in common.items()
        ],
        "questions": questions if common else [],
    }
