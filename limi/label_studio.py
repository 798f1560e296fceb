"""`limi annotate up`: an account and a project for each person, on a Label Studio of this machine or on one that is there already."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from annotation.server.accounts import Account, Person, check_people
from annotation.server.invitation import invite
from annotation.server.prepare import prepare
from annotation.server.process import Server
from annotation.studio.connection import KEY, Connection, checked_key
from annotation.studio.projects import ensure_place, find_places
from limi.annotate import appearance
from limi.screen import OUT, cell, line, table
from pipeline.errors import UserError
from pipeline.params import read_params
from pipeline.sections import Review

OWNER = ("publisher", "publisher@limi.example")


def up(folder: Path, database: str, new_passwords: bool) -> None:
    """Make accounts and projects at `review.server`. If that is this machine and nothing answers there, start Label Studio and serve."""
    review = read_params().review
    address = urlsplit(review.server)
    key = os.environ.get(KEY, "")
    here = address.hostname in ("127.0.0.1", "localhost")
    if here and not (key and _answers(address.hostname or "", address.port or 80)):
        _serve(review, address.port or 80, folder, database, new_passwords)
        return
    if database or new_passwords:
        raise UserError(
            f"{review.server} is there already; --database and --new-passwords are for one that `up` starts"
        )
    accounts = invite(review.server, checked_key(key), _people(review))
    _tell(review.server, accounts)
    _make_projects(review, review.server, key, accounts)


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False


def _serve(review: Review, port: int, folder: Path, database: str, new_passwords: bool) -> None:
    key = os.environ.get(KEY, "")
    people = [Person(*OWNER, "owner", key), *_people(review)]
    check_people(people)  # before anything that takes minutes
    if not (folder / "environment").exists():
        line(f"making Label Studio's own environment in {folder} (800 MB, once)")
    installation = prepare(folder, database)
    if installation.new:
        line("making its database (a minute, once)")
    with Server(installation, people, port, new_passwords) as server:
        _tell(server.url, server.accounts)  # first, as passwords that were made now are kept nowhere
        _make_projects(review, server.url, server.accounts[0].token, server.accounts[1:])
        if not key:
            line(f"For `limi annotate push` and `pull`, in another terminal: export {KEY}={server.accounts[0].token}")
        line("Ctrl-C ends it; what people did is kept.")
        try:
            server.wait()
        except KeyboardInterrupt:
            line("Label Studio has ended; what people did is kept.")


def _people(review: Review) -> list[Person]:
    annotators = [Person(name, email, "annotator") for name, email in review.annotators.items()]
    return [*annotators, *(Person(name, email, "adjudicator") for name, email in review.adjudicators.items())]


def _make_projects(review: Review, server: str, key: str, accounts: Sequence[Account]) -> None:
    with Connection(server, key) as connection:
        places = find_places(connection, review.project)
        for account in accounts:
            if account.role != "owner":
                look = appearance(review, account.role == "adjudicator")
                ensure_place(connection, places, account.name, account.role, review.project, look)


def _tell(server: str, accounts: Sequence[Account]) -> None:
    line(f"Label Studio is at {server}", "bold")
    shown = table("name", "role", "log in with", "password")
    for account in accounts:
        shown.add_row(*map(cell, (account.name, account.role, account.email, account.password or "as before")))
    OUT.print(shown)
    if any(account.password for account in accounts):
        line("These passwords are shown now and are kept nowhere.")
    line("Everyone opens the project with their own name there and presses Label All Tasks.")
