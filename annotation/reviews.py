"""Read Label Studio's JSON export, and take nothing from it that was not asked for.

An annotation is accepted only if it belongs to the tasks of this run (same hash), comes from a known annotator, answers known
questions with known answers, and answers all that must be answered. Label Studio itself checks none of this.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.exported import Answer, Task, Value, read_answers, read_tasks
from annotation.interface import Control, controls
from pipeline.errors import UserError
from pipeline.sections import Review


@dataclass(frozen=True)
class Judgement:
    """One annotator's answers on one query. `edited_query` is empty unless the verdict is edit."""

    query_id: str
    annotator: str
    alignment: str
    realism: int
    domain: str
    sub_domain: str
    verdict: str
    edited_query: str
    reject_reasons: tuple[str, ...]
    notes: str


def read_export(path: Path, tasks: list[dict[str, Any]], review: Review) -> list[Judgement]:
    """Every judgement of an export, sorted by query and annotator. Raises UserError with everything that is wrong with it."""
    known = {task["meta"]["query_id"]: task for task in tasks}
    names = {user: name for name, user in review.annotators.items()}
    problems: list[str] = []
    unknown: Counter[str] = Counter()
    judgements: dict[tuple[str, str], Judgement] = {}
    for at, exported in enumerate(read_tasks(path), 1):
        query_id = _belongs(exported, known, path, at)
        for annotation in exported.annotations:
            if annotation.get("was_cancelled") is True:
                continue  # skipped, not judged
            where = f"{path}, task {query_id}, annotation {str(annotation.get('id'))[:20]}"
            user = annotation.get("completed_by")
            user = user.get("id") if isinstance(user, dict) else user
            name = names.get(user) if type(user) is int else None
            if name is None:
                unknown[str(user)[:60]] += 1
                if unknown[str(user)[:60]] == 1:
                    problems.append(f"{where}: user {str(user)[:60]} is not among review.annotators of params.yaml")
                continue
            try:
                judgement, wrong = _judgement(query_id, name, read_answers(annotation))
            except ValueError as error:
                judgement, wrong = None, [str(error)]
            problems += [f"{where} by {name}: {text}" for text in wrong]
            if judgement is None:
                continue
            if (query_id, name) in judgements:
                problems.append(f"{where}: {name} has judged this query twice; delete one of the two in Label Studio")
            judgements[query_id, name] = judgement
    problems += [f"{path}: {times - 1} more annotations by user {user}" for user, times in unknown.items() if times > 1]
    if problems:
        raise UserError("\n".join(problems))
    return [judgements[key] for key in sorted(judgements)]


def _belongs(exported: Task, known: dict[str, dict[str, Any]], path: Path, at: int) -> str:
    """The query_id of an exported task. Raises UserError if it is not a task of this run, unchanged."""
    query_id, found = (exported.data or {}).get("query_id"), (exported.meta or {}).get("tasks_sha256")
    task = known.get(query_id) if isinstance(query_id, str) else None
    if task is None or found != task["meta"]["tasks_sha256"] or exported.data != task["data"]:
        expected = next(iter(known.values()))["meta"]["tasks_sha256"]
        raise UserError(
            f"{path} is an export of other tasks than data/tasks.json: its task {at} ({str(query_id)[:40]}) carries tasks_sha256 "
            f"{str(found)[:12]}, this run's is {expected[:12]}. A judgement of another text does not count: "
            "review the tasks of this run, or go back to the parameters and data that the reviews were made for"
        )
    return str(query_id)


def _judgement(query_id: str, annotator: str, result: list[Answer]) -> tuple[Judgement | None, list[str]]:
    answers: dict[str, list[str]] = {}
    problems: list[str] = []
    for item in result:
        control = controls().get(item.from_name)
        if control is None:
            problems.append(f"answers {item.from_name[:60]!r}, which the interface does not ask")
            continue
        given, wrong = _answer(control, item.value)
        answers.setdefault(control.name, []).extend(given)
        problems += wrong
    problems += [
        f"has not answered {control.name}"
        for control in controls().values()
        if control.required and not answers.get(control.name)
    ]
    problems += [
        f"has answered {name} {len(given)} times"
        for name, given in answers.items()
        if len(given) > 1 and not controls()[name].several
    ]
    verdict = (answers.get("verdict") or [""])[0]
    edited = (answers.get("edited_query") or [""])[0].strip()
    if verdict == "edit" and not edited:
        problems.append("says edit and gives no edited query")
    if verdict == "reject" and not answers.get("reject_reason"):
        problems.append("says reject and gives no reason")
    if problems:
        return None, problems
    return Judgement(
        query_id,
        annotator,
        answers["alignment"][0],
        int(answers["realism"][0]),
        answers["domain"][0],
        answers["sub_domain"][0],
        verdict,
        # A text that was left in a hidden box is no edit.
        edited if verdict == "edit" else "",
        tuple(sorted(set(answers.get("reject_reason", [])))) if verdict == "reject" else (),
        (answers.get("notes") or [""])[0].strip(),
    ), []


def _answer(control: Control, value: Value) -> tuple[list[str], list[str]]:
    if control.kind == "rating":
        if type(value.rating) is not int or not 1 <= value.rating <= 5:
            return [], [f"answers {control.name} with {str(value.rating)[:60]!r}, not 1 to 5"]
        return [str(value.rating)], []
    if control.kind == "textarea":
        given = [value.text] if isinstance(value.text, str) else value.text
        return ["\n".join(given)] if given else [], []
    return value.choices, [
        f"answers {control.name} with {answer[:60]!r}, which is not offered"
        for answer in value.choices
        if answer not in control.answers
    ]
