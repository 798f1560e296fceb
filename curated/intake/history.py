"""What became of earlier rows of a file of real-world queries: replaced or withdrawn, when, why, and the row as it was.

It lies beside the file, as NAME.history.jsonl, one JSON object per line: a row is never edited or removed without leaving it there. Only a
contributor who wants nothing of theirs kept has the texts erased; id, day and reason stay, so that the query does not come back.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError
from pipeline.files import write_jsonl
from pipeline.real_world import NotJson, RealWorldQuery, parsed

Change = Literal["replaced", "withdrawn"]
MOST_OF_WHY = 500  # characters


class Entry(BaseModel):
    """One change. `row` is the row as it was before; None where its contributor wanted it erased."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    change: Change
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$")]
    why: Annotated[str, Field(max_length=MOST_OF_WHY)]
    row: RealWorldQuery | None


def history_path(path: Path) -> Path:
    """Where the history of a file of queries lies: beside the file itself, also where a link leads to it."""
    path = path.resolve() if path.is_symlink() else path
    return path.with_name(f"{path.stem}.history.jsonl")


def read_history(path: Path) -> list[Entry]:
    """The history of a file of queries, oldest first; empty if nothing was ever changed. Raises UserError if it is damaged."""
    beside = history_path(path)
    try:
        lines = beside.read_bytes().decode("utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{beside} cannot be read ({error}); bring it back as it was, by git or from a copy") from None
    entries = []
    for line, text in enumerate(lines, 1):
        if not text and line == len(lines):
            continue
        data = parsed(text)
        try:
            if isinstance(data, NotJson):
                raise UserError(f"{beside} line {line}: {data.why}; bring the line back as it was")
            entries.append(Entry.model_validate(data))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            column = ascii(".".join(map(str, first["loc"])))[:80]
            raise UserError(f"{beside} line {line}: {column}: {first['msg']}; bring the line back as it was") from None
    return entries


def withdrawn(entries: Sequence[Entry]) -> dict[str, str]:
    """id -> the day (UTC) its query was withdrawn."""
    return {entry.id: entry.at[:10] for entry in entries if entry.change == "withdrawn"}


def add_entry(path: Path, change: Change, why: str, row: RealWorldQuery, keep_text: bool = True) -> None:
    """Write an entry at the end of the history of `path`; without `keep_text`, take this query's text out of the earlier ones as well.

    Twice is the same as once, so that a run that was killed before it changed the file itself can be run again.
    """
    entries = read_history(path)
    if not keep_text:
        entries = [entry.model_copy(update={"row": None}) if entry.id == row.id else entry for entry in entries]
    kept = row if keep_text else None
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    latest = next((one for one in reversed(entries) if one.id == row.id), None)
    if latest is None or (latest.change, latest.row) != (change, kept):
        entries.append(Entry(at=now, change=change, id=row.id, why=why, row=kept))
    _write(path, entries)


def erase_texts(path: Path, query_id: str) -> int:
    """Take the texts of a query out of the history of `path`; how many entries had one."""
    entries = read_history(path)
    held = [entry for entry in entries if entry.id == query_id and entry.row]
    if held:
        _write(path, [entry.model_copy(update={"row": None}) if entry in held else entry for entry in entries])
    return len(held)


def _write(path: Path, entries: Sequence[Entry]) -> None:
    rows: list[dict[str, Any]] = [json.loads(entry.model_dump_json()) for entry in entries]
    write_jsonl(history_path(path), rows)
