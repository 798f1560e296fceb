"""The reviews of this run's tasks: the export, believed only where it fits our own tasks, people and questions."""

from pathlib import Path
from typing import Any

from annotation.exported import ReviewedTask, Submitted, read_export
from annotation.judgements import Judgement, read_judgement
from pipeline.errors import UserError
from pipeline.sections import Review


def read_reviews(path: Path, tasks: list[dict[str, Any]], review: Review) -> list[Judgement]:
    """Every judgement of an export, sorted by query, role and annotator; adjudications are among them, told by their `role`.

    Raises UserError with everything that is wrong: a task that is not of this run, a person whom params.yaml does not name, an answer
    that was not asked for, a query that one person judged twice.
    """
    known = {task["meta"]["query_id"]: task["meta"] for task in tasks}
    problems: list[str] = []
    judgements: dict[tuple[str, str], Judgement] = {}
    decided: dict[str, str] = {}
    for reviewed in read_export(path).tasks:
        if reviewed.annotations:
            _check_belongs(reviewed, known, path)
        for given in reviewed.annotations:
            where = f"{path}, task {_plain(reviewed.query_id)}, annotation {given.id} by {_plain(given.annotator)}"
            wrong = _about_who(given, review)
            judgement = None
            if not wrong:
                judgement, wrong = read_judgement(reviewed.query_id, given.annotator, given.model_dump())
            key = (reviewed.query_id, given.annotator)
            if key in judgements:
                wrong = [*wrong, "has judged this query twice; delete one of the two in Label Studio and pull again"]
            if (
                given.role == "adjudicator"
                and decided.setdefault(reviewed.query_id, given.annotator) != given.annotator
            ):
                wrong = [*wrong, f"decides what {_plain(decided[reviewed.query_id])} has decided; one decision counts"]
            problems += [f"{where}: {text}" for text in wrong]
            if judgement:
                judgements[key] = judgement
    if problems:
        raise UserError("\n".join(problems))
    return sorted(judgements.values(), key=lambda one: (one.query_id, one.role == "adjudicator", one.annotator))


def _check_belongs(reviewed: ReviewedTask, known: dict[str, dict[str, Any]], path: Path) -> None:
    meta = known.get(reviewed.query_id)
    if meta and (reviewed.query_sha256, reviewed.task_sha256) == (meta["query_sha256"], meta["task_sha256"]):
        return
    found = "has another text or pull request there" if meta else "is not there"
    raise UserError(
        f"{path} holds reviews of other tasks than data/tasks.json: {_plain(reviewed.query_id)} {found}. A judgement of another text "
        "does not count: `limi annotate push`, review what is new and `limi annotate pull`, or go back to the parameters and data that "
        "the reviews were made for"
    )


def _plain(name: str) -> str:
    """The beginning of a name of the file, without what would begin a line or colour a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name[:40])


def _about_who(given: Submitted, review: Review) -> list[str]:
    people = review.annotators if given.role == "annotator" else review.adjudicators
    return [] if given.annotator in people else [f"is not among review.{given.role}s of params.yaml"]
