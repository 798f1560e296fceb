"""What a push has to do in one project: a pure comparison of the tasks that are wanted there with those that it holds.

A task is the same as another if it is of the same query and the same facts (`task_sha256`), and shows the same of others' opinions
(`panels_sha256`: the model judge's, and for adjudicators the reviews). What somebody has worked on is never deleted: if it is no longer
asked, it is marked and taken out of the queue, and if its text comes back one day, so does the work.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.studio.reading import HeldTask, text_of

CHANGED = "the query or its pull request has changed since"
GONE = "the query is not asked any more"
DOUBLE = "another copy of the same task is kept"
_MARKS = ("superseded", "superseded_by")


@dataclass(frozen=True)
class Marking:
    """A task whose meta is to be changed, and whether it is in the annotator's queue afterwards."""

    task: int
    meta: dict[str, Any]
    queued: bool


@dataclass
class Plan:
    """Wanted queries to import, held tasks to delete, to mark as superseded and to bring back; `kept` of the wanted ones are there."""

    create: list[str] = field(default_factory=list)
    delete: list[HeldTask] = field(default_factory=list)
    mark: list[Marking] = field(default_factory=list)
    revive: list[Marking] = field(default_factory=list)
    kept: int = 0


def plan(wanted: dict[str, dict[str, Any]], held: Collection[HeldTask], worked: Collection[int]) -> Plan:
    """The plan for one project: `wanted` is query_id -> meta in the order of import, `worked` the ids of tasks with work in them.

    Of several copies of a task the one with work stays, else the oldest. Tasks that are not ours (without query_id) are left alone.
    """
    made = Plan()
    by_query: defaultdict[str, list[HeldTask]] = defaultdict(list)
    for one in sorted(held, key=lambda one: (one.task not in worked, one.task)):
        if one.query_id:
            by_query[one.query_id].append(one)
    for query_id, meta in wanted.items():
        copies = by_query.pop(query_id, [])
        same = [one for one in copies if _same(one, meta, worked)]
        if not same:
            made.create.append(query_id)
        else:
            made.kept += 1
            if same[0].superseded or same[0].hidden:
                made.revive.append(_unmarked(same[0]))
        for one in copies:
            if one not in same[:1]:
                _drop(made, one, DOUBLE if one in same else CHANGED, text_of(meta, "task_sha256"), worked)
    for copies in by_query.values():
        for one in copies:
            _drop(made, one, GONE, "", worked)
    return made


def drops_something(wanted: dict[str, dict[str, Any]], held: Collection[HeldTask]) -> bool:
    """Whether a plan may drop or bring back a task, so that it has to be known which tasks somebody has worked on."""
    expected = {_identity(query_id, meta) for query_id, meta in wanted.items()}
    seen = set()
    for one in held:
        identity = _identity(one.query_id, one.meta)
        if one.query_id and (identity not in expected or identity in seen or one.hidden or one.superseded):
            return True
        seen.add(identity)
    return False


def declined_queries(
    by_query: Mapping[str, dict[str, Any]], held: Collection[HeldTask], skipped: Collection[int]
) -> set[str]:
    """Which of the tasks to be pushed somebody has skipped. Who skipped an earlier text is asked about the new one."""
    return {
        one.query_id
        for one in held
        if one.task in skipped
        and one.query_id in by_query
        and text_of(one.meta, "task_sha256") == by_query[one.query_id]["meta"]["task_sha256"]
    }


def marking(one: HeldTask, reason: str, by: str = "") -> Marking:
    """A task taken out of the queue, with the reason in its meta."""
    return Marking(one.task, one.meta | {"superseded": reason, "superseded_by": by}, queued=False)


def _identity(query_id: str, meta: dict[str, Any]) -> tuple[str, str, str]:
    return query_id, text_of(meta, "task_sha256"), text_of(meta, "panels_sha256")


def _same(one: HeldTask, meta: dict[str, Any], worked: Collection[int]) -> bool:
    if text_of(one.meta, "task_sha256") != text_of(meta, "task_sha256"):
        return False
    # What was judged stands: also where the judge is shown or hidden since, or a review that an adjudicator saw has changed a note.
    return one.task in worked or text_of(one.meta, "panels_sha256") == text_of(meta, "panels_sha256")


def _unmarked(one: HeldTask) -> Marking:
    return Marking(one.task, {name: value for name, value in one.meta.items() if name not in _MARKS}, queued=True)


def _drop(made: Plan, one: HeldTask, reason: str, by: str, worked: Collection[int]) -> None:
    if one.task not in worked:
        made.delete.append(one)
        return
    mark = marking(one, reason, by)
    if not one.hidden or mark.meta != one.meta:
        made.mark.append(mark)
