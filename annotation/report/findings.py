"""What annotators found wrong or telling: the reasons of those who reject, and the labels of what was marked."""

from collections.abc import Iterable, Sequence
from typing import Any

from annotation.interface import controls
from annotation.judgements import Judgement

REASONS = "reject_reason"  # the control of that name


def findings(judgements: Sequence[Judgement]) -> dict[str, list[dict[str, Any]]]:
    """`reject_reasons` and `marks`, each with every label there is, the most frequent first.

    Each has `control`, `label`, how many `times` it was given, on how many `queries`, and how often by whom. A label that one annotator
    gives to several places of one query is given as often. What an adjudicator gives does not count: they have seen the others' answers.
    """
    given = [judgement for judgement in judgements if judgement.role == "annotator"]
    reasons = [(REASONS, reason, judgement) for judgement in given for reason in judgement.reject_reasons]
    marks = [(mark.control, mark.label, judgement) for judgement in given for mark in judgement.marks]
    marking = [name for name, control in controls().items() if control.kind in ("labels", "hypertextlabels")]
    return {"reject_reasons": _counted(reasons, [REASONS]), "marks": _counted(marks, marking)}


def _counted(given: list[tuple[str, str, Judgement]], asked: Iterable[str]) -> list[dict[str, Any]]:
    labels = {(name, label) for name in asked for label in controls()[name].answers}
    labels |= {(name, label) for name, label, _ in given}
    found = []
    for name, label in labels:
        own = [judgement for control, text, judgement in given if (control, text) == (name, label)]
        annotators = sorted(judgement.annotator for judgement in own)
        found.append(
            {
                "control": name,
                "label": label,
                "times": len(own),
                "queries": len({judgement.query_id for judgement in own}),
                "annotators": {who: annotators.count(who) for who in annotators},
            }
        )
    return sorted(found, key=lambda one: (-one["times"], one["control"], one["label"]))
