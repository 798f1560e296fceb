"""Bring every person's project to what it should hold: import what is missing, drop what is no longer asked, keep all work.

Pushed twice, nothing changes the second time. Whatever died in between, client or server, the next push finds what is there by
query and hash and completes it; a copy that a dying run left behind is removed, the one with work in it never.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.assignment import Assignment, assign
from annotation.exported import Role
from annotation.studio.connection import Connection
from annotation.studio.planning import CHANGED, Marking, Plan, declined_queries, drops_something, marking, plan
from annotation.studio.projects import (
    Appearance,
    Place,
    ensure_place,
    find_places,
    user_ids,
    without_account,
    without_person,
)
from annotation.studio.reading import (
    ANNOTATED,
    DRAFTED,
    NOT_ANNOTATED,
    NOT_DRAFTED,
    HeldTask,
    held_tasks,
    ids_of,
    skipped_tasks,
)
from annotation.studio.underway import ImportNote, alone
from pipeline.errors import LimiError, UserError
from pipeline.files import sha256_text
from pipeline.sections import Review

BATCH = 500  # tasks; larger ones are no faster, and a killed import is lost as a whole
BATCH_BYTES = 16 * 2**20
_DELETED_AT_ONCE = 500  # ids; SQLite takes some thousands of parameters
_ROUNDS = 3  # comparisons of a project until it must be as wanted
Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, and of how much


@dataclass
class Pushed:
    """What a push did in one person's project, in tasks. `superseded` keep somebody's work and are out of the queue."""

    name: str
    role: Role
    project: int
    created: int = 0
    kept: int = 0
    superseded: int = 0
    deleted: int = 0
    revived: int = 0


@dataclass
class PushSummary:
    """One entry for each person, by name, and sentences about what somebody should see to."""

    people: list[Pushed]
    warnings: list[str] = field(default_factory=list)


def push(
    connection: Connection,
    tasks: Sequence[dict[str, Any]],
    review: Review,
    seed: int,
    appearance: Appearance,
    folder: Path,
    progress: Progress | None = None,
) -> PushSummary:
    """Give the tasks of data/tasks.json to the annotators. `folder` keeps the lock. Raises UserError and LimiError, to be run again."""
    return _push(
        connection,
        tasks,
        review,
        appearance,
        folder,
        progress,
        "annotator",
        lambda queries, held, declined: assign(
            queries, review.annotators, review.overlap, review.calibration, seed, held, declined
        ),
    )


def push_disputed(
    connection: Connection,
    tasks: Sequence[dict[str, Any]],
    review: Review,
    seed: int,
    appearance: Appearance,
    folder: Path,
    progress: Progress | None = None,
) -> PushSummary:
    """Give disputed tasks, which show their reviews (`data.reviews_html`), to the adjudicators, each to one of them."""
    if not review.adjudicators:
        raise UserError(
            "review.adjudicators of params.yaml names nobody who could decide; name somebody who is no annotator"
        )
    return _push(
        connection,
        tasks,
        review,
        appearance,
        folder,
        progress,
        "adjudicator",
        lambda queries, held, declined: assign(queries, review.adjudicators, 1, 0, seed, held, declined),
    )


def _push(
    connection: Connection,
    tasks: Sequence[dict[str, Any]],
    review: Review,
    appearance: Appearance,
    folder: Path,
    progress: Progress | None,
    role: Role,
    give: Callable[[list[str], Mapping[str, set[str]], Mapping[str, set[str]]], Assignment],
) -> PushSummary:
    people = review.annotators if role == "annotator" else review.adjudicators
    by_query = {task["meta"]["query_id"]: task for task in tasks}
    if len(by_query) != len(tasks):
        raise UserError("data/tasks.json has two tasks of one query; `dvc repro route_reviews` writes it anew")
    with alone(folder) as note:
        note.settle(connection.server, lambda project: _count(connection, project))
        found = find_places(connection, review.project, *appearance.wanted())
        places = [ensure_place(connection, found, name, role, review.project, appearance) for name in sorted(people)]
        accounts = user_ids(connection)
        held = {}
        declined = {}
        for at, place in enumerate(places):
            if progress:
                progress("reading what is there", at, len(places))
            held[place.name] = held_tasks(connection, place.project) if place in found else []
            account = accounts.get(people[place.name].casefold())
            skipped = skipped_tasks(connection, place.project, account) if account and held[place.name] else set()
            declined[place.name] = declined_queries(by_query, held[place.name], skipped)
        has = {name: {one.query_id for one in ones} & by_query.keys() for name, ones in held.items()}
        assignment = give(list(by_query), has, declined)
        warnings = [
            *connection.warnings,
            *without_account(connection, people, accounts),
            *without_person(found, review),
        ]
        summary = PushSummary([], warnings)
        for place in places:
            # What somebody has skipped stays in their project as it is, so that they can judge it after all.
            wanted = {
                query_id: _meta(by_query[query_id], place, query_id in assignment.calibration)
                for query_id in [*assignment.queries[place.name], *sorted(declined[place.name])]
            }
            project = _Project(connection, place, place not in found, note, progress)
            summary.people.append(project.bring_to(wanted, by_query, held.pop(place.name)))
        return summary


class _Project:
    """One person's project while it is brought to what it should hold."""

    def __init__(
        self, connection: Connection, place: Place, new: bool, note: ImportNote, progress: Progress | None
    ) -> None:
        self._connection = connection
        self._new = new
        self._place = place
        self._note = note
        self._progress = progress
        self._done = Pushed(place.name, place.role, place.project)

    def bring_to(
        self, wanted: dict[str, dict[str, Any]], by_query: Mapping[str, dict[str, Any]], held: list[HeldTask]
    ) -> Pushed:
        """Compare, change, and count; once more if the count is not as expected, because a killed run's import came late.

        A project that was made now cannot have any of those.
        """
        for attempt in range(_ROUNDS):
            annotated: set[int] = set()
            worked: set[int] = set()
            if drops_something(wanted, held):
                annotated = ids_of(self._connection, self._place.project, ANNOTATED)
                worked = annotated | ids_of(self._connection, self._place.project, DRAFTED)
            made = plan(wanted, held, worked)
            self._change(made, annotated)
            self._import([{"data": by_query[query]["data"], "meta": wanted[query]} for query in made.create], len(held))
            if attempt == 0:
                self._done.kept = made.kept
            expected = len(held) - len(made.delete) + len(made.create)
            if self._new or not (made.create or made.delete) or self._count() == expected:
                return self._done
            held = held_tasks(self._connection, self._place.project)
        raise LimiError(
            f"the project of {self._place.name} ({self._place.project}) does not come to hold what it should: something else changes "
            "its tasks at the same time. Push again when that has ended"
        )

    def _change(self, made: Plan, annotated: set[int]) -> None:
        left = self._delete(made.delete)
        marks = [*made.mark, *(marking(one, CHANGED) for one in left)]
        for at, mark in enumerate([*marks, *made.revive]):
            self._tell("marking", at, len(marks) + len(made.revive))
            self._mark(mark, annotated)
        self._done.superseded += len(marks)
        self._done.deleted += len(made.delete) - len(left)
        self._done.revived += len(made.revive)
        made.delete = [one for one in made.delete if one not in left]

    def _delete(self, tasks: list[HeldTask]) -> list[HeldTask]:
        """Delete tasks that nobody has worked on, and return those that somebody has begun in this moment.

        The server itself leaves out what has an annotation or a draft, so that nothing can come between the question and the deletion.
        """
        left = []
        for at in range(0, len(tasks), _DELETED_AT_ONCE):
            self._tell("deleting", at, len(tasks))
            some = tasks[at : at + _DELETED_AT_ONCE]
            chosen = {
                "filters": {"conjunction": "and", "items": [NOT_ANNOTATED, NOT_DRAFTED]},
                "selectedItems": {"all": False, "included": [one.task for one in some]},
            }
            done = self._connection.write(
                "POST", "/api/dm/actions", chosen, id="delete_tasks", project=self._place.project
            )
            if not isinstance(done, dict) or done.get("processed_items") != len(some):
                there = {one.task for one in held_tasks(self._connection, self._place.project)}
                left += [one for one in some if one.task in there]
        return left

    def _mark(self, mark: Marking, annotated: set[int]) -> None:
        # Label Studio hands out a task that is not done and is asked of somebody. One asked of nobody (overlap 0) counts as done.
        state = (
            {"overlap": 1, "is_labeled": mark.task in annotated} if mark.queued else {"overlap": 0, "is_labeled": True}
        )
        self._connection.write("PATCH", f"/api/tasks/{mark.task}", {"meta": mark.meta, **state})

    def _import(self, tasks: list[dict[str, Any]], there: int) -> None:
        sent = 0
        with ThreadPoolExecutor(1) as ahead:
            left = batches(tasks)
            following = ahead.submit(next, left, None)
            # While the server works on one batch, the next is written as JSON.
            while (batch := following.result()) is not None:
                following = ahead.submit(next, left, None)
                count, body = batch
                self._tell("importing", sent, len(tasks))
                self._note.write(self._connection.server, self._place.project, there + sent + count)
                self._connection.write("POST", f"/api/projects/{self._place.project}/import", body, again=False)
                self._note.remove()
                sent += count
                self._done.created += count
        if tasks:
            self._tell("importing", sent, len(tasks))

    def _count(self) -> int:
        return _count(self._connection, self._place.project)

    def _tell(self, what: str, done: int, total: int) -> None:
        if self._progress:
            self._progress(f"{what} tasks of {self._place.name}", done, total)


def batches(tasks: Sequence[dict[str, Any]]) -> Iterator[tuple[int, bytes]]:
    """`(how many, JSON list)` of tasks in their order, no more than BATCH and about BATCH_BYTES at once."""
    pieces: list[bytes] = []
    size = 0
    for task in tasks:
        piece = json.dumps(task).encode()
        if pieces and (len(pieces) == BATCH or size + len(piece) > BATCH_BYTES):
            yield len(pieces), b"[" + b",".join(pieces) + b"]"
            pieces, size = [], 0
        pieces.append(piece)
        size += len(piece)
    if pieces:
        yield len(pieces), b"[" + b",".join(pieces) + b"]"


def _meta(task: dict[str, Any], place: Place, common: bool) -> dict[str, Any]:
    phase = "adjudication" if place.role == "adjudicator" else "calibration" if common else "review"
    meta: dict[str, Any] = task["meta"] | {"annotator": place.name, "phase": phase}
    panels = [task["data"].get(name) or "" for name in ("judge_html", "reviews_html")]
    return meta | {"panels_sha256": sha256_text("\0".join(panels))} if any(panels) else meta


def _count(connection: Connection, project: int) -> int:
    answer = connection.read(f"/api/projects/{project}")
    count = answer.get("task_number") if isinstance(answer, dict) else None
    return count if type(count) is int else -1
