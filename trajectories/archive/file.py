"""Read and write the archive: one JSON file for each session, whole or not there, and refused with file, step and field if it is broken."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.files import write_text
from trajectories.archive.problems import place_of, printable
from trajectories.archive.session import Session, json_of, session_of

MOST_BYTES = 64 * 2**20  # of a file; the paper's longest session, 152k tokens, takes about one hundredth
MOST_VALUES = 500_000  # texts, numbers, lists and so on in it; a session of a thousand steps has some ten thousand
_MOST_BROKEN = 20  # files that are named; of more the rest is counted
_STEP = re.compile(r'"step_id"\s*:\s*(\d{1,9})')
_FIELD = re.compile(r'"(\w{1,60})"\s*:')


def read_session(path: Path) -> Session:
    """The session of a file. Raises UserError with a sentence for each problem."""
    return session_of(_read(path), str(path))


def write_session(session: Session, folder: Path) -> Path:
    """Write FOLDER/TRAJECTORY_ID.json, in place of an earlier one, and return its path.

    The same session always gives the same bytes. Raises UserError if it is too large, or the disk refuses.
    """
    _refuse_the_projects_own(folder)
    path = folder / f"{session.trajectory_id}.json"
    text = text_of_session(session)
    if len(text.encode()) > MOST_BYTES or _count(json_of(session)) > MOST_VALUES:
        raise UserError(
            f"{path} was not written: it takes more than {MOST_BYTES // 2**20} MiB or {MOST_VALUES} values; shorten what was kept aside"
        )
    write_text(path, text)
    return path


def text_of_session(session: Session) -> str:
    """What its file holds."""
    return json.dumps(json_of(session), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def sessions(folder: Path) -> Iterator[Session]:
    """Every session of the folder's `*.json` files, by their names, one in memory at a time.

    A file that is broken, or not named after its trajectory_id, does not hide the others: once they were given, UserError is raised with
    what is wrong with each such file.
    """
    _refuse_the_projects_own(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; it should hold the archive's files, one for each session")
    paths = sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))
    return (session for _, session in whole_ones(paths, _named_after_it))


def _refuse_the_projects_own(folder: Path) -> None:
    if folder == Path():  # which is what an empty name gives
        raise UserError(
            "the archive needs a folder of its own, and the project's is none; write one to trajectories.archive in params.yaml"
        )


def whole_ones(paths: Iterable[Path], read: Callable[[Path], Session] = read_session) -> Iterator[tuple[Path, Session]]:
    """These files with their sessions, one at a time; those that can't be read are told together at the end, by UserError."""
    broken: list[str] = []
    for path in paths:
        try:
            session = read(path)
        except UserError as error:
            broken.append(str(error))
            continue
        yield path, session
    if broken:
        more = [f"and {len(broken) - _MOST_BROKEN} more files are broken"] if len(broken) > _MOST_BROKEN else []
        raise UserError("\n".join([*broken[:_MOST_BROKEN], *more]))


def _named_after_it(path: Path) -> Session:
    session = read_session(path)
    if path.name != f"{session.trajectory_id}.json":
        raise UserError(
            f"{path}: trajectory_id: it is {session.trajectory_id}, so the file must be {session.trajectory_id}.json"
        )
    return session


def _read(path: Path) -> Any:
    """The JSON value of a file, in which no key stands twice."""
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"{path} is no file")
        with path.open("rb") as file:
            # No more than the file has: a read of so many bytes takes the memory for all of them at once.
            content = file.read(min(os.fstat(file.fileno()).st_size, MOST_BYTES) + 1)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; the archive has one file for each session, TRAJECTORY_ID.json") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if len(content) > MOST_BYTES:
        raise UserError(f"{path} is larger than {MOST_BYTES // 2**20} MiB, which no session is")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise UserError(f"{path}: {_reached(before)}byte {error.start} is not UTF-8") from None
    repeated = _Repeated()
    try:
        data = json.loads(text, object_pairs_hook=repeated.object_of, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path}: {_reached(text[: error.pos])}it is cut off or no JSON, line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    except ValueError as error:
        raise UserError(f"{path}: it is no JSON: {error}") from None
    except RecursionError:
        raise UserError(f"{path}: it is nested too deep to be a session") from None
    # Each value but the first of its list or object follows a comma, so only a file with very many of these signs is counted.
    if sum(map(text.count, ",[{")) > MOST_VALUES and _count(data) > MOST_VALUES:
        raise UserError(f"{path}: it holds more than {MOST_VALUES} values, which no session does")
    if repeated.objects:
        raise UserError(f"{path}: {repeated.place_in(data)} stands twice; which one counts can't be known, so keep one")
    return data


def _count(data: Any) -> int:
    """How many values there are within, up to a little more than MOST_VALUES."""
    waiting: list[Any] = [[data]]
    counted = 0
    while waiting and counted <= MOST_VALUES:
        part = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part
        counted += len(inner)
        waiting += (one for one in inner if isinstance(one, dict | list | tuple))
    return counted


def _reached(before: str) -> str:
    """How far a reader of a broken file came, from the text before: the step and the field that were begun last."""
    steps, fields = _STEP.findall(before), _FIELD.findall(before)
    return (f"step {steps[-1]}, " if steps else "") + (f"{fields[-1]}: " if fields else "")


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


class _Repeated:
    """Builds a file's objects, and remembers those in which a key stands twice."""

    def __init__(self) -> None:
        self.objects: dict[int, tuple[dict[str, Any], str]] = {}

    def object_of(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object of these keys and values."""
        made = dict(pairs)
        if len(made) < len(pairs):
            left = set(made)
            for name, _ in pairs:
                if name not in left:
                    # The object itself is kept too, so that no other gets its id.
                    self.objects[id(made)] = made, name
                    break
                left.remove(name)
        return made

    def place_in(self, data: Any) -> str:
        """Where the first of them is, as `step 3, arguments.path`; only its key if a later key has replaced it."""
        # A place is kept as (place of what holds it, step): written out for each value, a hostile file's would fill the memory.
        waiting: list[tuple[Any, Any]] = [(data, None)]
        while waiting:
            part, trail = waiting.pop()
            if isinstance(part, dict) and id(part) in self.objects:
                steps: list[int | str] = [self.objects[id(part)][1]]
                while trail:
                    trail, step = trail
                    steps.append(step)
                return place_of(steps[::-1], data)
            inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
            waiting += reversed([(one, (trail, step)) for step, one in inner if isinstance(one, dict | list)])
        return printable(next(iter(self.objects.values()))[1])
