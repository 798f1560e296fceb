"""What a server stands on: a database that is whole or made anew, a copy before another version takes it over, a key of its own."""

import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from annotation.server.installation import held
from annotation.server.prepare import prepare
from annotation.server.process import Server
from pipeline.errors import UserError
from tests.annotation.server.postgresql import Cluster
from tests.annotation.server.template import FOLDER, PEOPLE, copy_sqlite_template, environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which the environment is made already."""
    environment()
    studio = tmp_path / "studio"
    studio.mkdir()
    for name in ("environment", "environment.made"):
        (studio / name).symlink_to(FOLDER / name)
    return studio


def with_work(folder: Path) -> Path:
    """Put a database with somebody's work in the folder."""
    copy_sqlite_template(folder / "data")
    database = folder / "data/label_studio.sqlite3"
    with closing(sqlite3.connect(database)) as writer, writer:
        writer.execute("CREATE TABLE work (verdict TEXT)")
        writer.execute("INSERT INTO work VALUES ('accept')")
    return database


def work_in(database: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(database)) as reader:
        return reader.execute("SELECT verdict FROM work").fetchall()


def test_a_database_that_never_became_whole_is_made_anew(folder: Path) -> None:
    assert prepare(folder, environment={}).new
    leftover = folder / "data/label_studio.sqlite3"
    leftover.write_bytes(b"half")
    (folder / "data/label_studio.sqlite3-wal").write_bytes(b"a")
    assert prepare(folder, environment={}).new
    assert not leftover.exists()
    assert not leftover.with_name("label_studio.sqlite3-wal").exists()


def test_one_that_is_whole_is_left_as_it_is(folder: Path) -> None:
    database = with_work(folder)
    assert not prepare(folder, environment={}).new
    assert work_in(database) == [("accept",)]
    assert not (folder / "data/copies").exists()


@pytest.mark.parametrize("pin", ["0" * 64, None])
def test_one_of_another_version_is_copied_first(folder: Path, pin: str | None) -> None:
    database = with_work(folder)
    (folder / "data/pin").unlink()
    if pin:
        (folder / "data/pin").write_text(pin)
    assert not prepare(folder, environment={}).new
    (copy,) = (folder / "data/copies").iterdir()
    assert work_in(copy) == work_in(database) == [("accept",)]
    with closing(sqlite3.connect(database)) as writer, writer:
        writer.execute("DROP TABLE work")  # as a takeover may that then fails
    prepare(folder, environment={})
    first, second = sorted((folder / "data/copies").iterdir())
    assert first == copy
    assert work_in(first) == [("accept",)]
    assert second.stat().st_size > 0


def test_a_database_that_somebody_is_making_is_not_touched(folder: Path) -> None:
    making = prepare(folder, environment={})
    (making.data / "label_studio.sqlite3").write_bytes(b"half")
    with held(making.data / "running"), pytest.raises(UserError, match="a Label Studio runs on"):
        prepare(folder, environment={})
    assert (making.data / "label_studio.sqlite3").read_bytes() == b"half"


def test_every_folder_has_a_key_of_its_own_that_stays_and_is_its_owners_alone(folder: Path) -> None:
    key = prepare(folder, environment={}).data / ".env"
    first = key.read_text()
    assert re.fullmatch(r"SECRET_KEY=[0-9a-f]{64}\n", first)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    prepare(folder, environment={})
    assert key.read_text() == first


def test_the_database_may_be_named_by_a_variable(folder: Path) -> None:
    variables = {"LABEL_STUDIO_DATABASE_URL": "postgresql://ada@127.0.0.1/reviews", "PGPASSWORD": "x"}
    assert prepare(folder, environment=variables).database.kind == "postgresql"
    assert prepare(folder, environment={}).database.kind == "sqlite"


def test_a_postgresql_that_cannot_be_reached_is_told_in_a_sentence(folder: Path) -> None:
    installation = prepare(folder, "postgresql://ada:tops3cret@127.0.0.1:1/reviews", {})
    with pytest.raises(UserError, match=r"database cannot be used: .*refused") as refused:
        Server(installation, PEOPLE, port=0).start()
    assert "tops3cret" not in str(refused.value) + (folder / "data/server.log").read_text()


def test_a_wrong_password_for_postgresql_is_told_in_a_sentence(folder: Path) -> None:
    with Cluster() as cluster:
        installation = prepare(folder, cluster.url("postgres"), {"PGPASSWORD": "wrong-one"})
        with pytest.raises(UserError, match="password authentication failed"):
            Server(installation, PEOPLE, port=0).start()
    assert "wrong-one" not in (folder / "data/server.log").read_text()


def test_a_database_of_a_later_version_is_refused_and_left_alone(folder: Path) -> None:
    database = with_work(folder)
    with closing(sqlite3.connect(database)) as writer, writer:
        writer.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('tasks', '9999_later', '2030-01-01')"
        )
    with pytest.raises(UserError, match=r"made by another Label Studio than this one: .* tasks 9999_later"):
        Server(prepare(folder, environment={}), PEOPLE, port=0).start()
    assert work_in(database) == [("accept",)]


def test_a_folder_named_from_here_is_found_from_the_servers_own_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    installation = prepare(Path("studio"), environment={})
    assert installation.python.is_absolute() and installation.data == folder / "data"
