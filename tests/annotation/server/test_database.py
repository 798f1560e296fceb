"""A database is named by an address that is read in full or refused in a sentence, and no password is ever quoted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from annotation.server.database import copy_sqlite, postgresql_database, sqlite_database
from pipeline.errors import UserError

PASSWORD = "tops3cret"  # noqa: S105


def test_an_address_is_read_in_full() -> None:
    database = postgresql_database("postgresql://ada@db.example:6543/reviews", {"PGPASSWORD": PASSWORD})
    assert database.kind == "postgresql"
    assert dict(database.django) == {
        "ENGINE": "django.db.backends.postgresql",
        "USER": "ada",
        "HOST": "db.example",
        "PORT": "6543",
        "NAME": "reviews",
    }
    assert database.password == PASSWORD


def test_a_password_in_the_address_goes_before_the_one_in_the_environment_and_may_be_escaped() -> None:
    database = postgresql_database("postgres://ada:a%40b%2Fc@localhost/reviews", {"PGPASSWORD": PASSWORD})
    assert (database.password, database.django["PORT"]) == ("a@b/c", "5432")


def test_what_is_printed_of_a_database_holds_no_password() -> None:
    assert PASSWORD not in repr(postgresql_database(f"postgresql://ada:{PASSWORD}@localhost/reviews", {}))


@pytest.mark.parametrize(
    "address",
    [
        "reviews.sqlite3",
        f"mysql://ada:{PASSWORD}@localhost/reviews",
        f"postgresql://ada:{PASSWORD}@localhost",
        f"postgresql://ada:{PASSWORD}@localhost/",
        f"postgresql://ada:{PASSWORD}@localhost/a/b",
        f"postgresql://:{PASSWORD}@localhost/reviews",
        f"postgresql://ada:{PASSWORD}@/reviews",
        f"postgresql://ada:{PASSWORD}@localhost:port/reviews",
        f"postgresql://ada:{PASSWORD}@localhost:99999/reviews",
        f"postgresql://ada:{PASSWORD}@[::1/reviews",
        f"postgresql://ada:{PASSWORD}@localhost/reviews?sslmode=disable",
        f"postgresql://ada:{PASSWORD}@localhost/reviews#x",
        f"postgresql://ada:{PASSWORD}@local host/reviews",
        f"postgresql://ada:{PASSWORD}@localhost/reviews\n",
        f"postgresql://ada:{PASSWORD}@localhost/{'x' * 64}",
        "postgresql://" + "a" * 1_000_000,
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(UserError) as refused:
        postgresql_database(address, {"PGPASSWORD": PASSWORD})
    assert "postgresql://" in str(refused.value)
    assert PASSWORD not in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_copy_of_a_database_holds_what_its_writer_has_only_in_the_journal(tmp_path: Path) -> None:
    source, target = tmp_path / "source.sqlite3", tmp_path / "target.sqlite3"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE reviews (verdict TEXT)")
        writer.execute("INSERT INTO reviews VALUES ('accept')")
        copy_sqlite(source, target)
    with closing(sqlite3.connect(target)) as reader:
        assert reader.execute("SELECT verdict FROM reviews").fetchall() == [("accept",)]


def test_work_of_people_waits_for_the_disk_unless_a_test_says_otherwise(tmp_path: Path) -> None:
    commands = [sqlite_database(tmp_path / "x", durable).django["OPTIONS"]["init_command"] for durable in (True, False)]
    assert ["synchronous=FULL" in command for command in commands] == [True, False]
