"""Why a dataset must not leave this machine: a secret, a row without a licence, a demo that nobody asked for."""

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from curated.hub.folder import Folder
from pipeline.masking.secrets import secrets
from pipeline.spdx import is_licence

LICENCE_COLUMNS = ("licence", "license")
DEMO = "demo"  # how the origin_note of a demo row begins
_SHOWN = 5  # examples in one sentence


def refusals(folder: Folder, allow_demo: bool = False, others: Iterable[str] = ()) -> list[str]:
    """A sentence for each reason not to publish the folder; an empty list if there is none. No sentence shows a secret.

    `others` are the caller's own reasons, such as a dirty pipeline. Rows are those of every .jsonl and .parquet file.
    """
    found = [*others, *folder.problems]
    rows: dict[str, list[dict[str, Any]]] = {}
    seen: set[str] = set()  # texts that were looked through; a parquet file repeats those of its JSON lines
    for file in folder.files:
        content = (folder.path / file.path).read_bytes()
        suffix = PurePosixPath(file.path).suffix
        text = _text(content)
        try:
            if suffix == ".parquet":
                rows[file.path] = pl.read_parquet(io.BytesIO(content)).to_dicts()
            elif suffix == ".jsonl" and text is not None:
                rows[file.path] = _objects(text)
        except Exception as error:  # polars has many kinds; none of them may let a file through unread
            found.append(f"{file.path} cannot be read, so its rows cannot be checked ({str(error).splitlines()[0]})")
        if text is None and suffix != ".parquet":
            found.append(f"{file.path} is neither text nor parquet, so it cannot be searched for secrets; take it out")
        found += _secrets_of(file.path, text, rows.get(file.path, []), seen)
    found += [sentence for name in sorted(rows) for sentence in _without_licence(name, rows[name])]
    if not allow_demo and (folder.manifest.get("demo") or any(_is_demo(row) for name in rows for row in rows[name])):
        found.append(
            "this is a demo dataset, authored and no sample of GitHub; publish it only if you mean to (allow the demo explicitly)"
        )
    return found


def _objects(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.split("\n") if line]
    if not all(isinstance(row, dict) for row in found):
        raise ValueError("a line is no JSON object")
    return found


def _text(content: bytes) -> str | None:
    """The content as text; None if it is none."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    return None if b"\0" in content else content.decode("utf-8", "replace")


def _secrets_of(name: str, text: str | None, rows: list[dict[str, Any]], seen: set[str]) -> Iterator[str]:
    places = []
    if text is not None:
        places += [f"line {text.count(chr(10), 0, place.start) + 1}" for place in secrets(text)]
    for number, row in enumerate(rows, 1):
        for column, value in _strings(row, ""):
            # A line of JSON shows a text with its breaks and quotes escaped; the text itself may be a secret all the same.
            if value not in seen and (text is None or not value.isprintable() or '"' in value or "\\" in value):
                places += [f"row {number}, {column}" for _ in secrets(value)]
            seen.add(value)
    places = list(dict.fromkeys(places))
    if places:
        yield (
            f"{name} holds what looks like a secret ({_listed(places)}); mask it (params.yaml, mask.kinds), or take the row out, and build "
            "the dataset again"
        )


def _strings(value: Any, column: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield column, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _strings(part, f"{column}.{name}" if column else str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part, column)


def _without_licence(name: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    lacking = [str(number) for number, row in enumerate(rows, 1) if not is_licence(_licence(row))]
    if lacking:
        yield (
            f"{name} has {len(lacking)} of {len(rows)} rows without a licence (row {_listed(lacking)}); a row is published only under a "
            "known licence: set filter.licences, or take these rows out"
        )


def _licence(row: dict[str, Any]) -> str:
    found = next((row[column] for column in LICENCE_COLUMNS if column in row), None)
    return found.strip() if isinstance(found, str) else ""


def _is_demo(row: dict[str, Any]) -> bool:
    note = row.get("origin_note")
    return isinstance(note, str) and note.strip().lower().startswith(DEMO)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
