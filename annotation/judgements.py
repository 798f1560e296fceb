"""From what Label Studio stored to a judgement: nothing is taken that the interface did not ask for. Label Studio checks none of this.

Used twice, on the way in (a problem sends the annotation to quarantine) and on each reading of the export (a problem ends the run).
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from annotation.exported import Role, problem_of
from annotation.interface import Control, controls
from annotation.render.markup import unseen

MOST_CHARACTERS = 8_000  # of an edited query, as of a real-world one
_LONGEST = 1e8  # seconds, three years: no time spent on a task
_MARKING = ("labels", "hypertextlabels")


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Value(_Shape):
    """An answer: of choices, of a rating (1 to 5), of a text area (one text or several), or a marked text with its labels."""

    choices: list[str] = []
    rating: Any = None
    text: list[str] | str = []
    labels: list[str] = []
    hypertextlabels: list[str] = []


class Answer(_Shape):
    """One answered control of the interface."""

    from_name: str
    value: Value


_ANSWERS = TypeAdapter(list[Answer])


@dataclass(frozen=True)
class Mark:
    """Words that an annotator marked in the query or in the diff, and the label they gave them."""

    control: str
    label: str
    text: str


@dataclass(frozen=True)
class Judgement:
    """One person's answers on one query. `edited_query` is empty unless the verdict is edit.

    `at` is when it was submitted, `lead_seconds` what the browser says it took (None where not known), `project` and `task` where it
    stands in Label Studio.
    """

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
    marks: tuple[Mark, ...] = ()
    role: Role = "annotator"
    at: datetime | None = None
    lead_seconds: float | None = None
    project: int = 0
    task: int = 0


def read_judgement(query_id: str, annotator: str, annotation: dict[str, Any]) -> tuple[Judgement | None, list[str]]:
    """The judgement of one annotation (with `result`, and as far as known `created_at`, `lead_time`, `project`, `task`, `role`).

    Instead of one, the problems in words, each to be read after "annotation 7 by amara: ".
    """
    try:
        result = _ANSWERS.validate_python(annotation.get("result"))
        # What an export cannot hold: half of a surrogate pair, an infinite number, more brackets than can be read back.
        json.dumps(annotation["result"], ensure_ascii=False, allow_nan=False).encode()
        judgement, problems = _judgement(query_id, annotator, result)
    except (ValidationError, RecursionError) as error:
        return None, [problem_of(error)]
    except ValueError:
        return None, ["holds what is no text or no number of JSON"]
    if judgement is None:
        return None, problems
    return replace(
        judgement,
        role="adjudicator" if annotation.get("role") == "adjudicator" else "annotator",
        at=_moment(annotation.get("created_at")),
        lead_seconds=_seconds(annotation.get("lead_time")),
        project=_whole(annotation.get("project")),
        task=_whole(annotation.get("task")),
    ), []


def _judgement(query_id: str, annotator: str, result: list[Answer]) -> tuple[Judgement | None, list[str]]:
    answers: dict[str, list[str]] = {}
    marks: list[Mark] = []
    problems: list[str] = []
    for item in result:
        control = controls().get(item.from_name)
        if control is None:
            problems.append(f"answers {item.from_name[:60]!r}, which the interface does not ask")
            continue
        given, wrong = _answer(control, item.value)
        problems += wrong
        if control.kind in _MARKING:
            marks += [Mark(control.name, label, _text(item.value)) for label in given]
        else:
            answers.setdefault(control.name, []).extend(given)
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
    if verdict == "edit":
        problems += _about_edit(edited)
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
        tuple(marks),
    ), []


def _about_edit(edited: str) -> list[str]:
    """Why an edited query cannot go into the pool as it is."""
    problems = []
    if len(edited) > MOST_CHARACTERS:
        problems.append(f"gives an edited query of {len(edited):,} characters; the longest has {MOST_CHARACTERS:,}")
    if names := unseen(edited):
        problems.append(f"gives an edited query with characters that nobody sees ({', '.join(names[:5])})")
    return problems


def _answer(control: Control, value: Value) -> tuple[list[str], list[str]]:
    if control.kind == "rating":
        if type(value.rating) is not int or not 1 <= value.rating <= 5:
            return [], [f"answers {control.name} with {str(value.rating)[:60]!r}, not 1 to 5"]
        return [str(value.rating)], []
    if control.kind == "textarea":
        text = _text(value)
        return [text] if text else [], []
    given = value.choices
    if control.kind in _MARKING:
        given = value.labels if control.kind == "labels" else value.hypertextlabels
        if not given:
            return [], [f"marks words for {control.name} without a label"]
    return given, [
        f"answers {control.name} with {answer[:60]!r}, which is not offered"
        for answer in given
        if answer not in control.answers
    ]


def _text(value: Value) -> str:
    return value.text if isinstance(value.text, str) else "\n".join(value.text)


def _whole(value: Any) -> int:
    return value if type(value) is int and 0 < value < 2**63 else 0


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 <= value <= _LONGEST else None
