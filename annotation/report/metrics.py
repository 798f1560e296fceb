"""All numbers of the report as one JSON value: what the page shows, and what a later run can be held against."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from annotation.report.disagreements import disagreements
from annotation.report.submissions import Place
from annotation.statistics.alpha import alpha_estimate
from annotation.statistics.anchoring import anchoring
from annotation.statistics.answers import QUESTIONS, Matrix, checked, matrix
from annotation.statistics.drift import drift
from annotation.statistics.estimate import INTERVAL, RESAMPLES
from annotation.statistics.kappa import pairs
from annotation.statistics.lead_time import lead_times
from annotation.statistics.shares import same_as_others, same_pairs, share, without

_BY_NAME = {question.name: question for question in QUESTIONS}


def report_metrics(
    answers: pl.DataFrame,
    places: Mapping[str, Place],
    overlap: int,
    seed: int,
    judge: Mapping[str, str] | None = None,
    notes: Mapping[tuple[str, str], str] | None = None,
) -> dict[str, Any]:
    """Progress, agreement per question, drift, times, anchoring and disagreements; strict JSON, None where nothing can be said.

    `places` has every query that is to be judged; `overlap` is how many judgements each needs; `judge` is query_id -> accept or
    rewrite by the model; `notes` by query_id and annotator. Raises ValueError on answers that `checked` refuses.
    """
    given = checked(answers)
    matrices = {question.name: matrix(given, question) for question in QUESTIONS}
    report = {
        "interval": INTERVAL,
        "resamples": RESAMPLES,
        "seed": seed,
        "progress": _progress(given, places, overlap),
        "questions": [_question(found, f"{seed}:{name}") for name, found in matrices.items()],
        "drift": [asdict(found) for found in drift(given, _BY_NAME["verdict"], f"{seed}:verdict")],
        "lead_times": [asdict(found) for found in lead_times(given)],
        "anchoring": [asdict(found) for found in anchoring(matrices["as_it_is"], judge or {}, f"{seed}:as_it_is")],
        "disagreements": disagreements(matrices.values(), places, notes or {}),
    }
    plain: dict[str, Any] = _plain(report)
    return plain


def _progress(given: pl.DataFrame, places: Mapping[str, Place], overlap: int) -> dict[str, Any]:
    judged = given.select("query_id", "annotator", "at").unique()
    times = Counter(judged["query_id"])
    by_judgements = Counter(times[query] for query in {*places, *times})
    return {
        "queries": by_judgements.total(),
        "overlap": overlap,
        "judgements": judged.height,
        "complete": sum(count for times, count in by_judgements.items() if times >= overlap),
        "begun": sum(count for times, count in by_judgements.items() if 0 < times < overlap),
        "untouched": by_judgements[0],
        "by_judgements": {str(times): count for times, count in sorted(by_judgements.items())},
        "annotators": dict(sorted(Counter(judged["annotator"]).items())),
        "first_at": judged["at"].min(),
        "last_at": judged["at"].max(),
    }


def _question(found: Matrix, seed: str) -> dict[str, Any]:
    question = found.question
    return {
        "name": question.name,
        "level": question.level,
        "values": question.values,
        "alpha": asdict(alpha_estimate(found, seed)),
        "same": asdict(share(*same_pairs(found), f"{seed}:same")),
        "annotators": [
            {
                "name": name,
                "values": {
                    value: int((found.codes[:, at] == code).sum()) for code, value in enumerate(question.values)
                },
                "same_as_others": asdict(share(*same_as_others(found, name), f"{seed}:same:{name}")),
                "alpha_without": asdict(alpha_estimate(without(found, name), f"{seed}:without:{name}")),
            }
            for at, name in enumerate(found.annotators)
        ],
        "pairs": [
            {"annotators": pair.annotators, "kappa": asdict(pair.kappa), "table": pair.table.tolist()}
            for pair in pairs(found, seed)
        ],
    }


def _plain(value: Any) -> Any:
    """The same with lists for tuples and ISO texts for times, as JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
