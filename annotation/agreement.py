"""From judgements to one verdict per query, with how far the annotators agreed.

The rule: accept and edit stand on one side ("it belongs in the pool, as it is or reworded"), reject on the other. The larger
side wins; equal sides are `disputed` and go no further until someone adjudicates. A query with fewer judgements than
`review.overlap` is `unreviewed`. If any of the winning side edited, the query takes the edited text of one of them, drawn by the hash
of query and name, so that nobody's manner of writing fills the pool because of their name.
The annotators' domain and sub-domain, where more than half agree, take the place of those the query came with.

An adjudicator's judgement decides all of this alone; what the annotators had said, and how far they agreed, stays beside it.
"""

from collections import Counter, defaultdict
from typing import Any

import polars as pl

from annotation.interface import ALIGNMENT, controls
from annotation.judgements import Judgement
from pipeline.files import sha256_text
from pipeline.ledger import fate
from pipeline.query_tables import REVIEWED
from pipeline.sampling import draw_key

STAGE = "merge_reviews"


def merge(
    queries: pl.DataFrame, judgements: list[Judgement], overlap: int
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """`(REVIEWED frame sorted by query_id, ledger rows)`: every query that has enough judgements, whatever the verdict."""
    by_query: defaultdict[str, list[Judgement]] = defaultdict(list)
    decided: dict[str, Judgement] = {}
    for judgement in sorted(judgements, key=lambda judgement: judgement.annotator):
        if judgement.role == "annotator":
            by_query[judgement.query_id].append(judgement)
        else:
            decided.setdefault(judgement.query_id, judgement)
    rows, fates = [], []
    for query in queries.sort("query_id").iter_rows(named=True):
        judged = by_query[query["query_id"]]
        if len(judged) < overlap:
            fates.append(fate(query["pr_id"], query["repo"], STAGE, "dropped", "unreviewed", len(judged), overlap))
            continue
        row = query | _merged(query, judged, decided.get(query["query_id"]))
        rows.append(row)
        by = row["adjudicated_by"]
        evidence = f"{by} decided; the annotators: {', '.join(row['verdicts'])}" if by else ""
        if row["verdict"] == "accept":
            fates.append(fate(query["pr_id"], query["repo"], STAGE, "kept", evidence=evidence))
        else:
            reason = "rejected" if row["verdict"] == "reject" else "disputed"
            fates.append(
                fate(query["pr_id"], query["repo"], STAGE, "dropped", reason, row["agreement"], evidence=evidence)
            )
    return REVIEWED.frame(rows), fates


def verdict_of(judged: list[Judgement]) -> str:
    """The annotators' own verdict: accept, reject or disputed, by the rule above."""
    rejecting = sum(judgement.verdict == "reject" for judgement in judged)
    accepting = len(judged) - rejecting
    return "disputed" if rejecting == accepting else "accept" if accepting > rejecting else "reject"


def _merged(query: dict[str, Any], judged: list[Judgement], adjudication: Judgement | None) -> dict[str, Any]:
    deciding = [adjudication] if adjudication else judged
    verdict = verdict_of(deciding)
    # Who says edit and leaves every word as it is has accepted.
    edits = [judgement for judgement in deciding if judgement.edited_query not in ("", query["query"])]
    editors = edits if verdict == "accept" else []
    editor = min(editors, key=lambda one: draw_key(0, f"{one.query_id}:{one.annotator}"), default=None)
    text = editor.edited_query if editor else query["query"]
    domain = _most([judgement.domain for judgement in deciding], query["domain"])
    sub_domain = _most([judgement.sub_domain for judgement in deciding], query["sub_domain"])
    fits = sum((judgement.domain, judgement.sub_domain) == (domain, sub_domain) for judgement in judged)
    rejecting = sum(judgement.verdict == "reject" for judgement in judged)
    everyone = [*judged, *([adjudication] if adjudication else [])]
    return {
        "query": text,
        "query_sha256": sha256_text(text),
        "reviews": len(judged),
        "annotators": [judgement.annotator for judgement in judged],
        "verdicts": [judgement.verdict for judgement in judged],
        "verdict": verdict,
        "agreement": max(rejecting, len(judged) - rejecting) / len(judged),
        "adjudicated_by": adjudication.annotator if adjudication else "",
        "annotators_verdict": verdict_of(judged),
        "alignment": sum(ALIGNMENT[judgement.alignment] for judgement in judged) / len(judged),
        "realism": sum(judgement.realism for judgement in judged) / len(judged),
        "reviewed_domain": domain,
        "reviewed_sub_domain": sub_domain,
        "domain_fit": fits / len(judged),
        "reject_reasons": sorted({reason for judgement in everyone for reason in judgement.reject_reasons}),
        "marked": [
            {"annotator": judgement.annotator, "label": mark.label, "text": mark.text}
            for judgement in everyone
            for mark in judgement.marks
            if controls()[mark.control].kind == "labels"
        ],
        "notes": [
            {"annotator": judgement.annotator, "text": judgement.notes} for judgement in everyone if judgement.notes
        ],
        "edited_by": editor.annotator if editor else "",
    }


def _most(answers: list[str], otherwise: str) -> str:
    """The answer that more than half gave, else another."""
    answer, times = Counter(answers).most_common(1)[0]
    return answer if 2 * times > len(answers) else otherwise
