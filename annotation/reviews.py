"""Read Label Studio's JSON export, and take nothing from it that was not asked for.

An annotation is accepted only if it belongs to the tasks of this run (same hash), comes from a known annotator, answers known
questions with known answers, and answers all that must be answered. Label Studio itself checks none of this.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.interface import Control, controls
from pipeline.errors import UserError
from pipeline.params import Review


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
    judgements: dict[tuple[str, str], Judgement] = {}
    for at, exported in enumerate(_load(path), 1):
        query_id = _belongs(exported, known, path, at)
        for annotation in exported.get("annotations", []):
            if annotation.get("was_cancelled"):
                continue  # skipped, not judged
            where = f"{path}, task {query_id}, annotation {annotation.get('id')}"
            user = annotation.get("completed_by")
            user = user.get("id") if isinstance(user, dict) else user
            if user not in names:
                problems.append(f"{where}: user {user!r} is not among review.annotators of params.yaml")
                continue
            judgement, wrong = _judgement(query_id, names[user], annotation.get("result", []))
            problems += [f"{where} by {names[user]}: {text}" for text in wrong]
            if judgement is None:
                continue
            if (query_id, names[user]) in judgements:
                problems.append(
                    f"{where}: {names[user]} has judged this query twice; delete one of the two in Label Studio"
                )
            judgements[query_id, names[user]] = judgement
    if problems:
        raise UserError("\n".join(problems))
    return [judgements[key] for key in sorted(judgements)]


def _load(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"the review export {path} is missing; export the reviewed tasks from Label Studio as JSON to it"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON: {error}; export the tasks from Label Studio as JSON once more") from None
    if not isinstance(data, list) or not all(isinstance(task, dict) for task in data):
        raise UserError(
            f"{path} is not Label Studio's JSON export (a list of tasks); choose the format JSON, not JSON-MIN"
        )
    return data


def _belongs(exported: dict[str, Any], known: dict[str, dict[str, Any]], path: Path, at: int) -> str:
    """The query_id of an exported task. Raises UserError if it is not a task of this run, unchanged."""
    meta, data = exported.get("meta") or {}, exported.get("data") or {}
    query_id = data.get("query_id")
    task = known.get(query_id) if isinstance(query_id, str) else None
    if task is None or meta.get("tasks_sha256") != task["meta"]["tasks_sha256"] or data != task["data"]:
        expected = next(iter(known.values()))["meta"]["tasks_sha256"]
        raise UserError(
            f"{path} is an export of other tasks than data/tasks.json: its task {at} ({query_id}) carries tasks_sha256 "
            f"{str(meta.get('tasks_sha256'))[:12]}, this run's is {expected[:12]}. A judgement of another text does not count: "
            "review the tasks of this run, or go back to the parameters and data that the reviews were made for"
        )
    return str(query_id)


def _judgement(query_id: str, annotator: str, result: list[dict[str, Any]]) -> tuple[Judgement | None, list[str]]:
    answers: dict[str, list[str]] = {}
    problems: list[str] = []
    for item in result:
        control = controls().get(item.get("from_name", ""))
        if control is None:
            problems.append(f"answers {item.get('from_name')!r}, which the interface does not ask")
            continue
        given, wrong = _answer(control, item)
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
        # A text that was left in a hidden box is no edit.
        verdict,
        edited if verdict == "edit" else "",
        tuple(sorted(answers.get("reject_reason", []))) if verdict == "reject" else (),
        (answers.get("notes") or [""])[0].strip(),
    ), []


def _answer(control: Control, item: dict[str, Any]) -> tuple[list[str], list[str]]:
    value = item.get("value") or {}
    if control.kind == "rating":
        rating = value.get("rating")
        return (
            ([str(rating)], [])
            if rating in (1, 2, 3, 4, 5)
            else ([], [f"answers {control.name} with {rating!r}, not 1 to 5"])
        )
    given = value.get("choices" if control.kind == "choices" else "text") or []
    given = [given] if isinstance(given, str) else given
    if control.kind == "textarea":
        return ["\n".join(str(text) for text in given)] if given else [], []
    return given, [
        f"answers {control.name} with {answer!r}, which is not offered"
        for answer in given
        if answer not in control.answers
    ]
