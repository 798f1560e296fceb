"""All numbers of the report as one JSON value: what the page shows, and what a later run can be held against."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from annotation.judgements import Judgement
from annotation.report.calibration import calibration
from annotation.report.disagreements import disagreements
from annotation.report.findings import findings
from annotation.report.progress import grouped, progress
from annotation.statistics.alpha import alpha_estimate
from annotation.statistics.anchoring import anchoring
from annotation.statistics.answers import QUESTIONS, Matrix, answer_frame, checked, matrix
from annotation.statistics.drift import drift
from annotation.statistics.estimate import INTERVAL, RESAMPLES
from annotation.statistics.kappa import pairs
from annotation.statistics.lead_time import lead_times
from annotation.statistics.shares import same_as_others, same_pairs, share, without
from pipeline.sections import Review

_BY_NAME = {question.name: question for question in QUESTIONS}


def report_metrics(
    tasks: Sequence[Mapping[str, Any]],
    judgements: Sequence[Judgement],
    review: Review,
    seed: int,
    judge: Mapping[str, str] | None = None,
    assigned: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Progress, agreement per question, findings, drift, times, anchoring and disagreements; strict JSON, None where nothing can be said.

    Statistics are of the annotators alone; adjudications are in progress and disagreements. `tasks` are those of data/tasks.json; `judge`
    is query_id -> accept or rewrite by the model; `assigned` is name -> how many tasks they were given. Raises ValueError on answers that
    `checked` refuses.
    """
    given = checked(answer_frame(judgements))
    matrices = {question.name: matrix(given, question) for question in QUESTIONS}
    by_query, _ = grouped(judgements)
    report = {
        "interval": INTERVAL,
        "resamples": RESAMPLES,
        "seed": seed,
        "progress": progress([task["meta"]["query_id"] for task in tasks], judgements, review, assigned),
        "questions": [_question(found, f"{seed}:{name}") for name, found in matrices.items()],
        "calibration": calibration(by_query, matrices, review, seed),
        "findings": findings(judgements),
        "drift": [asdict(found) for found in drift(given, _BY_NAME["verdict"], f"{seed}:verdict")],
        "lead_times": [asdict(found) for found in lead_times(given)],
        "judge_shown": review.show_judge,
        "anchoring": [asdict(found) for found in anchoring(matrices["as_it_is"], judge or {}, f"{seed}:as_it_is")],
        "disagreements": disagreements(matrices.values(), tasks, judgements, review.overlap),
    }
    plain: dict[str, Any] = _plain(report)
    return plain


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
