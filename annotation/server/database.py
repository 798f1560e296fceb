"""Where Label Studio keeps its data: a file of SQLite by default, or a PostgreSQL named by an address."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.errors import UserError

FORM = "postgresql://USER@HOST:PORT/NAME (the password stands in PGPASSWORD)"


@dataclass(frozen=True)
class Database:
    """A database as Django is told of it. `file` is SQLite's, None for a PostgreSQL; `password` is kept out of what is printed."""

    django: Mapping[str, Any]
    file: Path | None
    password: str = field(default="", repr=False)

    @property
    def kind(self) -> str:
        """Label Studio's own word for it: sqlite or postgresql."""
        return "sqlite" if self.file else "postgresql"


def sqlite_database(file: Path, durable: bool = True) -> Database:
    """A database in one file. Without `durable` the machine's stop, though not the server's, may lose the last seconds: for tests."""
    # WAL lets people read while one writes. A transaction that writes takes the lock when it begins, since one that takes it
    # later fails at once, whatever the time limit says, when another has written in between.
    options = {
        "timeout": 60,  # seconds
        "transaction_mode": "IMMEDIATE",
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={'FULL' if durable else 'OFF'}",
    }
    return Database({"ENGINE": "django.db.backends.sqlite3", "NAME": str(file.absolute()), "OPTIONS": options}, file)


def postgresql_database(address: str, environment: Mapping[str, str]) -> Database:
    """The PostgreSQL at an address like `postgresql://user@host:5432/name`; the password from PGPASSWORD, or in the address.

    Raises UserError, without quoting a password, when the address is none.
    """
    if "://" not in address or any(letter <= " " for letter in address):
        raise UserError(f"the database is not named by an address: it must read {FORM}")
    try:
        parts = urlsplit(address)
        port = parts.port or 5432
    except ValueError as error:
        raise UserError(f"the database's address has no readable host and port: it must read {FORM}") from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise UserError(
            f"Label Studio keeps its data in SQLite or PostgreSQL; the address begins with {parts.scheme}://, not postgresql://"
        )
    name = unquote(parts.path.removeprefix("/"))
    if (
        not parts.username
        or not parts.hostname
        or not re.fullmatch(r"[^/\0]{1,63}", name)
        or parts.query
        or parts.fragment
    ):
        raise UserError(f"the database's address lacks a part or has one too many: it must read {FORM}")
    django = {
        "ENGINE": "django.db.backends.postgresql",
        "USER": unquote(parts.username),
        "HOST": unquote(parts.hostname),
        "PORT": str(port),
        "NAME": name,
    }
    return Database(django, None, unquote(parts.password or "") or environment.get("PGPASSWORD", ""))


def copy_sqlite(source: Path, target: Path) -> None:
    """A whole copy of a database, also of one that somebody writes to."""
    with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)
