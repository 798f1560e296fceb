"""The projects of a review in Label Studio: one for each person, found again by a line in its description.

Label Studio's open edition has neither assignments nor roles. In a project of their own nobody is handed another's task, and what
somebody is asked is exactly what stands in it. The line names person, role and review, so that a title can be changed by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from annotation.exported import Role
from annotation.studio.connection import Connection, RefusedError
from pipeline.errors import LimiError, UserError
from pipeline.sections import Review

MARKER = "limi-review"
ROLES = ("annotator", "adjudicator", "contributor")
_MOST_TITLE = 50  # characters, Label Studio's limit
_PAGE = 100


@dataclass(frozen=True)
class Place:
    """A person's project: its id on the server, and whose it is."""

    project: int
    name: str
    role: Role


@dataclass(frozen=True)
class Appearance:
    """What a project looks like: the labelling interface (XML), the guide (HTML) and Label Studio's own settings."""

    interface: str
    guide: str
    settings: Mapping[str, Any]

    def wanted(self) -> dict[str, Any]:
        """The same as fields of a project in Label Studio's API."""
        return {"label_config": self.interface, "expert_instruction": self.guide, **self.settings}


def find_places(connection: Connection, review: str, *fields: str) -> dict[Place, dict[str, Any]]:
    """The projects of a review (`review.project`), by id, with some fields of each: also those of people who take part no more."""
    places = {}
    for name, role, row in marked_projects(connection, review, fields):
        if role == "annotator" or role == "adjudicator":
            places[Place(row["id"], name, "annotator" if role == "annotator" else "adjudicator")] = row
    return dict(sorted(places.items(), key=lambda found: found[0].project))


def marked_projects(
    connection: Connection, review: str, fields: Iterable[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """`(name, role, project)` of every project whose description has a line of the review's, by id; a project once."""
    for row in _projects(connection, fields):
        description = row.get("description")
        for line in description.splitlines() if isinstance(description, str) else ():
            marker, _, rest = line.strip().partition(" ")
            name, _, rest = rest.partition(" ")
            role, _, of = rest.partition(" ")
            if (marker, of) == (MARKER, review) and role in ROLES:
                yield name, role, row
                break


def made_project(connection: Connection, name: str, role: str, review: str, fields: Mapping[str, Any]) -> int:
    """Make a person's project and give its id. `fields` has title and description, to which the line that it is found by is added."""
    described = f"{fields['description']} Leave the next line as it is, by it the project is found.\n{MARKER} {name} {role} {review}"
    wanted = {**fields, "title": fields["title"][:_MOST_TITLE], "description": described}
    made = connection.write("POST", "/api/projects", wanted, again=False)
    if not isinstance(made, dict) or type(made.get("id")) is not int:
        raise LimiError(f"{connection.server} does not tell the id of the project that it made for {name}")
    number: int = made["id"]
    return number


def ensure_place(
    connection: Connection,
    places: Mapping[Place, Mapping[str, Any]],
    name: str,
    role: Role,
    review: str,
    appearance: Appearance,
) -> Place:
    """The person's project, made if it is not among `places` (of `find_places`), with interface, guide and settings as wanted.

    With the fields `appearance.wanted()` in `places`, only what differs is sent.
    """
    wanted = appearance.wanted()
    # If two were made by two pushes at once, the older one is theirs.
    place = next((place for place in places if (place.name, place.role) == (name, role)), None)
    if place is None:
        return _made(connection, name, role, review, wanted)
    # Label Studio cleans the guide's HTML in its own way, so what it gives back may differ from what it was given.
    if changed := {key: value for key, value in wanted.items() if places[place].get(key) != value}:
        _change(connection, place, changed)
    return place


def _made(connection: Connection, name: str, role: Role, review: str, wanted: dict[str, Any]) -> Place:
    fields = {"title": f"{review} · {name}", "description": f"Reviews by {name} ({role}).", **wanted}
    return Place(made_project(connection, name, role, review, fields), name, role)


def user_ids(connection: Connection) -> dict[str, int]:
    """E-mail address, in small letters, to the id of its account, of everyone on the server."""
    users = connection.read("/api/users")
    return {
        user["email"].casefold(): user["id"]
        for user in (users if isinstance(users, list) else [])
        if isinstance(user, dict) and isinstance(user.get("email"), str) and type(user.get("id")) is int
    }


def without_account(connection: Connection, people: Mapping[str, str], accounts: Mapping[str, int]) -> list[str]:
    """A sentence about each of these people (name to address) that has none of the accounts of `user_ids`."""
    return [
        f"{name} has no account {address} on {connection.server}: what another account submits there does not count as theirs"
        for name, address in sorted(people.items())
        if address.casefold() not in accounts
    ]


def without_person(places: Iterable[Place], review: Review) -> list[str]:
    """A sentence about each project whose person is not in the review any more."""
    people = {"annotator": review.annotators, "adjudicator": review.adjudicators}
    return [
        f"project {place.project} is {place.name}'s, who is not in review.{place.role}s: nothing is asked there any more and judgements "
        "there do not count"
        for place in places
        if place.name not in people[place.role]
    ]


def _change(connection: Connection, place: Place, changed: dict[str, Any]) -> None:
    try:
        connection.write("PATCH", f"/api/projects/{place.project}", changed)
    except RefusedError as error:
        if "label_config" not in changed:
            raise
        raise UserError(
            f"Label Studio does not take the present interface for the project of {place.name} ({place.project}): {error}. "
            "If an annotation there answers what the interface does not ask, `limi annotate pull` names it in the quarantine file: "
            "delete it in Label Studio, then push again"
        ) from None


def _projects(connection: Connection, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    page, last = 1, 0
    while True:
        include = ",".join(("id", "description", *fields))
        answer = connection.read("/api/projects", page=page, page_size=_PAGE, include=include, ordering="id")
        rows = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and type(row.get("id")) is int for row in rows):
            raise LimiError(f"{connection.server} answers with no list of projects; is it a Label Studio?")
        new = [row for row in rows if row["id"] > last]
        yield from new
        if not answer.get("next") or not new:
            return
        page, last = page + 1, new[-1]["id"]
