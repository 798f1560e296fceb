"""From what Label Studio stored to a row of real-world queries: nothing is taken that the form does not ask, or that another wrote.

Label Studio believes whoever writes, so each submission is held against the form and its contributor's account. What the row says is
not judged here: `limi intake import` does that, for rows of every source alike.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from annotation.intake.form import CONSENT, questions
from pipeline.real_world import MOST_OF_A_LINE

FORMAT = "limi-intake 1"
_SHOWN = 60  # characters of an answer that is not offered


class _Value(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    choices: list[str] = []
    text: list[str] | str = []


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    from_name: str
    value: _Value


_ANSWERS = TypeAdapter(list[_Answer])


@dataclass(frozen=True)
class Submission:
    """One annotation of the server, as it came (`raw`), and in whose project it stands."""

    contributor: str
    project: int
    task: int
    raw: dict[str, Any]


@dataclass(frozen=True)
class Collected:
    """Rows with where they come from, and what cannot be taken, with the reason; both in the order of projects and annotations."""

    queries: list[dict[str, Any]]
    refused: list[dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """What `limi intake import` reads."""
        return {"format": FORMAT, "queries": self.queries, "refused": self.refused}


def collect(found: Iterable[Submission], accounts: Mapping[str, int]) -> Collected:
    """Sort submissions into rows and refused ones. `accounts` is the contributor's name -> id of their account on the server."""
    collected = Collected([], [])
    for one in sorted(found, key=lambda one: (one.project, _number(one.raw), one.task)):
        if one.raw.get("was_cancelled") is True:
            continue
        number = _number(one.raw)
        where = {"contributor": one.contributor, "project": one.project, "task": one.task, "annotation": number}
        reason = _not_theirs(one, accounts.get(one.contributor))
        at = _moment(one.raw.get("created_at"))
        row, problem = _row(one.raw.get("result"))
        reason = reason or problem or ("" if at and number else "it has no number or no date")
        if reason:
            collected.refused.append({**where, "reason": reason})
        else:
            times = {"submitted_at": at, "updated_at": _moment(one.raw.get("updated_at"))}
            collected.queries.append({"row": {"id": _id(number, at), **row}, **where, **times})
    return collected


def _id(annotation: int, at: str) -> str:
    """Stable for an annotation, whatever is changed in it and wherever the server stands; names nobody."""
    return f"ls-{annotation}-{hashlib.sha256(at.encode()).hexdigest()[:8]}"


def _not_theirs(one: Submission, account: int | None) -> str:
    if one.raw.get("unreadable") is True:
        return "Label Studio itself fails on what was submitted, most likely for half a surrogate pair; delete it there, fill another form"
    if account is None:
        return f"{one.contributor} has no account on the server, so it cannot be theirs"
    by, changed = one.raw.get("completed_by"), one.raw.get("updated_by")
    if type(by) is not int or by != account or changed not in (None, account):
        return (
            f"account {changed if changed not in (None, account) else by} wrote it, and {one.contributor}'s is {account}: consent is given "
            "by nobody else. Delete it in Label Studio; the contributor fills another form"
        )
    return ""


def _row(result: Any) -> tuple[dict[str, Any], str]:
    try:
        answers = _ANSWERS.validate_python(result)
    except (ValidationError, RecursionError):
        return {}, "its answers are not in the form in which Label Studio stores them"
    row: dict[str, Any] = {}
    for answer in answers:
        name, offered = answer.from_name, questions().get(answer.from_name)
        given = answer.value.choices or (
            [answer.value.text] if isinstance(answer.value.text, str) else answer.value.text
        )
        if offered is None:
            return {}, f"it answers {name[:_SHOWN]!a}, which the form does not ask"
        if name in row or len(given) != 1:
            return {}, f"it answers {name} more than once or with nothing"
        if offered and given[0] not in offered:
            return {}, f"it answers {name} with {given[0][:_SHOWN]!a}, which is not offered"
        if len(given[0]) > MOST_OF_A_LINE or not _is_text(given[0]):
            return {}, f"its answer to {name} is endless, or holds half a surrogate pair"
        row[name] = given[0]
    if "success_criteria" in row:
        row["success_criteria"] = [line.strip() for line in row["success_criteria"].split("\n") if line.strip()]
    if "consent" in row:
        row["consent"] = row["consent"] == CONSENT
    return row, ""


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number(raw: Mapping[str, Any]) -> int:
    value = raw.get("id")
    return value if type(value) is int and 0 < value < 2**63 else 0


def _moment(value: Any) -> str:
    """A moment of the server in UTC, to the microsecond; empty if it is none."""
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC).isoformat() if at.tzinfo else ""
    except (TypeError, ValueError, OverflowError):
        return ""
