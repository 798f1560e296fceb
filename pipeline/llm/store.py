"""What a model answered and what it cost, kept on disk: no call is paid twice, and no dollar is forgotten.

One SQLite file, `calls.sqlite`. An attempt is written with the most it can cost before it is sent, and with its raw answer before
anybody reads that answer. Each write has reached the operating system when the call returns, so a killed process loses nothing;
synchronous=NORMAL does without waiting for the disk, so a power cut may lose the last moments, as a batch of transactions and never
a part of one. One process uses a store at a time.
"""

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

FILE = "calls.sqlite"
LOCK = "calls.lock"
_OURS = 0x4C494D49  # "LIMI", SQLite's application_id of our files
# Each takes the file from one version to the next; only ever add to the end.
_MIGRATIONS = (
    """
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,            -- what was asked: request.key_of
        batch TEXT NOT NULL,          -- our name of the batch it went with; empty: it went alone
        reserved INTEGER NOT NULL,    -- the most it can cost, in billionths of a dollar
        settled INTEGER,              -- what it cost; null: not known, so `reserved` counts
        outcome TEXT NOT NULL,        -- empty: on its way, or its process was killed
        answer BLOB,                  -- the raw body of an answer with status 2xx
        sent REAL NOT NULL            -- seconds since 1970
    );
    CREATE INDEX attempts_of_key ON attempts (key);
    CREATE TABLE replies (
        key TEXT PRIMARY KEY,
        attempt INTEGER NOT NULL REFERENCES attempts (id),
        request BLOB NOT NULL,        -- the JSON that was sent
        status INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost INTEGER NOT NULL,
        received REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE batches (
        name TEXT PRIMARY KEY,
        facts TEXT NOT NULL,          -- JSON; what it means, batch.py knows
        open INTEGER NOT NULL
    );
    """,
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply as the store has it."""

    key: str
    raw: bytes
    status: int
    input_tokens: int
    output_tokens: int
    cost: int  # billionths of a dollar


class Store:
    """The folder of one store. Raises UserError when another process uses it, or when it is broken or not one of ours."""

    spent: int  # billionths of a dollar over all attempts: what each cost, or else what was set aside for it

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / LOCK).open("ab")
        except OSError as error:
            raise self._broken(error) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise UserError(
                f"another process uses the store of the model's replies {self.path}; wait for it to end, or end it, and run the same "
                "command again"
            ) from None
        try:
            self._file = sqlite3.connect(self.path, isolation_level=None, timeout=30, cached_statements=32)
            self._open()
        except sqlite3.Error as error:
            self.close()
            raise self._broken(error) from None
        except UserError:
            self.close()
            raise

    def _open(self) -> None:
        version, ours = (
            self._file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        )
        empty = not self._file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if ours != _OURS and not empty:
            raise UserError(
                f"{self.path} is a database of something else; name another folder for the store of the model's replies"
            )
        if version > len(_MIGRATIONS):
            raise UserError(
                f"the store of the model's replies {self.path} was written by a newer version of this project (form {version}, this one "
                f"knows {len(_MIGRATIONS)}); use that version, or name another folder"
            )
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        for number, script in enumerate(_MIGRATIONS[version:], start=version + 1):
            # All of one step or nothing: SQLite's own schema changes and numbers are part of the transaction.
            self._file.executescript(
                f"BEGIN IMMEDIATE; {script} PRAGMA application_id={_OURS}; PRAGMA user_version={number}; COMMIT;"
            )
        self.spent = self._total()

    def reply(self, key: str) -> Kept | None:
        """The reply under a key, or None."""
        row = self._row(
            "SELECT replies.key, answer, status, input_tokens, output_tokens, cost FROM replies JOIN attempts ON attempts.id = attempt"
            " WHERE replies.key = ?",
            (key,),
        )
        return None if row is None else Kept(*row)

    def has_reply(self, key: str) -> bool:
        """Whether there is a reply under a key."""
        return self._row("SELECT 1 FROM replies WHERE key = ?", (key,)) is not None

    def unread(self, key: str) -> list[tuple[int, bytes]]:
        """`(attempt, raw answer)` of answers that no reply was made of: nobody could read them then, or the process was killed."""
        return self._rows(
            "SELECT id, answer FROM attempts WHERE key = ? AND answer IS NOT NULL ORDER BY id DESC", (key,)
        )

    def reserve(self, key: str, reserved: int, batch: str = "") -> int:
        """Write that an attempt is about to be sent and can cost so much; its number."""
        with self._errors():
            done = self._file.execute(
                "INSERT INTO attempts (key, batch, reserved, outcome, sent) VALUES (?, ?, ?, '', ?)",
                (key, batch, reserved, time.time()),
            )
        self.spent += reserved
        assert done.lastrowid is not None  # noqa: S101 - an INSERT has one
        return done.lastrowid

    def keep_answer(self, attempt: int, raw: bytes) -> None:
        """Keep the raw body of an answer with status 2xx, before anybody reads it."""
        self._row("UPDATE attempts SET answer = ?, outcome = 'unread' WHERE id = ?", (raw, attempt))

    def settle(self, attempt: int, kept: Kept, request: bytes) -> None:
        """Make a kept answer the reply under its key, and write what it cost."""
        with self.together():
            self.end(attempt, "reply", kept.cost)
            self._row(
                "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kept.key,
                    attempt,
                    request,
                    kept.status,
                    kept.input_tokens,
                    kept.output_tokens,
                    kept.cost,
                    time.time(),
                ),
            )

    def end(self, attempt: int, outcome: str, settled: int) -> None:
        """Write how an attempt ended, and what it counts."""
        row = self._row("SELECT coalesce(settled, reserved) FROM attempts WHERE id = ?", (attempt,))
        self._row("UPDATE attempts SET settled = ?, outcome = ? WHERE id = ?", (settled, outcome, attempt))
        self.spent += settled - row[0] if row else 0

    def reserved(self, attempt: int) -> tuple[int, str]:
        """What was set aside for an attempt, in billionths of a dollar, and the name of its batch."""
        row = self._row("SELECT reserved, batch FROM attempts WHERE id = ?", (attempt,))
        return (row[0], row[1]) if row else (0, "")

    def _total(self) -> int:
        row = self._row("SELECT coalesce(sum(coalesce(settled, reserved)), 0) FROM attempts")
        return row[0] if row else 0

    def mean_output_tokens(self, least: int) -> float | None:
        """Of all replies; None if there are fewer than so many."""
        row = self._row("SELECT count(*), avg(output_tokens) FROM replies")
        return row[1] if row and row[0] >= least else None

    def open_attempts(self, batch: str) -> dict[str, int]:
        """`key -> attempt` of what went with a batch and is not settled."""
        return dict(
            self._rows("SELECT key, id FROM attempts WHERE batch = ? AND settled IS NULL ORDER BY id", (batch,))
        )

    def keep_batch(self, name: str, facts: dict[str, Any], is_open: bool) -> None:
        """Keep what is known of a batch, in place of what was known before."""
        self._row("INSERT OR REPLACE INTO batches VALUES (?, ?, ?)", (name, json.dumps(facts), is_open))

    def open_batches(self) -> list[tuple[str, dict[str, Any]]]:
        """`(name, facts)` of the batches that are not closed, oldest name first."""
        rows = self._rows("SELECT name, facts FROM batches WHERE open ORDER BY name")
        return [(name, json.loads(facts)) for name, facts in rows]

    @contextmanager
    def together(self) -> Iterator[None]:
        """All writes of the block, or none. Blocks may lie in one another; the outermost counts."""
        if self._file.in_transaction:
            yield
            return
        self._row("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has ended it already
                self._file.execute("ROLLBACK")
            self.spent = self._total()
            raise
        self._row("COMMIT")

    def close(self) -> None:
        """Close the file and let another process have it."""
        if hasattr(self, "_file"):
            self._file.close()
        self._lock.close()

    def _row(self, statement: str, values: tuple[Any, ...] = ()) -> Any | None:
        with self._errors():
            return self._file.execute(statement, values).fetchone()

    def _rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._errors():
            return self._file.execute(statement, values).fetchall()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> UserError:
        return UserError(
            f"the store of the model's replies {self.path} failed ({error}); free some space or mend the permissions, or, if it is broken, "
            "move it away: its replies are then paid for again"
        )
