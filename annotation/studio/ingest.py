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
from typing import Any, Literal

from annotation.exported import Export, ReviewedTask, Role, Submitted
from annotation.judgements import read_judgement
from annotation.studio.projects import Place
from annotation.studio.reading import text_of
from annotation.tasks import tasks_sha256
from pipeline.sections import Review

MOST_BYTES = 2**20  # of one annotation; a long one has some thousands
_SHOWN = 2000  # characters of one that is larger
_LAST = datetime.max.replace(tzinfo=UTC)
Kind = Literal["stale", "refused"]


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
    """The export, what does not count with `kind`, `reason` and `answer`, and how many of each project were counted and so on.

    The kind is "stale" for what was right once (an earlier text, a query or a person no longer in the review), else "refused".
    `declined` is (person, query) of what somebody has skipped and not judged after all, sorted.
    """

    export: Export
    quarantine: list[dict[str, Any]]
    counted: Counter[int]
    refused: Counter[int]
    stale: Counter[int]
    skipped: Counter[int]
    declined: list[tuple[str, str]]


def ingest(
    tasks: list[dict[str, Any]], review: Review, accounts: Mapping[str, int], found: Iterable[Found]
) -> Ingested:
    """Sort annotations into what counts and what does not. `accounts` is e-mail address in small letters -> id on the server."""
    people: dict[Role, dict[str, int | None]] = {
        "annotator": {name: accounts.get(address.casefold()) for name, address in review.annotators.items()},
        "adjudicator": {name: accounts.get(address.casefold()) for name, address in review.adjudicators.items()},
    }
    known = {task["meta"]["query_id"]: task["meta"] for task in tasks}
    faulty: list[tuple[Found, Kind, str]] = []
    skipped: Counter[int] = Counter()
    answered: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}  # by whether it is a skip
    good: dict[tuple[Role, str], list[tuple[Found, Submitted]]] = defaultdict(list)
    for one in sorted(found, key=lambda one: (one.order, one.place.project, one.task)):
        fault = _about_task(one, known) or _about_person(one, people)
        if fault:
            faulty.append((one, *fault))
            continue
        skip = one.raw.get("was_cancelled") is True
        answered[skip].add((one.place.name, one.query_id))
        if skip:
            skipped[one.place.project] += 1
            continue
        before = good[one.place.role, one.query_id]
        submitted, reason = _submitted(one)
        reason = reason or _about_others(one, before, review)
        if submitted is None or reason:
            faulty.append((one, "refused", reason))
        else:
            before.append((one, submitted))
    return Ingested(
        _export(tasks, [submitted for some in good.values() for submitted in some]),
        sorted((_entry(one, kind, reason) for one, kind, reason in faulty), key=_entry_order),
        Counter(given.project for some in good.values() for _, given in some),
        Counter(one.place.project for one, kind, _ in faulty if kind == "refused"),
        Counter(one.place.project for one, kind, _ in faulty if kind == "stale"),
        skipped,
        sorted(answered[True] - answered[False]),
    )


def _about_task(one: Found, known: Mapping[str, Mapping[str, Any]]) -> tuple[Kind, str] | None:
    if not one.query_id:
        return "refused", "its task is none that was pushed; delete the task in Label Studio"
    if one.raw.get("unreadable") is True:
        return "refused", (
            "Label Studio itself fails on what was submitted on this task, most likely for half a surrogate pair in a text; nobody can "
            f"read it there. Remove it (DELETE /api/tasks/{one.task}) and push again, and the annotator is asked anew"
        )
    meta = known.get(one.query_id)
    if meta is None:
        return "stale", "its query is not asked any more: data/tasks.json does not have it"
    if text_of(one.meta, "task_sha256") != meta["task_sha256"]:
        return "stale", (
            "it is of an earlier text: the query or its pull request has changed since; the new one is a task of its own"
        )
    return None


def _about_person(one: Found, people: Mapping[Role, Mapping[str, int | None]]) -> tuple[Kind, str] | None:
    place, by = one.place, one.raw.get("completed_by")
    if place.name not in people[place.role]:
        return "stale", (
            f"{place.name} is not among review.{place.role}s of params.yaml: put the name back and the judgement counts again"
        )
    expected = people[place.role][place.name]
    if expected is None:
        return "refused", (
            f"{place.name} has no account on the server, so it cannot be theirs; `limi annotate up` makes one"
        )
    if by != expected or type(by) is not int:
        shown = by if type(by) is int else "that is not there any more"
        return "refused", (
            f"it was submitted as account {shown}, and {place.name}'s is {expected}: their address in params.yaml was changed (put the "
            "earlier one back and it counts again), or somebody tried the project out, or somebody wrote in another's name (if it is one "
            "of these two, delete it in Label Studio, and the task comes back to its annotator)"
        )
    # The server takes `completed_by` from whoever writes; `updated_by` is the account that really did, last.
    if one.raw.get("updated_by") not in (None, expected):
        return "refused", (
            f"it stands in {place.name}'s name (account {expected}), and account {one.raw['updated_by']} wrote or changed it; delete it in "
            "Label Studio, and the task comes back to its annotator"
        )
    return None


def _about_others(one: Found, before: list[tuple[Found, Submitted]], review: Review) -> str:
    same = next((other for other, _ in before if other.place.name == one.place.name), None)
    if same:
        return (
            f"{one.place.name} has judged this query twice, and the first counts (annotation {same.raw['id']} of task {same.task}); "
            "delete the one that shall not count in Label Studio, then pull again"
        )
    if one.place.role == "adjudicator":
        if before:
            return f"{before[0][0].place.name} has decided it already, and the first decision counts"
        return ""
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


def _entry(one: Found, kind: Kind, reason: str) -> dict[str, Any]:
    size = _size(one.raw)
    whole = size is not None and size <= MOST_BYTES
    return {
        "query_id": _printable(one.query_id[:200]),
        "role": one.place.role,
        "annotator": one.place.name,
        "project": one.place.project,
        "task": one.task,
        "annotation": one.raw.get("id") if type(one.raw.get("id")) is int else None,
        "kind": kind,
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
