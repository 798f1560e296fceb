"""The projects of contributors in Label Studio: one for each, with blank forms, and what was submitted in them.

Like a reviewer's, a project is found again by a line of its description, `limi-review NAME contributor REVIEW`. It has the same first
words, so the server of `limi annotate up` shows each contributor their own project alone; pushes and pulls of the review pass over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from annotation.intake.form import settings
from annotation.intake.submitted import Submission
from annotation.studio.connection import Connection, RefusedError
from annotation.studio.projects import made_project, marked_projects, user_ids, without_account
from annotation.studio.reading import ANNOTATED, annotated_tasks, held_tasks, ids_of
from annotation.studio.underway import alone
from pipeline.errors import UserError

ROLE = "contributor"
MOST_FORMS = 200  # blank at once for one contributor


@dataclass(frozen=True)
class FormProject:
    """One contributor's project: its id, how many forms were made now, how many are blank, how many are filled."""

    name: str
    project: int
    made: int
    blank: int
    filled: int


def bring_forms(
    connection: Connection, contributors: Mapping[str, str], review: str, forms: int, folder: Path
) -> tuple[list[FormProject], list[str]]:
    """A project for each contributor (name -> e-mail address) with at least `forms` blank ones, and sentences to show.

    May be repeated: a project is made once, and only as many forms are made as are missing. `folder` keeps two at once apart.
    """
    if not 1 <= forms <= MOST_FORMS:
        raise UserError(f"--forms must be 1 to {MOST_FORMS}, not {forms}")
    done = []
    wanted = settings()
    with alone(folder) as note:
        note.settle(connection.server, lambda project: len(held_tasks(connection, project)))
        found = _projects(connection, review, *wanted)
        for name in sorted(contributors):
            if name not in found:
                project = _made(connection, name, review, wanted)
                held, filled = 0, 0
            else:
                project = found[name]["id"]
                _refresh(connection, name, found[name], wanted)
                held = len(held_tasks(connection, project))
                filled = len(ids_of(connection, project, ANNOTATED))
            missing = max(0, forms - (held - filled))
            if missing:
                tasks = [{"data": {"form": f"Query {held + at + 1}"}} for at in range(missing)]
                note.write(connection.server, project, held + missing)
                connection.write("POST", f"/api/projects/{project}/import", tasks, again=False)
                note.remove()
            done.append(FormProject(name, project, missing, held - filled + missing, filled))
    return done, [*connection.warnings, *without_account(connection, contributors, user_ids(connection))]


def submissions(
    connection: Connection, contributors: Mapping[str, str], review: str
) -> tuple[list[Submission], dict[str, int]]:
    """What was submitted in the contributors' projects, and the account of each: name -> id on the server.

    Raises UserError where there is no such project. A contributor who is not among `contributors` has no account here.
    """
    found = _projects(connection, review)
    if not found:
        raise UserError(
            f"{connection.server} has no contributor's project of {review!r}; `limi intake project` makes them"
        )
    ids = user_ids(connection)
    accounts = {name: ids[email.casefold()] for name, email in contributors.items() if email.casefold() in ids}
    return [
        Submission(name, row["id"], task["id"], raw)
        for name, row in sorted(found.items())
        for task in annotated_tasks(connection, row["id"], None)
        for raw in task["annotations"]
    ], accounts


def _projects(connection: Connection, review: str, *fields: str) -> dict[str, dict[str, Any]]:
    """Contributor -> their project with its id and some fields; of two, made by two commands at once, the older one."""
    found: dict[str, dict[str, Any]] = {}
    for name, role, row in marked_projects(connection, review, fields):
        if role == ROLE:
            found.setdefault(name, row)
    return found


def _made(connection: Connection, name: str, review: str, wanted: Mapping[str, Any]) -> int:
    fields = {"title": f"{review} · queries of {name}", "description": f"Queries that {name} brings.", **wanted}
    return made_project(connection, name, ROLE, review, fields)


def _refresh(connection: Connection, name: str, row: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Send what differs. Label Studio cleans HTML in its own way, so that the guide may be sent each time."""
    changed = {key: value for key, value in wanted.items() if row.get(key) != value}
    if not changed:
        return
    try:
        connection.write("PATCH", f"/api/projects/{row['id']}", changed)
    except RefusedError as error:
        raise UserError(
            f"Label Studio does not take the present form for the project of {name} ({row['id']}): {error}. If one there was filled with "
            "what is not asked any more, pull and import it, delete it in Label Studio, then run this again"
        ) from None
