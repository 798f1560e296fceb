"""What a server stands on: Label Studio's environment, its data folder and its database, made ready without starting anything."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from annotation.server.database import Database, copy_sqlite, postgresql_database, sqlite_database
from annotation.server.installation import REQUIREMENTS, held, install, make_private
from pipeline.files import atomic, write_text


@dataclass(frozen=True)
class Installation:
    """Label Studio's interpreter, the folder with people's work and the server's log, and the database."""

    python: Path
    data: Path
    database: Database

    @property
    def new(self) -> bool:
        """Whether the database has never been whole: nothing can be lost of it, so it is made without waiting for the disk."""
        return (self.data / "unfinished").exists()

    def migrated(self) -> None:
        """Note that the database is whole and at this version."""
        if self.database.file:
            with self.database.file.open("rb+") as file:
                os.fsync(file.fileno())
        write_text(self.data / "pin", pin() + "\n")
        (self.data / "unfinished").unlink(missing_ok=True)


def prepare(folder: Path, database_url: str = "", environment: Mapping[str, str] | None = None) -> Installation:
    """Everything in `folder` that a server needs, made where it is missing.

        folder/environment/   Label Studio (see installation.py)
        folder/data/          the SQLite database, the server's key and its log
        folder/data/copies/   the database as it was before another version of Label Studio took it over

    `database_url` names a PostgreSQL to use in place of SQLite; its copies are its owner's business. Raises UserError, also when a
    server runs on the folder, and LimiError.
    """
    variables = os.environ if environment is None else environment
    database_url = database_url or variables.get("LABEL_STUDIO_DATABASE_URL", "")
    folder = folder.absolute()  # the server works in a folder of its own
    data = folder / "data"
    database = (
        postgresql_database(database_url, variables) if database_url else sqlite_database(data / "label_studio.sqlite3")
    )
    python = install(folder)
    make_data(data)
    if database.file:
        with held(data / "running"):
            _settle(data, database.file)
    return Installation(python, data, database)


def make_data(data: Path) -> None:
    """Make the data folder, with the key by which the server signs sessions. Both are readable by their owner alone."""
    make_private(data)
    # Label Studio would make a key itself, but forgets one that begins with $ at the next start, and writes it to the log.
    key = data / ".env"
    if not key.exists():
        with atomic(key) as unfinished:
            unfinished.touch(mode=0o600)
            unfinished.write_text(f"SECRET_KEY={secrets.token_hex(32)}\n", encoding="ascii")


def _settle(data: Path, database: Path) -> None:
    """Remove a database that never became whole, and copy one that another version of Label Studio will take over."""
    if (data / "unfinished").exists():
        for leftover in data.glob(f"{database.name}*"):
            leftover.unlink()
    if not database.exists():
        (data / "unfinished").touch()
        return
    was = (data / "pin").read_text(encoding="utf-8").strip() if (data / "pin").exists() else "unknown"
    if was != pin():
        copies = data / "copies"
        make_private(copies)
        # Numbered: after a takeover that failed, what is copied next is no longer what it was.
        with atomic(copies / f"{len(list(copies.glob('*.sqlite3'))) + 1}-{was[:12]}.sqlite3") as unfinished:
            copy_sqlite(database, unfinished)


def pin() -> str:
    """The hash of the list of packages: another one may bring another form of the database."""
    return hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()


def copy_data(source: Path, target: Path) -> None:
    """Copy a data folder with its SQLite database, also while a server uses it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("label_studio.sqlite3*", "running", "server.log"))
    copy_sqlite(source / "label_studio.sqlite3", target / "label_studio.sqlite3")
