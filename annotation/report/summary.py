"""The few numbers on agreement that a run of the pipeline keeps as metrics; the report has the rest."""

from collections import Counter
from typing import Any

from annotation.judgements import Judgement
from annotation.statistics.alpha import alpha_estimate
from annotation.statistics.answers import QUESTIONS, answer_frame, checked, matrix


def agreement_summary(judgements: list[Judgement], seed: int) -> dict[str, Any]:
    """Counts of the annotators' judgements, how many queries were adjudicated, and Krippendorff's alpha of every question.

    `alpha` is question -> value, low and high (95 % interval), each null where there is none; the report says why. They are the report's
    own numbers for the same seed.
    """
    annotators = [judgement for judgement in judgements if judgement.role == "annotator"]
    given = checked(answer_frame(annotators))
    alpha = {}
    for question in QUESTIONS:
        found = alpha_estimate(matrix(given, question), f"{seed}:{question.name}")
        alpha[question.name] = {"value": found.value, "low": found.low, "high": found.high}
    return {
        "judgements": len(annotators),
        "annotators": dict(sorted(Counter(judgement.annotator for judgement in annotators).items())),
        "verdicts": dict(sorted(Counter(judgement.verdict for judgement in annotators).items())),
        "adjudicated": len({judgement.query_id for judgement in judgements if judgement.role == "adjudicator"}),
        "alpha": alpha,
    }
