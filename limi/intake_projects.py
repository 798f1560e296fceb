"""`limi intake project` and `pull`: blank forms for contributors in Label Studio, and what they wrote, as a file for the import."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from annotation.intake.submitted import FORMAT, Collected, collect
from annotation.studio.connection import connect
from annotation.studio.intake import bring_forms, submissions
from limi.screen import OUT, cell, line, table
from pipeline.errors import UserError
from pipeline.files import write_json
from pipeline.params import read_params
from pipeline.sections import EMail, PersonName, Review

STATE = Path(".limi/annotation")
_PERSON = TypeAdapter(tuple[PersonName, EMail])


def make_projects(forms: int, names: Sequence[str]) -> None:
    """Make or refresh the contributors' projects, and show what is in each."""
    review = read_params().review
    people = contributors(review, names)
    with connect(review.server) as connection:
        done, warnings = bring_forms(connection, people, review.project, forms, STATE)
    shown = table("contributor", ">project", ">made", ">blank", ">filled")
    for one in done:
        shown.add_row(*map(cell, (one.name, one.project, one.made, one.blank, one.filled)))
    OUT.print(shown)
    for warning in warnings:
        line(warning, "yellow")
    line(
        f"Contributors open their project at {review.server}, press Label All Tasks and fill a form; then `limi intake pull`"
    )


def pull_submissions(to: Path, names: Sequence[str]) -> None:
    """Read what was submitted and write it to `to`; say what was refused, and what an earlier pull had and is gone."""
    review = read_params().review
    with connect(review.server) as connection:
        found, accounts = submissions(connection, contributors(review, names), review.project)
        warnings = connection.warnings
    collected = collect(found, accounts)
    gone = _gone(to, collected)
    write_json(to, collected.document())
    for warning in warnings:
        line(warning, "yellow")
    for one in collected.refused:
        line(
            f"refused: annotation {one['annotation']} of task {one['task']} by {one['contributor']}: {one['reason']}",
            "red",
        )
    if gone:
        line(
            f"gone from the server since the last pull: {', '.join(gone)}; ask, and `limi intake withdraw` what was meant",
            "yellow",
        )
    line(f"{to}: {len(collected.queries)} queries; `limi intake import {to}` checks and takes them")


def contributors(review: Review, names: Sequence[str]) -> dict[str, str]:
    """Name -> e-mail address of those named, as NAME or NAME=ADDRESS; of everybody in the review if nobody is."""
    known = review.annotators | review.adjudicators
    people = {}
    for given in names:
        name, separator, address = given.partition("=")
        if not separator and name not in known:
            raise UserError(f"--contributor {name!a} is nobody of section review in params.yaml; write NAME=ADDRESS")
        try:
            people[name] = _PERSON.validate_python((name, address if separator else known[name]))[1]
        except ValidationError:
            raise UserError(
                f"--contributor {given!a}: a name has small letters, digits and hyphens, an address is like ada@example.org"
            ) from None
    return people or known


def _gone(to: Path, collected: Collected) -> list[str]:
    try:
        before: Any = json.loads(to.read_text(encoding="utf-8"))
        ids = {entry["row"]["id"] for entry in before["queries"]} if before["format"] == FORMAT else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []  # there was none, or it is none; it is written anew in any case
    now = {entry["row"]["id"] for entry in collected.queries}
    there = {entry["annotation"] for entry in collected.refused}
    return sorted(name for name in ids - now if isinstance(name, str) and not _is_of(name, there))


def _is_of(query_id: str, annotations: set[int]) -> bool:
    return any(query_id.startswith(f"ls-{number}-") for number in annotations)
