"""Reads CSV files as batches of columns."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from sieve.expr import Batch

SAMPLE_ROWS = 200
PARSERS: dict[str, Any] = {"int": int, "float": float, "str": str}


class CsvSource:
    """A CSV file with a header line. Kinds of columns are guessed from its first rows."""

    def __init__(self, path: str | Path, batch_rows: int = 4096) -> None:
        self.path = Path(path)
        self.batch_rows = batch_rows

    def schema(self) -> dict[str, str]:
        """Column names and kinds: int, float or str."""
        with self._open() as lines:
            reader = csv.reader(lines)
            header = next(reader, [])
            columns = list(zip(*islice(reader, SAMPLE_ROWS))) or [()] * len(header)
        return {name: _kind(cells) for name, cells in zip(header, columns)}

    def batches(self) -> Iterator[Batch]:
        """The file's rows, `batch_rows` at a time. An empty cell is None."""
        kinds = self.schema()
        with self._open() as lines:
            reader = csv.reader(lines)
            next(reader, None)
            while rows := list(islice(reader, self.batch_rows)):
                yield {
                    name: _parsed(cells, PARSERS[kind])
                    for (name, kind), cells in zip(kinds.items(), zip(*rows))
                }

    def _open(self) -> TextIO:
        return self.path.open(newline="", encoding="utf-8")


def _kind(cells: Iterable[str]) -> str:
    seen = [cell for cell in cells if cell]
    for kind in ("int", "float"):
        try:
            for cell in seen:
                PARSERS[kind](cell)
        except ValueError:
            continue
        return kind if seen else "str"
    return "str"


def _parsed(cells: Iterable[str], parse: Any) -> list[Any]:
    return [parse(cell) if cell else None for cell in cells]
