"""Which changes are alike, kept in a file on disk, so that memory does not grow with the number of pull requests.

One scratch SQLite file holds the pairs to compare, the pairs found alike, and the result. All keys are texts in byte order, so that
reading it gives the same rows in the same order whatever order they were written in.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

_PAIRS_WRITTEN_TOGETHER = 10_000
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;  -- 64 MiB
CREATE TABLE candidate (older TEXT, newer TEXT, PRIMARY KEY (older, newer)) WITHOUT ROWID;
CREATE TABLE alike (newer TEXT, older TEXT, similarity REAL, PRIMARY KEY (newer, older)) WITHOUT ROWID;
CREATE TABLE member (pr_id TEXT PRIMARY KEY, merged INTEGER) WITHOUT ROWID;
CREATE INDEX by_age ON member (merged, pr_id);
CREATE TABLE repeat (pr_id TEXT PRIMARY KEY, keeper TEXT, kind TEXT, similarity REAL) WITHOUT ROWID;
"""


class Member(NamedTuple):
    """A change that is compared: its merge in microseconds since 1970, and its name. The smallest is the oldest."""

    merged: int
    pr_id: str


class Repeat(NamedTuple):
    """One result: a row, the older one it repeats, how (exact or near), and how alike the two are."""

    pr_id: str
    keeper: str
    kind: str
    similarity: float


class Scratch:
    """The scratch file. Every method may be called again with the same rows without another result."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        # Polars asks for the rows from a thread of its own; never two at a time.
        self._base = sqlite3.connect(path, check_same_thread=False)
        self._base.executescript(_TABLES)

    def close(self) -> None:
        """Close the file; it may be removed then."""
        self._base.close()

    def add_candidates(self, pairs: Iterable[tuple[Member, Member]]) -> None:
        """Note pairs (older, newer) that are worth comparing. They may be more than memory holds."""
        left = iter(pairs)
        while some := list(islice(left, _PAIRS_WRITTEN_TOGETHER)):
            members = {member for pair in some for member in pair}
            self._base.executemany(
                "INSERT OR IGNORE INTO candidate VALUES (?, ?)", [(older.pr_id, newer.pr_id) for older, newer in some]
            )
            self._base.executemany(
                "INSERT OR IGNORE INTO member VALUES (?, ?)", [(member.pr_id, member.merged) for member in members]
            )

    def candidates(self, together: int) -> Iterator[list[tuple[str, str]]]:
        """The noted pairs, each once, in order, so many together."""
        last = ("", "")
        while rows := self._base.execute(
            "SELECT older, newer FROM candidate WHERE (older, newer) > (?, ?) ORDER BY older, newer LIMIT ?",
            (*last, together),
        ).fetchall():
            yield rows
            last = rows[-1]

    def add_alike(self, older: str, newer: str, similarity: float) -> None:
        """Note that the newer member is nearly the same as the older one."""
        self._base.execute("INSERT OR IGNORE INTO alike VALUES (?, ?, ?)", (newer, older, similarity))

    def decide(self, together: int) -> None:
        """Let each member, the oldest first, repeat the oldest one that it is alike to and that repeats nobody itself."""
        last = (-(2**63), "")
        while rows := self._base.execute(
            "SELECT merged, pr_id FROM member WHERE (merged, pr_id) > (?, ?) ORDER BY merged, pr_id LIMIT ?",
            (*last, together),
        ).fetchall():
            last = rows[-1]
            for _, pr_id in rows:
                self.add_repeats(
                    Repeat(pr_id, keeper, "near", similarity) for keeper, similarity in self._kept_like(pr_id)
                )

    def _kept_like(self, pr_id: str) -> list[tuple[str, float]]:
        return self._base.execute(
            "SELECT older, similarity FROM alike JOIN member ON member.pr_id = older "
            "WHERE newer = ? AND older NOT IN (SELECT pr_id FROM repeat) ORDER BY merged, older LIMIT 1",
            (pr_id,),
        ).fetchall()

    def add_repeats(self, rows: Iterable[Repeat]) -> None:
        """Note results; of one row the first stays."""
        self._base.executemany("INSERT OR IGNORE INTO repeat VALUES (?, ?, ?, ?)", rows)

    def repeat_of(self, pr_id: str) -> Repeat | None:
        """The result of a row, if there is one yet."""
        row = self._base.execute("SELECT * FROM repeat WHERE pr_id = ?", (pr_id,)).fetchone()
        return Repeat(*row) if row else None

    def repeats(self, together: int) -> Iterator[list[Repeat]]:
        """All results in the order of pr_id, so many together."""
        cursor = self._base.execute("SELECT * FROM repeat ORDER BY pr_id")
        while rows := cursor.fetchmany(together):
            yield [Repeat(*row) for row in rows]
