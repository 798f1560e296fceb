"""Files that are whole or not there: atomic writes, hashes, JSON and JSON lines."""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.errors import UserError


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well it is synced and renamed to `path`.

    Whatever happens before the rename (an exception, a kill, a full disk) leaves the old `path` as it was. Raises UserError
    when the disk refuses.
    """
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(unfinished, path)
    except Exception as error:
        # Polars reports a full disk as its own error type, so the text is looked at as well as the errno.
        if isinstance(error, OSError) or "os error" in str(error):
            raise UserError(
                f"{path} could not be written ({error}). What was there before is unchanged; free some space or mend the "
                "permissions, then run the same command again"
            ) from error
        raise
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, data: Any) -> None:
    """Write indented JSON atomically, with a stable layout and one final newline."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write one JSON object per line atomically."""
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def canonical_json(data: Any) -> bytes:
    """The one byte string of a JSON value: sorted keys, no spaces, UTF-8. What hashes and fingerprints are taken of."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file's bytes, of whatever size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_text(text: str) -> str:
    """Hex sha256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sweep(folder: Path, keep: Callable[[Path], bool]) -> None:
    """Remove the files of `folder` that `keep` does not want: leftovers of a killed run, parts of an earlier choice."""
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if path.is_file() and not keep(path):
                path.unlink()
