"""Runs and their metrics in one SQLite file."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from time import time

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    params TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'running',
    started REAL NOT NULL,
    finished REAL
);
CREATE TABLE IF NOT EXISTS metrics (
    run_id INTEGER NOT NULL REFERENCES runs(id),
    name TEXT NOT NULL,
    step INTEGER NOT NULL,
    value REAL
);
"""


@dataclass(frozen=True)
class RunRecord:
    id: int
    name: str
    params: dict
    status: str
    started: float
    finished: float | None


class Store:
    def __init__(self, path="driftwood.db"):
        self.path = Path(path)
        self._db = sqlite3.connect(self.path)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(SCHEMA)

    def create_run(self, name, params):
        """Record a new run and return its id."""
        with self._db:
            cursor = self._db.execute(
                "INSERT INTO runs (name, params, started) VALUES (?, ?, ?)",
                (name, json.dumps(params, sort_keys=True), time()),
            )
        return cursor.lastrowid

    def log(self, run_id, name, step, value):
        with self._db:
            self._db.execute(
                "INSERT INTO metrics (run_id, name, step, value) VALUES (?, ?, ?, ?)",
                (run_id, name, step, value),
            )

    def finish(self, run_id, status):
        with self._db:
            self._db.execute(
                "UPDATE runs SET status = ?, finished = ? WHERE id = ?",
                (status, time(), run_id),
            )

    def runs(self, status=None):
        """All runs, oldest first; only those in `status` if it is given."""
        query, values = "SELECT * FROM runs", ()
        if status is not None:
            query, values = query + " WHERE status = ?", (status,)
        return [_record(row) for row in self._db.execute(query + " ORDER BY id", values)]

    def run(self, run_id):
        row = self._db.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise KeyError(f"no run {run_id} in {self.path}")
        return _record(row)

    def metric_names(self, run_id):
        rows = self._db.execute("SELECT DISTINCT name FROM metrics WHERE run_id = ?", (run_id,))
        return sorted(row["name"] for row in rows)

    def series(self, run_id, name):
        """The logged `(step, value)` pairs of one metric, in step order."""
        rows = self._db.execute(
            "SELECT step, value FROM metrics WHERE run_id = ? AND name = ? ORDER BY step",
            (run_id, name),
        )
        return [(row["step"], row["value"]) for row in rows]

    def close(self):
        self._db.close()


def _record(row):
    return RunRecord(row["id"], row["name"], json.loads(row["params"]), row["status"],
                     row["started"], row["finished"])
