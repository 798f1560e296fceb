"""What of a server's annotations counts: every one that can be trusted goes into the export, every other to quarantine with its reason.

Label Studio believes whoever writes: in whose name (`completed_by` is taken from the request), to which questions, with which answers, how
often. So each annotation is held here against the run's own tasks, people and questions. Pure: the same annotations give the same result,
whatever order they were read in.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from annotation.exported import Export, ReviewedTask, Role, Submitted
from annotation.judgements import read_judgement
from annotation.studio.projects import Place
from annotation.studio.reading import text_of
from annotation.tasks import tasks_sha256
from pipeline.sections import Review

MOST_BYTES = 2**20  # of one annotation; a long one has some thousands
_SHOWN = 2000  # characters of one that is larger
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """One annotation of the server (`raw`: id and the fields of reading.ANNOTATION), and where it stands."""

    place: Place
    task: int
    meta: dict[str, Any]
    raw: dict[str, Any]

    @property
    def query_id(self) -> str:
        """The query that its task shows; empty if that is none of ours."""
        return text_of(self.meta, "query_id")

    @property
    def order(self) -> tuple[datetime, int]:
        """Annotations in the order they were submitted in."""
        try:
            at = datetime.fromisoformat(self.raw.get("created_at", ""))
            at = at.astimezone(UTC) if at.tzinfo else _LAST
        except (TypeError, ValueError, OverflowError):
            at = _LAST
        number = self.raw.get("id")
        return at, number if type(number) is int else 0


@dataclass(frozen=True)
class Ingested:
    """The export, the refused annotations with `reason` and `answer`, and how many of each project were counted, refused and skipped."""

    export: Export
    quarantine: list[dict[str, Any]]
    counted: Counter[int]
    refused: Counter[int]
    skipped: Counter[int]


def ingest(
    tasks: list[dict[str, Any]], review: Review, accounts: Mapping[str, int], found: Iterable[Found]
) -> Ingested:
    """Sort annotations into what counts and what does not. `accounts` is e-mail address in small letters -> id on the server."""
    people: dict[Role, dict[str, int | None]] = {
        "annotator": {name: accounts.get(address.casefold()) for name, address in review.annotators.items()},
        "adjudicator": {name: accounts.get(address.casefold()) for name, address in review.adjudicators.items()},
    }
    known = {task["meta"]["query_id"]: task["meta"] for task in tasks}
    refused: list[tuple[Found, str]] = []
    skipped: Counter[int] = Counter()
    good: dict[tuple[Role, str], list[tuple[Found, Submitted]]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (one.order, one.place.project, one.task)):
        reason = _about_task(one, known) or _about_person(one, people)
        if not reason and one.raw.get("was_cancelled") is True:
            skipped[one.place.project] += 1
            continue
        submitted, reason = (None, reason) if reason else _submitted(one)
        if submitted is not None:
            reason = _about_others(one, good[one.place.role, one.query_id], review)
        if submitted is None or reason:
            refused.append((one, reason))
        else:
            good[one.place.role, one.query_id].append((one, submitted))
    return Ingested(
        _export(tasks, [submitted for some in good.values() for submitted in some]),
        sorted((_entry(one, reason) for one, reason in refused), key=_entry_order),
        Counter(given.project for some in good.values() for _, given in some),
        Counter(one.place.project for one, _ in refused),
        skipped,
    )


def _about_task(one: Found, known: Mapping[str, Mapping[str, Any]]) -> str:
    if not one.query_id:
        return "its task is none that was pushed; delete the task in Label Studio"
    if one.raw.get("unreadable") is True:
        return (
            "Label Studio itself fails on what was submitted on this task, most likely for half a surrogate pair in a text; nobody can "
            f"read it there. Remove it (DELETE /api/tasks/{one.task}) and push again, and the annotator is asked anew"
        )
    meta = known.get(one.query_id)
    if meta is None:
        return "its query is not asked any more: data/tasks.json does not have it"
    if text_of(one.meta, "task_sha256") != meta["task_sha256"]:
        return "it is of an earlier text: the query or its pull request has changed since; the new one is a task of its own"
    return ""


def _about_person(one: Found, people: Mapping[Role, Mapping[str, int | None]]) -> str:
    place, by = one.place, one.raw.get("completed_by")
    if place.name not in people[place.role]:
        return f"{place.name} is not among review.{place.role}s of params.yaml"
    expected = people[place.role][place.name]
    if expected is None:
        return f"{place.name} has no account on the server, so it cannot be theirs; `limi annotate up` makes one"
    if by != expected or type(by) is not int:
        shown = by if type(by) is int else "that is not there any more"
        return (
            f"it was submitted as account {shown}, and {place.name}'s is {expected}: somebody tried the project out, or wrote in "
            "another's name. Delete it in Label Studio, and the task comes back to its annotator"
        )
    # The server takes `completed_by` from whoever writes; `updated_by` is the account that really did, last.
    if one.raw.get("updated_by") not in (None, expected):
        return (
            f"it stands in {place.name}'s name (account {expected}), and account {one.raw['updated_by']} wrote or changed it; delete it in "
            "Label Studio, and the task comes back to its annotator"
        )
    return ""


def _about_others(one: Found, before: list[tuple[Found, Submitted]], review: Review) -> str:
    same = next((other for other, _ in before if other.place.name == one.place.name), None)
    if same:
        return (
            f"{one.place.name} has judged this query twice, and the first counts (annotation {same.raw['id']} of task {same.task}); "
            "delete the one that shall not count in Label Studio, then pull again"
        )
    most = 1
    if one.place.role == "annotator":
        common = any(text_of(other.meta, "phase") == "calibration" for other, _ in [*before, (one, None)])
        most = len(review.annotators) if common else review.overlap
    if len(before) >= most:
        return (
            f"{len(before)} judged this query before, and no more than {most} count; a larger review.overlap lets it in"
        )
    return ""


def _submitted(one: Found) -> tuple[Submitted | None, str]:
    raw = one.raw
    size = _size(raw)
    if size is None:
        return None, "it holds half a surrogate pair, which is no text"
    if size > MOST_BYTES:
        return None, f"it has {size:,} bytes, and none has more than {MOST_BYTES:,}"
    shown = {
        "project": one.place.project,
        "task": one.task,
        "annotator": one.place.name,
        "role": one.place.role,
        "created_at": raw.get("created_at"),
        "updated_at": raw.get("updated_at"),
        "lead_time": _seconds(raw.get("lead_time")),
        "result": raw.get("result"),
    }
    number = raw.get("id")
    if type(number) is not int or not all(isinstance(shown[name], str) for name in ("created_at", "updated_at")):
        return None, "it has no number or no date"
    _, problems = read_judgement(one.query_id, one.place.name, shown)
    if problems:
        return None, "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
    return Submitted.model_validate({"id": number, **shown}), ""


def _export(tasks: list[dict[str, Any]], submitted: list[tuple[Found, Submitted]]) -> Export:
    by_query: defaultdict[str, list[Submitted]] = defaultdict(list)
    for one, given in submitted:
        by_query[one.query_id].append(given)
    return Export(
        format="limi-reviews 1",
        tasks_sha256=tasks_sha256(tasks),
        tasks=[
            ReviewedTask(
                query_id=meta["query_id"],
                query_sha256=meta["query_sha256"],
                task_sha256=meta["task_sha256"],
                annotations=sorted(by_query[meta["query_id"]], key=lambda given: (given.role, given.annotator)),
            )
            for meta in sorted((task["meta"] for task in tasks), key=lambda meta: str(meta["query_id"]))
        ],
    )


def _entry(one: Found, reason: str) -> dict[str, Any]:
    size = _size(one.raw)
    whole = size is not None and size <= MOST_BYTES
    return {
        "query_id": _printable(one.query_id[:200]),
        "role": one.place.role,
        "annotator": one.place.name,
        "project": one.place.project,
        "task": one.task,
        "annotation": one.raw.get("id") if type(one.raw.get("id")) is int else None,
        "reason": _printable(reason),
        # What cannot be written or is too large is shown as the beginning of its JSON.
        "answer": one.raw if whole else json.dumps(one.raw, sort_keys=True)[:_SHOWN],
    }


def _entry_order(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        entry["query_id"],
        entry["role"],
        entry["annotator"],
        entry["project"],
        entry["task"],
        entry["annotation"] or 0,
    )


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _seconds(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) else None


def _size(raw: Mapping[str, Any]) -> int | None:
    """The bytes of an annotation; None if it is no text."""
    try:
        return len(json.dumps(raw, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return None
