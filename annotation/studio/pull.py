"""Bring home what was submitted: read every project of the review, take what counts, and keep the rest in quarantine.

A pull reads what has changed since the last one, by the server's clock and with a margin, and then compares numbers: the server
counts annotations and skips of a project without looking at dates. Where its numbers differ from ours, something was deleted that
left no trace, and the project is read as a whole. So the result is that of a full pull, byte for byte.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from annotation.exported import Export, Role, read_export, write_export
from annotation.studio.connection import Connection
from annotation.studio.ingest import Found, ingest
from annotation.studio.projects import Place, find_places, user_ids
from annotation.studio.reading import DRAFTED, annotated_tasks, ids_of
from annotation.studio.remembered import ProjectMemory, read_memory, remembered_path, write_memory
from pipeline.errors import UserError
from pipeline.files import write_json, write_text
from pipeline.sections import Review

MARGIN = (
    120.0  # seconds; how long before its commit a change may have been dated, and how far servers' clocks may differ
)
QUARANTINE = "limi-quarantine 1"
_LOOKS = 3  # at what has changed, until numbers that differ mean that something was deleted
Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, and of how much


@dataclass
class Pulled:
    """One person's project in numbers: annotations that count, are refused, are stale (see ingest.py) or skips; drafts; tasks waiting."""

    name: str
    role: Role
    project: int
    counted: int
    refused: int
    stale: int
    skipped: int
    drafts: int
    waiting: int


@dataclass
class PullSummary:
    """One entry for each project; how many tasks were read, and of how many projects all; sentences about what to see to.

    `skipped` is (person, query_id), sorted: what a person skipped and has not judged after all.
    """

    people: list[Pulled]
    read: int
    projects_read_whole: int
    warnings: list[str]
    skipped: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class PullResult:
    """The export, what does not count (see ingest.py), and the numbers."""

    export: Export
    quarantine: list[dict[str, Any]]
    summary: PullSummary


def pull(
    connection: Connection,
    tasks: list[dict[str, Any]],
    review: Review,
    folder: Path,
    full: bool = False,
    progress: Progress | None = None,
) -> PullResult:
    """Read what was submitted on the tasks of data/tasks.json. `folder` remembers it for the next time; `full` reads everything anew."""
    accounts = user_ids(connection)
    places = list(find_places(connection, review.project))
    path = remembered_path(folder, connection.server, review.project)
    if not places:
        raise UserError(
            f"{connection.server} has no project of {review.project!r}; `limi annotate push` makes them. If there were some, see "
            "review.server and review.project in params.yaml"
        )
    known = {} if full else read_memory(path, connection.server, review.project)
    memory: dict[int, ProjectMemory] = {}
    summary = PullSummary([], 0, 0, list(connection.warnings))
    waiting: dict[int, int] = {}
    drafts: dict[int, int] = {}
    for at, place in enumerate(places):
        if progress:
            progress(f"reading the project of {place.name}", at, len(places))
        reading = _read(connection, place, known.get(place.project))
        memory[place.project] = reading.memory
        summary.read += reading.tasks
        summary.projects_read_whole += reading.whole
        waiting[place.project] = reading.waiting
        drafts[place.project] = len(ids_of(connection, place.project, DRAFTED))
    ingested = ingest(
        tasks,
        review,
        accounts,
        [
            Found(place, number, task["meta"], raw)
            for place in places
            for number, task in memory[place.project].tasks.items()
            for raw in task["annotations"]
        ],
    )
    write_memory(path, connection.server, review.project, memory)
    summary.skipped = ingested.declined
    summary.people += [
        Pulled(
            name=place.name,
            role=place.role,
            project=place.project,
            counted=ingested.counted[place.project],
            refused=ingested.refused[place.project],
            stale=ingested.stale[place.project],
            skipped=ingested.skipped[place.project],
            drafts=drafts[place.project],
            waiting=waiting[place.project],
        )
        for place in places
    ]
    if progress:
        progress("reading the projects", len(places), len(places))
    return PullResult(ingested.export, ingested.quarantine, summary)


def quarantine_path(export: Path) -> Path:
    """Where the refused annotations of an export are kept: beside it."""
    return export.with_name(f"{export.stem}.quarantine.json")


def write_pulled(result: PullResult, export: Path) -> int:
    """Write export and quarantine. Without a refused annotation there is no quarantine file.

    Gives how many judgements the export before had and this one neither counts nor refuses. If there are any, the one before is kept as
    `earlier_path` names it: somebody has deleted them on the server, or it is another server.
    """
    gone = _gone(result, export)
    if gone:
        write_text(earlier_path(export), export.read_text(encoding="utf-8"))
    # First what was refused: a kill in between never leaves an export whose gaps nobody can explain.
    path = quarantine_path(export)
    if result.quarantine:
        write_json(path, {"format": QUARANTINE, "refused": result.quarantine})
    else:
        path.unlink(missing_ok=True)
    write_export(export, result.export)
    return gone


def earlier_path(export: Path) -> Path:
    """Where an export is kept whose judgements have gone from the server."""
    return export.with_name(f"{export.stem}.earlier.json")


def _gone(result: PullResult, export: Path) -> int:
    try:
        before = read_export(export)
    except UserError:
        return 0  # there is none, or none that could be read
    known = {(task.query_id, given.annotator) for task in result.export.tasks for given in task.annotations}
    known |= {(entry["query_id"], entry["annotator"]) for entry in result.quarantine}
    asked = {task.query_id for task in result.export.tasks}
    return sum(
        task.query_id in asked and (task.query_id, given.annotator) not in known
        for task in before.tasks
        for given in task.annotations
    )


@dataclass(frozen=True)
class _Reading:
    """A project as it is now, how many of its tasks had to be read for that, and whether those were all."""

    memory: ProjectMemory
    tasks: int
    whole: bool
    waiting: int


@dataclass(frozen=True)
class _Numbers:
    """What the server itself counts in a project; -1 where it does not tell."""

    annotations: int
    skips: int
    waiting: int


def _read(connection: Connection, place: Place, known: ProjectMemory | None) -> _Reading:
    now = connection.server_time  # of the answer before, so nothing can fall between it and what is read now
    read = 0
    # With a clock that went back, or without one, nobody can tell what was changed since.
    if known is not None and now is not None and now >= known.read_at:
        since = _moment(known.read_at - MARGIN)
        for _ in range(_LOOKS):
            read += known.take(annotated_tasks(connection, place.project, since))
            numbers = _numbers(connection, place)
            if known.counts() == (numbers.annotations, numbers.skips):
                return _Reading(ProjectMemory(now, known.tasks), read, False, numbers.waiting)
        now = connection.server_time
    whole = ProjectMemory(now or 0.0)
    read += whole.take(annotated_tasks(connection, place.project, None))
    return _Reading(whole, read, True, _numbers(connection, place).waiting)


def _numbers(connection: Connection, place: Place) -> _Numbers:
    answer = connection.read(f"/api/projects/{place.project}")

    def number(name: str) -> int:
        value = answer.get(name) if isinstance(answer, dict) else None
        return value if type(value) is int else -1

    return _Numbers(
        number("total_annotations_number"),
        number("skipped_annotations_number"),
        max(0, number("task_number") - number("finished_task_number")),
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
