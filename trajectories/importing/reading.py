"""The files that are imported: JSON, JSON lines and parquet, each value with its place, refused with line and field where broken."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from trajectories.archive.file import MOST_BYTES, MOST_VALUES
from trajectories.archive.problems import printable
from trajectories.archive.values import storable

NO_JSON = "it is cut off or no JSON"
_FIELD = re.compile(rb'"(\w{1,60})"\s*:')
_LOOKED_AT = 10_000  # bytes before a fault, in which its field is looked for
_BLOCK = 2**20
_MARK = b"\xef\xbb\xbf"  # byte order mark of UTF-8, which some programs of Windows write
_TOO_DEEP = "it is nested too deep to be a session"
_MIB = 2**20


class Recording:
    """A file that another program wrote, or a folder of its events (one JSON file each, in the order of their names).

    Lines are read one at a time; a document at once. Both end at MOST_BYTES (64 MiB), as no session is larger.
    """

    def __init__(self, path: Path, leave_out_cut_line: bool = False) -> None:
        self.path = path
        self.leave_out_cut_line = leave_out_cut_line
        self.cut: tuple[int, str] | None = None  # number and text of a last line that was left out
        if not path.exists():
            raise UserError(f"{path} is missing; name the file that the other program recorded")

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return self.path.resolve().name

    @cached_property
    def sha256(self) -> str:
        """Hex sha256 of the file's bytes; of a folder, of its files' bytes one after the other."""
        taken = hashlib.sha256()
        for path in self.parts() if self.path.is_dir() else [self.path]:
            try:
                with path.open("rb") as file:
                    while block := file.read(_BLOCK):
                        taken.update(block)
            except OSError as error:
                raise UserError(f"{path} cannot be read: {error}") from None
        return taken.hexdigest()

    def parts(self) -> list[Path]:
        """The files of a folder."""
        found = sorted(path for path in self.path.glob("*.json") if not path.name.startswith("."))
        if sum(path.stat().st_size for path in found) > MOST_BYTES:
            raise UserError(f"{self.path}: its files are larger than {MOST_BYTES // _MIB} MiB, which no session is")
        return found

    def begins_with(self, signature: bytes) -> bool:
        """Whether these are the file's first bytes, but for a byte order mark."""
        try:
            with self.path.open("rb") as file:
                return file.read(len(_MARK) + len(signature)).removeprefix(_MARK).startswith(signature)
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error}") from None

    def document(self) -> Any:
        """The one JSON value of the file."""
        return _document(self.path)

    def values(self) -> Iterator[tuple[str, Any]]:
        """The values of a folder's files, of a document that is a list, or of lines, each with its place."""
        if self.path.is_dir():
            for path in self.parts():
                yield str(path), _document(path)
        elif self.begins_with(b"["):
            document = self.document()
            for number, value in enumerate(document if isinstance(document, list) else [document], 1):
                yield f"{self.path}: item {number}", value
        else:
            for number, value in self.lines():
                yield f"{self.path}: line {number}", value

    def lines(self, most: int = MOST_BYTES) -> Iterator[tuple[int, Any]]:
        """The value of each line that is not blank, with its number from 1. `most` is for the whole file; one line ends at MOST_BYTES.

        A last line without its end is refused if it is no JSON, as the program was killed while it wrote it; with `leave_out_cut_line` it
        stands in `cut` after the reading.
        """
        read = counted = 0
        try:
            with self.path.open("rb") as file:
                number = 0
                while line := file.readline(min(os.fstat(file.fileno()).st_size, MOST_BYTES) + 1):
                    number, read = number + 1, read + len(line)
                    place = f"{self.path}: line {number}"
                    if len(line) > MOST_BYTES or read > most:
                        what = "line" if len(line) > MOST_BYTES else "file"
                        raise UserError(
                            f"{place}: the {what} is too large; no session has more than {MOST_BYTES // _MIB} MiB"
                        )
                    if not line.strip():
                        continue
                    try:
                        value = _value(line, place)
                    except UserError as error:
                        if line.endswith(b"\n"):
                            raise
                        if not self.leave_out_cut_line:
                            if _TOO_DEEP in str(error):  # a line that was cut is none of that kind
                                raise
                            raise UserError(
                                f"{error}. It is the last line and has no end: if the program was killed while it wrote it, import the "
                                "file without it (--leave-out-cut-line)"
                            ) from None
                        self.cut = number, line.decode("utf-8", "backslashreplace")
                        return
                    counted = (counted if most == MOST_BYTES else 0) + _count(value, place)
                    if counted > MOST_VALUES:
                        raise UserError(
                            f"{place}: with it there are more than {MOST_VALUES} values, which no session has"
                        )
                    yield number, value
        except OSError as error:
            raise UserError(f"{self.path} cannot be read: {error}") from None


def _document(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(min(os.fstat(file.fileno()).st_size, MOST_BYTES) + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    if len(content) > MOST_BYTES:
        raise UserError(
            f"{path} is larger than {MOST_BYTES // _MIB} MiB; if it holds many sessions, make it JSON lines"
        )
    value = _value(content, str(path))
    _count(value, str(path))
    return value


def _value(content: bytes, place: str) -> Any:
    """The JSON value of these bytes, with half surrogate pairs spelled out."""
    try:
        value = parsed(content.removeprefix(_MARK).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UserError(f"{place}{_reached(content, error.start)}: byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        before = len(error.doc[: error.pos].encode("utf-8", "replace"))
        where = f"line {error.lineno} column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise UserError(f"{place}{_reached(content, before)}: {NO_JSON}, {where}: {error.msg}") from None
    except RecursionError:
        raise UserError(f"{place}: {_TOO_DEEP}") from None
    except ValueError as error:
        raise UserError(f"{place}: {error}") from None
    return value


def _count(data: Any, place: str) -> int:
    """How many values there are within. Raises UserError if they are too many for a session, so that no importer meets them."""
    waiting: list[Any] = [[data]]
    counted = 0
    while waiting and counted <= MOST_VALUES:
        part = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part
        counted += len(inner)
        waiting += (one for one in inner if isinstance(one, dict | list))
    if counted > MOST_VALUES:
        raise UserError(f"{place}: it holds more than {MOST_VALUES} values, which no session does")
    return counted


def parsed(text: str) -> Any:
    """The JSON value of a text. Raises ValueError, or RecursionError; refuses NaN and keys that stand twice."""
    value = json.loads(text, object_pairs_hook=_object_of, parse_constant=_refuse)
    return storable(value) if "\\ud" in text or "\\uD" in text else value


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        left = set(made)
        for name, _ in pairs:
            if name not in left:
                raise ValueError(
                    f"the key {printable(name)} stands twice in an object; which one counts can't be known"
                )
            left.remove(name)
    return made


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _reached(content: bytes, before: int) -> str:
    """The field that was begun last before a fault."""
    fields = _FIELD.findall(content[max(0, before - _LOOKED_AT) : before])
    return f", after field {fields[-1].decode()}" if fields else ""
