"""The siv format: compressed blocks of columns, then a footer that says where they are.

    "SIV1" | column data ... | footer (JSON) | length of the footer (u32, little endian) | "SIV1"
"""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sieve.expr import Batch

MAGIC = b"SIV1"
TYPECODES = {"int": "q", "float": "d"}


def write_siv(batches: Iterable[Batch], path: str | Path) -> int:
    """Write every batch as one block; returns the number of rows."""
    blocks: list[dict[str, Any]] = []
    with Path(path).open("wb") as out:
        out.write(MAGIC)
        for batch in batches:
            columns = {}
            for name, values in batch.items():
                kind, data = _encoded(values)
                columns[name] = {"kind": kind, "offset": out.tell(), "length": len(data)}
                out.write(data)
            blocks.append({"rows": len(values) if batch else 0, "columns": columns})
        footer = json.dumps({"blocks": blocks}).encode()
        out.write(footer + struct.pack("<I", len(footer)) + MAGIC)
    return sum(block["rows"] for block in blocks)


class SivSource:
    """A siv file; its footer is read once."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self.path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise ValueError(f"{self.path} is not a siv file")
            file.seek(-8, 2)
            (length,) = struct.unpack("<I", file.read(4))
            file.seek(-8 - length, 2)
            self.blocks = json.loads(file.read(length))["blocks"]

    def schema(self) -> dict[str, str]:
        """Column names and kinds, as the first block stores them."""
        first = self.blocks[0]["columns"] if self.blocks else {}
        return {name: column["kind"] for name, column in first.items()}

    def batches(self) -> Iterator[Batch]:
        with self.path.open("rb") as file:
            for block in self.blocks:
                batch = {}
                for name, column in block["columns"].items():
                    file.seek(column["offset"])
                    batch[name] = _decoded(column["kind"], file.read(column["length"]), block["rows"])
                yield batch


def _encoded(values: list[Any]) -> tuple[str, bytes]:
    present = [value for value in values if value is not None]
    types = {type(value) for value in present}
    kind = "int" if types == {int} else "float" if types and types <= {int, float} else "json"
    body = json.dumps(present).encode() if kind == "json" else array(TYPECODES[kind], present).tobytes()
    return kind, zlib.compress(bytes(value is not None for value in values) + body)


def _decoded(kind: str, data: bytes, rows: int) -> list[Any]:
    raw = zlib.decompress(data)
    mask, body = raw[:rows], raw[rows:]
    present = iter(json.loads(body) if kind == "json" else array(TYPECODES[kind], body))
    return [next(present) if there else None for there in mask]
