"""What a project of the server holds, page by page and without what its tasks show: ids, marks and annotations only.

A task's HTML is thousands of times larger than what is asked here. `include` keeps it out of the answer, `review` keeps the server from
working out the columns of its data manager. Pages go by the id of the last task read, so that a task that comes or goes between two
pages shifts none of the others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from annotation.studio.connection import Connection
from pipeline.errors import LimiError

PAGE = 1000  # tasks
Filter = dict[str, Any]
ANNOTATION = ("completed_by", "updated_by", "was_cancelled", "created_at", "updated_at", "lead_time", "result")
_EVERY_ANNOTATION = ("id", "meta", "annotations", *ANNOTATION)
ANNOTATED: Filter = {
    "filter": "filter:tasks:annotations_ids",
    "operator": "empty",
    "type": "Boolean",
    "value": False,
}
NOT_ANNOTATED = ANNOTATED | {"value": True}
DRAFTED: Filter = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean", "value": True}
NOT_DRAFTED = DRAFTED | {"value": False}
_SKIPPED: Filter = {
    "filter": "filter:tasks:cancelled_annotations",
    "operator": "greater",
    "type": "Number",
    "value": 0,
}
_WHOSE_SKIP = ("id", "annotations", "completed_by", "updated_by", "was_cancelled")


@dataclass(frozen=True)
class HeldTask:
    """A task that the server has: its id there, what we wrote beside it, and whether it is kept out of the annotator's queue."""

    task: int
    meta: dict[str, Any]
    hidden: bool

    @property
    def query_id(self) -> str:
        """The query it shows; empty if it is none of ours."""
        return text_of(self.meta, "query_id")

    @property
    def superseded(self) -> bool:
        """Whether it was marked as no longer asked."""
        return bool(self.meta.get("superseded"))


def held_tasks(connection: Connection, project: int) -> list[HeldTask]:
    """Every task of a project, by id."""
    held = []
    for row in _rows(connection, project, ("id", "meta", "overlap"), []):
        held.append(
            HeldTask(row["id"], row["meta"] if isinstance(row.get("meta"), dict) else {}, row.get("overlap") == 0)
        )
    return held


def ids_of(connection: Connection, project: int, wanted: Filter) -> set[int]:
    """The ids of the tasks that a filter lets through."""
    return {row["id"] for row in _rows(connection, project, ("id",), [wanted])}


def skipped_tasks(connection: Connection, project: int, account: int) -> set[int]:
    """The ids of the tasks that an account has skipped and not judged after all. A skip that another wrote in its name is none."""
    skipped = set()
    for row in _rows(connection, project, _WHOSE_SKIP, [_SKIPPED], fields="all", review="true"):
        own = [one for one in _annotations(row) if account_of(one.get("completed_by")) == account]
        if own and all(
            one.get("was_cancelled") is True and account_of(one.get("updated_by")) in (None, account) for one in own
        ):
            skipped.add(row["id"])
    return skipped


def account_of(shown: Any) -> Any:
    """The number of an account, which Label Studio shows alone or in a dict with name and address."""
    return shown.get("id") if isinstance(shown, dict) else shown


def annotated_tasks(connection: Connection, project: int, since: str | None) -> Iterator[dict[str, Any]]:
    """Tasks with `id`, `meta` and all their `annotations`: every annotated one, or each that changed after `since` (UTC, ISO).

    With `since`, one that has no annotation any more comes with an empty list. Where Label Studio fails on one of them, its annotations
    are one dict with `unreadable`.
    """
    wanted = ANNOTATED
    if since:
        wanted = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": since}
    for row in _rows(connection, project, _EVERY_ANNOTATION, [wanted], fields="all", review="true"):
        meta = row.get("meta")
        yield {"id": row["id"], "meta": meta if isinstance(meta, dict) else {}, "annotations": _annotations(row)}


def _annotations(row: dict[str, Any]) -> list[dict[str, Any]]:
    annotations = row.get("annotations")
    return [one for one in annotations if isinstance(one, dict)] if isinstance(annotations, list) else []


def _rows(
    connection: Connection,
    project: int,
    include: tuple[str, ...],
    filters: list[Filter],
    **more: str,
) -> Iterator[dict[str, Any]]:
    """Rows by id. A page that the server fails on is read again in smaller ones, until the task is found that it fails on."""
    last, size = 0, PAGE
    while True:
        try:
            rows = _page(connection, project, include, filters, last, size, tell=size == 1 or size == PAGE, **more)
        except LimiError as error:
            if getattr(error, "status", 0) != 500:
                raise
            if size > 1:
                size = size // 8 or 1
                continue
            # Half a surrogate pair that an annotator typed is stored, and then no answer can hold it.
            (row,) = _page(connection, project, ("id", "meta"), filters, last, 1, tell=True)
            rows = [row | {"annotations": [{"unreadable": True}]}]
        # One with two annotations stands in such a list twice.
        once = {row["id"]: row for row in rows if row["id"] > last}
        for at in sorted(once):
            yield once[at]
        if len(rows) < size or not once:
            return
        last, size = max(once), min(PAGE, size * 8)


def _page(
    connection: Connection,
    project: int,
    include: tuple[str, ...],
    filters: list[Filter],
    last: int,
    size: int,
    tell: bool,
    **more: str,
) -> list[dict[str, Any]]:
    """Up to `size` rows with ids above `last`. If `tell`, a failure is taken for one only after some tries."""
    after: Filter = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
    query = {"filters": {"conjunction": "and", "items": [*filters, after]}}
    answer = connection.read(
        "/api/tasks",
        patient=tell,
        project=project,
        include=",".join(include),
        page_size=size,
        resolve_uri="false",
        query=json.dumps(query),
        **more,
    )
    rows = answer.get("tasks") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and type(row.get("id")) is int for row in rows):
        raise LimiError(
            f"{connection.server} answers with no list of tasks for project {project}; is it a Label Studio?"
        )
    return rows


def text_of(meta: dict[str, Any], name: str) -> str:
    """A text of a task's meta; empty if there is none."""
    value = meta.get(name)
    return value if isinstance(value, str) else ""
