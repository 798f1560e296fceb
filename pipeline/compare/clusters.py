"""Which changes hang together, kept in a file on disk, so that memory does not grow with the number of pull requests.

One scratch SQLite file holds the pairs to compare, the pairs found alike, the union-find over them, and the result. All keys are
texts in byte order, so that reading it gives the same rows in the same order whatever order they were written in.
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
CREATE TABLE alike (one TEXT, other TEXT, similarity REAL, PRIMARY KEY (one, other)) WITHOUT ROWID;
CREATE TABLE member (pr_id TEXT PRIMARY KEY, merged INTEGER, parent TEXT) WITHOUT ROWID;
CREATE TABLE repeat (
    pr_id TEXT PRIMARY KEY, keeper TEXT, kind TEXT, similarity REAL, through TEXT
) WITHOUT ROWID;
"""


class Member(NamedTuple):
    """A change that is compared: its merge in microseconds since 1970, and its name. The smallest of a cluster is its oldest."""

    merged: int
    pr_id: str


class Repeat(NamedTuple):
    """One result: a row, the older one it repeats, how (exact or near), how alike the two are, and through which they hang together."""

    pr_id: str
    keeper: str
    kind: str
    similarity: float
    through: str


class Clusters:
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
                "INSERT OR IGNORE INTO member VALUES (?, ?, ?)",
                [(member.pr_id, member.merged, member.pr_id) for member in members],
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

    def join(self, one: str, other: str, similarity: float) -> None:
        """Two members are alike: put them into one cluster, whose oldest member is its root."""
        pairs = [(one, other, similarity), (other, one, similarity)]
        self._base.executemany("INSERT OR IGNORE INTO alike VALUES (?, ?, ?)", pairs)
        first, second = sorted((self._root(one), self._root(other)))
        if first != second:
            self._base.execute("UPDATE member SET parent = ? WHERE pr_id = ?", (first.pr_id, second.pr_id))

    def keeper(self, pr_id: str) -> str:
        """The oldest member of a row's cluster; the row itself if it was never compared."""
        return self._root(pr_id).pr_id if self._member(pr_id) else pr_id

    def linked(self, together: int) -> Iterator[list[tuple[str, str, float | None, str]]]:
        """Each member that is not its cluster's keeper, so many together, in order.

        (pr_id, keeper, similarity of the two if they were found alike, the member most alike to it, the oldest of equals)
        """
        last = ""
        while rows := self._base.execute(
            "SELECT pr_id FROM member WHERE pr_id > ? AND parent != pr_id ORDER BY pr_id LIMIT ?", (last, together)
        ).fetchall():
            last = rows[-1][0]
            yield [self._link(pr_id) for (pr_id,) in rows]

    def add_repeats(self, rows: Iterable[Repeat]) -> None:
        """Note results; of one row the first stays."""
        self._base.executemany("INSERT OR IGNORE INTO repeat VALUES (?, ?, ?, ?, ?)", rows)

    def repeat_of(self, pr_id: str) -> Repeat | None:
        """The result of a row, if there is one yet."""
        row = self._base.execute("SELECT * FROM repeat WHERE pr_id = ?", (pr_id,)).fetchone()
        return Repeat(*row) if row else None

    def repeats(self, together: int) -> Iterator[list[Repeat]]:
        """All results in the order of pr_id, so many together."""
        cursor = self._base.execute("SELECT * FROM repeat ORDER BY pr_id")
        while rows := cursor.fetchmany(together):
            yield [Repeat(*row) for row in rows]

    def _link(self, pr_id: str) -> tuple[str, str, float | None, str]:
        keeper = self.keeper(pr_id)
        direct = self._base.execute(
            "SELECT similarity FROM alike WHERE one = ? AND other = ?", (pr_id, keeper)
        ).fetchone()
        (nearest,) = self._base.execute(
            "SELECT other FROM alike JOIN member ON pr_id = other WHERE one = ? "
            "ORDER BY similarity DESC, merged, other LIMIT 1",
            (pr_id,),
        ).fetchone()
        return pr_id, keeper, direct[0] if direct else None, nearest

    def _member(self, pr_id: str) -> tuple[int, str] | None:
        row: tuple[int, str] | None = self._base.execute(
            "SELECT merged, parent FROM member WHERE pr_id = ?", (pr_id,)
        ).fetchone()
        return row

    def _root(self, pr_id: str) -> Member:
        passed = []
        while (row := self._member(pr_id)) and row[1] != pr_id:
            passed.append(pr_id)
            pr_id = row[1]
        if not row:
            raise KeyError(pr_id)
        # Everything passed on the way points to the root from now on, so that the next walk is short.
        self._base.executemany("UPDATE member SET parent = ? WHERE pr_id = ?", [(pr_id, name) for name in passed[:-1]])
        return Member(row[0], pr_id)
