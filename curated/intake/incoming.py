"""Read a file of queries that somebody brings: JSON lines, CSV, or what `limi intake pull` wrote. Nothing of it is changed on the way.

Every row becomes a query or a list of problems with line and column. A row without an id gets one from its text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curated.intake.identity import derived_id
from pipeline.errors import UserError
from pipeline.real_world import NotJson, Problem, RealWorldQuery, parsed, query_of

MOST_BYTES = 64 * 2**20  # of a file; a thousand times the paper's sixty queries at their longest
PULLED = "limi-intake 1"
_YES = frozenset({"true", "yes"})
_SHOWN = 60  # characters of an unknown column
Source = Iterator[tuple[int, Any]]


@dataclass(frozen=True)
class Incoming:
    """The good rows as `(line, query)`, in the order of the file, and what is wrong with the others."""

    queries: list[tuple[int, RealWorldQuery]]
    problems: list[Problem]


def read_incoming(path: Path) -> Incoming:
    """The rows of a file, by its ending: .jsonl, .csv or .json. Raises UserError if it cannot be read as such at all."""
    readers: dict[str, Callable[[Path, str], Source]] = {".jsonl": _json_lines, ".csv": _csv_rows, ".json": _pulled}
    if path.suffix.lower() not in readers:
        raise UserError(f"{path} is of no known kind; name it {', '.join(f'NAME{ending}' for ending in readers)}")
    found = Incoming([], [])
    first: dict[str, int] = {}
    for line, data in readers[path.suffix.lower()](path, _text(path)):
        query = _query(data)
        if not isinstance(query, RealWorldQuery):
            found.problems.extend(Problem(line, column, what) for column, what in query)
        elif query.id in first:
            found.problems.append(Problem(line, "id", f"line {first[query.id]} has it already; remove one of the two"))
        else:
            first[query.id] = line
            found.queries.append((line, query))
    return found


def with_id(data: dict[str, Any]) -> dict[str, Any]:
    """A row with the id that its text gives it, if it has none."""
    text = data.get("query")
    return data if "id" in data or not isinstance(text, str) else {"id": derived_id(text), **data}


def _query(data: Any) -> RealWorldQuery | list[tuple[str, str]]:
    if isinstance(data, NotJson):
        return [("", data.why)]
    return query_of(with_id(data) if isinstance(data, dict) else data)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise UserError(f"{path} has more than {MOST_BYTES // 2**20} MB; cut it into several")
    try:
        return raw.decode("utf-8-sig")  # a byte order mark, which some editors write, says nothing
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path} line {line}: it is not UTF-8 ({error.reason}); save the file as UTF-8") from None


def _json_lines(path: Path, text: str) -> Source:
    for line, row in enumerate(text.split("\n"), 1):
        if row.strip():
            yield line, parsed(row)


def _csv_rows(path: Path, text: str) -> Source:
    """Rows of a CSV file whose first line names the columns; criteria stand one on each line of their cell."""
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{path} line {line}: it holds a NUL character; remove it")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] = []
    line = 1
    try:
        for cells in reader:
            if not columns:
                columns = _header(path, cells)
            elif not cells:
                pass  # an empty line
            elif len(cells) != len(columns):
                yield line, NotJson(f"it has {len(cells)} cells, and the first line names {len(columns)} columns")
            else:
                yield line, _typed(dict(zip(columns, cells, strict=True)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UserError(f"{path} line {line}: it is not CSV ({error}); mend its quotes") from None
    if not columns:
        raise UserError(f"{path} is empty; its first line names the columns")


def _header(path: Path, cells: list[str]) -> list[str]:
    known = list(RealWorldQuery.model_fields)
    for cell in cells:
        if cell not in known or cells.count(cell) > 1:
            what = "stands twice" if cell in known else f"is not known; the known ones are {', '.join(known)}"
            raise UserError(f"{path} line 1: the column {cell[:_SHOWN]!a} {what}")
    return cells


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """The cells as what they mean. A consent in other words than yes or true is none."""
    data: dict[str, Any] = {name: cell for name, cell in row.items() if name != "id" or cell}
    if "success_criteria" in data:
        data["success_criteria"] = [one for one in re.split(r"\r?\n", data["success_criteria"]) if one.strip()]
    if "consent" in data:
        data["consent"] = data["consent"].strip().lower() in _YES
    return data


def _pulled(path: Path, text: str) -> Source:
    """The queries of what `limi intake pull` wrote; its line is the query's place in the list."""
    data = parsed(text, MOST_BYTES)
    if isinstance(data, NotJson):
        raise UserError(f"{path}: {data.why}; `limi intake pull` writes it anew")
    if not isinstance(data, dict) or data.get("format") != PULLED or not isinstance(data.get("queries"), list):
        raise UserError(
            f"{path} is not what `limi intake pull` writes; a list of queries goes into a .jsonl, one on each line"
        )
    for place, entry in enumerate(data["queries"], 1):
        yield place, entry.get("row") if isinstance(entry, dict) else entry
