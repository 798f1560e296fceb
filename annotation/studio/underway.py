"""One push at a time, and a note of the import under way: what a push that was killed may have left for the server to finish.

A server goes on with an import after its client has died. The next push must not read the tasks before that is over, or it would import
them again. So each import is noted before it is sent and the note is removed when the server has answered.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

SETTLED = 10.0  # seconds; an import of a batch takes a tenth of that
_LOOK = 0.2  # seconds


class ImportNote:
    """The note of the import under way, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, server: str, project: int, expected: int) -> None:
        """Note that a project will have `expected` tasks when the import that is sent now is done."""
        note = {"server": server, "project": project, "expected": expected, "at": time.time()}
        # Half written it says nothing, and then nothing was sent either.
        self._path.write_text(json.dumps(note), encoding="ascii")

    def remove(self) -> None:
        """The server has answered."""
        self._path.unlink(missing_ok=True)

    def settle(self, server: str, count: Callable[[int], int]) -> None:
        """If a push before this one was cut off in an import, wait until it is done or cannot be under way any more.

        `count` tells how many tasks a project has.
        """
        try:
            note = json.loads(self._path.read_text(encoding="utf-8"))
            project, expected, at = int(note["project"]), int(note["expected"]), float(note["at"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return  # there is none, or the push was killed before it sent anything
        if note["server"] == server:
            until = min(at, time.time()) + SETTLED
            while time.time() < until and count(project) < expected:
                time.sleep(_LOOK)
        self.remove()


@contextmanager
def alone(folder: Path) -> Iterator[ImportNote]:
    """Hold the folder for one push. Raises UserError if another process has it; a process that died holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "push.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read(20).strip()
            raise UserError(
                f"another push is under way (process {holder if holder.isdigit() else 'unknown'} holds {folder / 'push.lock'}); "
                "wait for its end, then push again"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield ImportNote(folder / "push.json")
