"""Where the ledger lives: one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ledgerline.journal import Entry, JournalError

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    code TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense'))
);
CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY,
    booked_at TEXT NOT NULL,
    memo TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS postings (
    transaction_id INTEGER NOT NULL REFERENCES transactions (id),
    account TEXT NOT NULL REFERENCES accounts (code),
    currency TEXT NOT NULL,
    minor INTEGER NOT NULL
);
"""


class Store:
    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def migrate(self) -> None:
        with self.connection() as db:
            db.executescript(SCHEMA)

    def add_account(self, code: str, name: str, kind: str) -> None:
        try:
            with self.connection() as db:
                db.execute("INSERT INTO accounts VALUES (?, ?, ?)", (code, name, kind))
        except sqlite3.IntegrityError:
            raise JournalError(f"account {code} exists already, or {kind!r} is not a kind of account") from None

    def accounts(self) -> list[sqlite3.Row]:
        with self.connection() as db:
            return db.execute("SELECT code, name, kind FROM accounts ORDER BY code").fetchall()

    def add_transaction(self, entry: Entry) -> int:
        try:
            with self.connection() as db:
                cursor = db.execute("INSERT INTO transactions (booked_at, memo) VALUES (?, ?)", (entry.booked_at, entry.memo))
                db.executemany(
                    "INSERT INTO postings VALUES (?, ?, ?, ?)",
                    [(cursor.lastrowid, p.account, p.currency, p.minor) for p in entry.postings],
                )
                return cursor.lastrowid
        except sqlite3.IntegrityError:
            raise JournalError("a posting names an account that does not exist") from None

    def transactions(self) -> list[sqlite3.Row]:
        with self.connection() as db:
            return db.execute("SELECT id, booked_at, memo FROM transactions ORDER BY id").fetchall()

    def postings(self, account: str | None = None) -> list[sqlite3.Row]:
        """All postings, or those of one account, in the order in which they were booked."""
        query = "SELECT t.booked_at, t.memo, p.* FROM postings p JOIN transactions t ON t.id = p.transaction_id"
        order = " ORDER BY t.booked_at, t.id"
        with self.connection() as db:
            if account is None:
                return db.execute(query + order).fetchall()
            return db.execute(query + " WHERE p.account = ?" + order, (account,)).fetchall()
