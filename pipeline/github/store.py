"""What GitHub answered, kept on disk: nothing is asked for twice, and a run that was cut off goes on where it was.

One SQLite file for each reading of GitHub (`source.reading`), and one for all of them (`reading.py` says what is in which).
"""

import json
import sqlite3
import threading
import zlib
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

_TABLES = """
CREATE TABLE IF NOT EXISTS kept (kind TEXT, name TEXT, body BLOB, PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tagged (request TEXT PRIMARY KEY, etag TEXT, headers TEXT, body BLOB) WITHOUT ROWID;
"""


class Store:
    """A file of named JSON values and of tagged answers. Thread-safe; each write is on disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            self._file.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; {_TABLES}")
        except (sqlite3.Error, OSError) as error:
            raise UserError(
                f"the store of GitHub's answers {path} cannot be opened ({error}); free some space or mend the permissions, or, if it "
                "is broken, remove it: its answers are then asked for again"
            ) from None

    def get(self, kind: str, name: str) -> Any | None:
        """The value kept under a name, or None."""
        row = self._run("SELECT body FROM kept WHERE kind = ? AND name = ?", (kind, name))
        return None if row is None else json.loads(self._body(row[0]))

    def keep(self, kind: str, name: str, value: Any) -> None:
        """Keep a JSON value (not None) under a name."""
        body = zlib.compress(json.dumps(value, ensure_ascii=True).encode())
        self._run("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (kind, name, body))

    def tagged(self, request: str) -> tuple[str, dict[str, str], bytes] | None:
        """`(etag, headers, body)` of an answer to a request, if one with an ETag was kept."""
        row = self._run("SELECT etag, headers, body FROM tagged WHERE request = ?", (request,))
        return None if row is None else (row[0], json.loads(row[1]), self._body(row[2]))

    def keep_tagged(self, request: str, etag: str, headers: dict[str, str], body: bytes) -> None:
        """Keep an answer with its ETag; a later one to the same request takes its place."""
        self._run(
            "INSERT OR REPLACE INTO tagged VALUES (?, ?, ?, ?)",
            (request, etag, json.dumps(headers), zlib.compress(body)),
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def _run(self, statement: str, values: tuple[Any, ...]) -> Any | None:
        try:
            with self._lock:
                return self._file.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            raise self._broken(error) from None

    def _body(self, packed: bytes) -> bytes:
        try:
            return zlib.decompress(packed)
        except zlib.error as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> UserError:
        return UserError(
            f"the store of GitHub's answers {self.path} failed ({error}); free some space, or, if it is broken, remove it: its "
            "answers are then asked for again"
        )
