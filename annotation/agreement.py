"""From judgements to one verdict per query, with how far the judges agreed.

The rule: accept and edit stand on one side ("it belongs in the pool, as it is or reworded"), reject on the other. The larger
side wins; equal sides are `disputed` and go no further until someone adjudicates. A query with fewer judgements than
`review.overlap` is `unreviewed`. If any of the winning side edited, the query takes the edited text of the first editor by name.
The judges' domain and sub-domain, where more than half agree, take the place of those the query came with.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Literal

import krippendorff
import numpy
import polars as pl

from annotation.interface import ALIGNMENT
from annotation.reviews import Judgement
from pipeline.files import sha256_text
from pipeline.ledger import fate
from pipeline.query_tables import REVIEWED

STAGE = "merge_reviews"


def merge(
    queries: pl.DataFrame, judgements: list[Judgement], overlap: int
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """`(REVIEWED frame sorted by query_id, ledger rows)`: every query that has enough judgements, whatever the verdict."""
    by_query: defaultdict[str, list[Judgement]] = defaultdict(list)
    for judgement in sorted(judgements, key=lambda judgement: judgement.annotator):
        by_query[judgement.query_id].append(judgement)
    rows, fates = [], []
    for query in queries.sort("query_id").iter_rows(named=True):
        judged = by_query[query["query_id"]]
        if len(judged) < overlap:
            fates.append(fate(query["pr_id"], query["repo"], STAGE, "dropped", "unreviewed", len(judged), overlap))
            continue
        row = query | _merged(query, judged)
        rows.append(row)
        if row["verdict"] == "accept":
            fates.append(fate(query["pr_id"], query["repo"], STAGE, "kept"))
        else:
            reason = "rejected" if row["verdict"] == "reject" else "disputed"
            fates.append(fate(query["pr_id"], query["repo"], STAGE, "dropped", reason, row["agreement"]))
    return REVIEWED.frame(rows), fates


def _merged(query: dict[str, Any], judged: list[Judgement]) -> dict[str, Any]:
    rejecting = [judgement for judgement in judged if judgement.verdict == "reject"]
    accepting = [judgement for judgement in judged if judgement.verdict != "reject"]
    verdict = (
        "disputed" if len(rejecting) == len(accepting) else "accept" if len(accepting) > len(rejecting) else "reject"
    )
    editor = (
        next((judgement for judgement in accepting if judgement.edited_query), None) if verdict == "accept" else None
    )
    text = editor.edited_query if editor else query["query"]
    domain = _most([judgement.domain for judgement in judged], query["domain"])
    sub_domain = _most([judgement.sub_domain for judgement in judged], query["sub_domain"])
    fits = sum((judgement.domain, judgement.sub_domain) == (domain, sub_domain) for judgement in judged)
    return {
        "query": text,
        "query_sha256": sha256_text(text),
        "reviews": len(judged),
        "annotators": [judgement.annotator for judgement in judged],
        "verdicts": [judgement.verdict for judgement in judged],
        "verdict": verdict,
        "agreement": max(len(rejecting), len(accepting)) / len(judged),
        "alignment": sum(ALIGNMENT[judgement.alignment] for judgement in judged) / len(judged),
        "realism": sum(judgement.realism for judgement in judged) / len(judged),
        "reviewed_domain": domain,
        "reviewed_sub_domain": sub_domain,
        "domain_fit": fits / len(judged),
        "reject_reasons": sorted({reason for judgement in judged for reason in judgement.reject_reasons}),
        "edited_by": editor.annotator if editor else "",
    }


def _most(answers: list[str], otherwise: str) -> str:
    """The answer that more than half gave, else another."""
    answer, times = Counter(answers).most_common(1)[0]
    return answer if 2 * times > len(answers) else otherwise


def agreement_report(judgements: list[Judgement]) -> dict[str, Any]:
    """Krippendorff's alpha per question (null where it is not defined), and the counts that it rests on."""
    questions: dict[str, tuple[Literal["nominal", "ordinal"], Callable[[Judgement], Any]]] = {
        "verdict": ("nominal", lambda j: "reject" if j.verdict == "reject" else "accept"),
        "alignment": ("ordinal", lambda j: ALIGNMENT[j.alignment]),
        "realism": ("ordinal", lambda j: j.realism),
        "sub_domain": ("nominal", lambda j: j.sub_domain),
    }
    return {
        "judgements": len(judgements),
        "annotators": dict(sorted(Counter(judgement.annotator for judgement in judgements).items())),
        "verdicts": dict(sorted(Counter(judgement.verdict for judgement in judgements).items())),
        "alpha": {name: _alpha(judgements, level, answer) for name, (level, answer) in questions.items()},
    }


def _alpha(
    judgements: list[Judgement], level: Literal["nominal", "ordinal"], answer: Callable[[Judgement], Any]
) -> float | None:
    # Only queries that two have judged tell of agreement.
    times = Counter(judgement.query_id for judgement in judgements)
    judgements = [judgement for judgement in judgements if times[judgement.query_id] > 1]
    annotators = sorted({judgement.annotator for judgement in judgements})
    queries = sorted({judgement.query_id for judgement in judgements})
    values = sorted({answer(judgement) for judgement in judgements})
    if len(values) < 2:
        return None  # with one answer there is nothing to agree by more than chance
    data = numpy.full((len(annotators), len(queries)), numpy.nan)
    for judgement in judgements:
        data[annotators.index(judgement.annotator), queries.index(judgement.query_id)] = values.index(answer(judgement))
    return round(float(krippendorff.alpha(reliability_data=data, level_of_measurement=level)), 6)
