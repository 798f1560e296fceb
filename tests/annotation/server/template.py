"""A Label Studio with a migrated database and accounts, made once for all tests and processes, and copied where one is needed.

Making a database takes half a minute of one core, copying one no time. They are kept beside the environment, in a folder named by what
they were made from, so that another version of Label Studio or of its preparation makes another. `make test` makes them while packages
are installed (`python -m tests.annotation.server.template sqlite`), so nothing is imported here but Python's own and this project's.
"""

import hashlib
import json
import os
import shutil
import sys
import time
import uuid
from dataclasses import asdict
from pathlib import Path

from annotation.server.accounts import Account, Person
from annotation.server.database import postgresql_database, sqlite_database
from annotation.server.installation import install
from annotation.server.prepare import Installation, copy_data, make_data, pin
from annotation.server.process import PROGRAM, Server
from pipeline.environment import locked
from tests.annotation.server.postgresql import Cluster

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".venv/label-studio"  # `make test` makes the environment there
A_DAY = 86_400  # seconds
OWNER = Person("limi", "limi@limi.example", "owner")
PEOPLE = [
    OWNER,
    *(Person(name, f"{name}@limi.example", "annotator") for name in ("amara", "bo", "chidi", "dana")),
    Person("erin", "erin@limi.example", "adjudicator"),
]


def environment() -> Path:
    """The interpreter of Label Studio's environment; it is made here if nobody did it before."""
    return install(FOLDER)


def template(kind: str) -> Path:
    """The folder that holds a prepared database of this kind, "sqlite" or "postgresql", and accounts.json with its people's keys."""
    python = environment()
    made_from = b"\0".join([pin().encode(), repr(PEOPLE).encode(), PROGRAM.read_bytes()])
    fingerprint = hashlib.sha256(made_from).hexdigest()[:16]
    made = FOLDER / "templates" / f"{kind}-{fingerprint}"
    made.parent.mkdir(exist_ok=True)
    with locked(made.parent / f"{kind}.lock"):
        if not made.exists():
            for old in made.parent.glob(f"{kind}-*"):
                if time.time() - old.stat().st_mtime > A_DAY:  # another checkout's process may be copying a newer one
                    shutil.rmtree(old)
            unfinished = made.with_name(f"{kind}-{uuid.uuid4().hex}")
            accounts = _make_sqlite(python, unfinished) if kind == "sqlite" else _make_postgresql(python, unfinished)
            (unfinished / "accounts.json").write_text(json.dumps([asdict(account) for account in accounts]))
            os.replace(unfinished, made)
    return made


def accounts_of(template_folder: Path) -> dict[str, Account]:
    """The accounts in a template by name, with their passwords."""
    rows = json.loads((template_folder / "accounts.json").read_text())
    return {row["name"]: Account(**row) for row in rows}


def _make_sqlite(python: Path, folder: Path) -> list[Account]:
    data = folder / "data"
    make_data(data)
    (data / "unfinished").touch()
    with Server(
        Installation(python, data, sqlite_database(data / "label_studio.sqlite3", durable=False)),
        PEOPLE,
        port=0,
        own_projects=False,
    ) as server:
        return server.accounts


def _make_postgresql(python: Path, folder: Path) -> list[Account]:
    make_data(folder / "data")
    with Cluster() as cluster:
        cluster.create("label_studio")
        database = postgresql_database(cluster.url("label_studio"), {"PGPASSWORD": cluster.password})
        with Server(Installation(python, folder / "data", database), PEOPLE, port=0, own_projects=False) as server:
            accounts = server.accounts
        cluster.stop()
        shutil.copytree(cluster.folder, folder / "cluster", ignore=shutil.ignore_patterns(".s.*", "log"))
        cluster.start()
    return accounts


def copy_sqlite_template(target: Path) -> Installation:
    """A Label Studio with the template's data in a folder of its own."""
    copy_data(template("sqlite") / "data", target)
    return Installation(environment(), target, sqlite_database(target / "label_studio.sqlite3", durable=False))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("sqlite", "postgresql"):
        sys.exit("say for which database: python -m tests.annotation.server.template sqlite|postgresql")
    template(sys.argv[1])
