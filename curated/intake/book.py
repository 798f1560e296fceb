"""The file of real-world queries as it is changed: one at a time, whole or not at all, and no line but those that are meant.

Lines that are not meant keep every byte. Where a row goes or becomes another, the history is written first: whatever ends the run in
between, no earlier row is lost, and the same command again brings it to its end.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from curated.intake.history import Entry, add_entry, erase_texts, read_history
from pipeline.errors import UserError
from pipeline.files import atomic
from pipeline.real_world import RealWorldQuery, Rows, read_text, rows_of


class Book:
    """A file of queries that this process alone may change. Get one by `opened`."""

    def __init__(self, path: Path) -> None:
        """Read the file; one that is not there is empty. Raises UserError with everything that is wrong in it."""
        self.path = path
        self._text = read_text(path) if path.exists() else ""
        rows: Rows = rows_of(self._text)
        if rows.problems:
            told = [problem.told(path) for problem in rows.problems]
            raise UserError("\n".join([*told, f"nothing was changed; mend {path} first"]))
        self._lines = dict(rows.queries)
        read_history(path)  # a damaged one is told before anything is changed

    @property
    def history(self) -> list[Entry]:
        """What became of earlier rows, oldest first."""
        return read_history(self.path)

    @property
    def queries(self) -> list[RealWorldQuery]:
        """The queries in the order of the file."""
        return list(self._lines.values())

    def put(self, new: Sequence[RealWorldQuery], replaced: Mapping[str, str] | None = None) -> None:
        """Append queries with new ids; one whose id is there takes that line, and `replaced` (id -> why) must have it."""
        reasons = replaced or {}
        there = {query.id: line for line, query in self._lines.items()}
        changed = {there[query.id]: query for query in new if query.id in there}
        for line, query in changed.items():
            add_entry(self.path, "replaced", reasons[query.id], self._lines[line])
        self._write(changed, [query for query in new if query.id not in there])

    def withdraw(self, query_id: str, why: str, erase: bool) -> bool:
        """Take a query out, with or without its texts in the history. False if it was out already and only texts were erased.

        Raises UserError if there is no such query and nothing to erase.
        """
        line = next((line for line, query in self._lines.items() if query.id == query_id), None)
        if line is None:
            if erase and erase_texts(self.path, query_id):
                return False
            gone = any(entry.id == query_id and entry.change == "withdrawn" for entry in self.history)
            what = "was withdrawn before" if gone else "is no query of it"
            raise UserError(f"{self.path}: {query_id} {what}; nothing was changed")
        add_entry(self.path, "withdrawn", why, self._lines[line], keep_text=not erase)
        self._write({line: None}, [])
        return True

    def _write(self, changed: Mapping[int, RealWorldQuery | None], new: Sequence[RealWorldQuery]) -> None:
        lines = self._text.split("\n")
        rest = lines.pop()  # empty where the file ends as it should
        if rest.strip():
            lines.append(rest)
        written = []
        for number, line in enumerate(lines, 1):
            if number not in changed:
                written.append(line)
            elif query := changed[number]:
                written.append(_line(query))
        self._text = "".join(f"{line}\n" for line in [*written, *map(_line, new)])
        with atomic(self.path) as unfinished:
            unfinished.write_bytes(self._text.encode("utf-8"))
        self._lines = dict(rows_of(self._text).queries)


@contextmanager
def opened(path: Path) -> Iterator[Book]:
    """The file, held until the end of the block: another command waits, and a process that died holds nothing.

    The lock is on the folder, so nothing lies about, and a file that is renamed into place is no other lock.
    """
    # Two ways to one file must be one lock and one history; and a link is followed, not replaced by a file.
    path = path.resolve() if path.is_symlink() else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield Book(path)
    finally:
        os.close(folder)


def _line(query: RealWorldQuery) -> str:
    return json.dumps(query.model_dump(), ensure_ascii=False)
