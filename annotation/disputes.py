"""Which queries somebody has to decide on, why, and what an adjudicator is shown of what was said."""

from collections import defaultdict
from typing import Any

from annotation.judgements import Judgement
from annotation.render.panels import render_reviews

_QUESTIONS = ("alignment", "realism", "domain", "sub_domain")


def disputes(judgements: list[Judgement], overlap: int) -> dict[str, list[str]]:
    """query_id -> why its annotators' judgements need a decision, in words; only queries that have enough of them.

    Keep against reject, even where the larger side is clear, and an alignment of full against none. Two edits of one query are no
    dispute: both say that it belongs in the pool, reworded.
    """
    found: dict[str, list[str]] = {}
    for query_id, judged in sorted(_by_query(judgements).items()):
        if len(judged) >= overlap and (reasons := _reasons(judged)):
            found[query_id] = reasons
    return found


def disputed_tasks(tasks: list[dict[str, Any]], judgements: list[Judgement], overlap: int) -> list[dict[str, Any]]:
    """The tasks of disputed queries, each with `reviews_html`: who said what, and why it is here."""
    reasons, by_query = disputes(judgements, overlap), _by_query(judgements)
    return [
        task
        | {"data": task["data"] | {"reviews_html": render_reviews(map(_shown, by_query[query_id]), reasons[query_id])}}
        for task in tasks
        if (query_id := task["meta"]["query_id"]) in reasons
    ]


def _by_query(judgements: list[Judgement]) -> dict[str, list[Judgement]]:
    by_query: defaultdict[str, list[Judgement]] = defaultdict(list)
    for judgement in judgements:
        if judgement.role == "annotator":
            by_query[judgement.query_id].append(judgement)
    return by_query


def _reasons(judged: list[Judgement]) -> list[str]:
    rejecting = sum(judgement.verdict == "reject" for judgement in judged)
    reasons = []
    if 0 < rejecting < len(judged):
        reasons.append(f"{rejecting} of {len(judged)} reject it")
    if {"full", "none"} <= {judgement.alignment for judgement in judged}:
        reasons.append("the alignment is full for one and none for another")
    return reasons


def _shown(judgement: Judgement) -> dict[str, Any]:
    return {
        "annotator": judgement.annotator,
        "verdict": judgement.verdict,
        "answers": {question: getattr(judgement, question) for question in _QUESTIONS},
        "reject_reasons": judgement.reject_reasons,
        "marks": [f"{mark.label}: “{mark.text}”" for mark in judgement.marks],
        "edited_query": judgement.edited_query,
        "notes": judgement.notes,
    }
