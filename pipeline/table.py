"""A parquet table with a written schema, checked when it is written and when it is read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from pipeline.errors import UserError
from pipeline.files import atomic

ROW_GROUP = 4096  # rows


@dataclass(frozen=True)
class Table:
    """A parquet table: its name, the stage that writes it, what a row is, and its columns `name -> (type, meaning)`."""

    name: str
    writer: str
    row: str
    columns: dict[str, tuple[pl.DataType, str]]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column names and Polars types, in file order."""
        return {name: kind for name, (kind, _) in self.columns.items()}

    def frame(self, rows: list[dict[str, object]]) -> pl.DataFrame:
        """A frame of this table from row dicts. Raises on a value that is not of the column's type."""
        for row in rows:
            if row.keys() != self.columns.keys():
                raise TypeError(f"a row of {self.name} lacks or adds {sorted(row.keys() ^ self.columns.keys())}")
        return pl.DataFrame(
            {name: [row[name] for row in rows] for name in self.columns}, schema=self.schema, strict=True
        )

    def write(self, frame: pl.DataFrame, path: Path, fingerprint: str = "") -> None:
        """Check the frame against the schema and write it atomically. Raises TypeError on a difference."""
        self._check_columns(dict(frame.schema), path)
        with atomic(path) as unfinished:
            frame.write_parquet(unfinished, **self._layout(fingerprint))

    def write_pieces(self, pieces: Iterable[pl.DataFrame], path: Path, fingerprint: str = "") -> None:
        """Like `write`, for a table that is larger than memory and comes in pieces."""

        def checked(*_: object) -> Iterator[pl.DataFrame]:
            for piece in pieces:
                self._check_columns(dict(piece.schema), path)
                yield piece

        # Polars gets an open file: one that it opens itself it can still make after an error of the pieces has arrived here.
        with atomic(path) as unfinished, unfinished.open("wb") as file:
            register_io_source(checked, schema=self.schema).sink_parquet(file, **self._layout(fingerprint))

    def _check_columns(self, found: dict[str, pl.DataType], path: Path) -> None:
        if list(found.items()) != list(self.schema.items()):
            raise TypeError(f"{path} would not be a {self.name} table: {_difference(self.schema, found)}")

    def _layout(self, fingerprint: str) -> dict[str, Any]:
        return {
            "compression": "zstd",
            "compression_level": 3,
            "row_group_size": ROW_GROUP,
            "metadata": {"limi.table": self.name, "limi.fingerprint": fingerprint},
        }

    def read(self, path: Path, columns: list[str] | None = None) -> pl.DataFrame:
        """Read a file of this table (all columns, or some). Raises UserError when it is missing or of another shape."""
        self.check(path)
        return pl.read_parquet(path, columns=columns, glob=False)

    def scan(self, path: Path, columns: list[str] | None = None) -> pl.LazyFrame:
        """Like `read`, but lazily: what a filter passes over is not read."""
        self.check(path)
        return pl.scan_parquet(path, glob=False).select(columns or list(self.schema))

    def scan_parts(self, parts: list[Path]) -> pl.LazyFrame:
        """Scan some parts of a partitioned table, in the order given. Raises UserError when there are none."""
        if not parts:
            raise UserError(
                f"there is no part of {self.name}; `dvc repro {self.writer}` writes them, if there is a repository to read"
            )
        return pl.scan_parquet(parts, glob=False)

    def read_slices(self, path: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
        """Read a file piece by piece, ROW_GROUP rows at a time, so that memory does not grow with the file."""
        scan = self.scan(path, columns)
        for start in range(0, scan.select(pl.len()).collect().item(), ROW_GROUP):
            yield scan.slice(start, ROW_GROUP).collect()

    def check(self, path: Path) -> None:
        """Raises UserError when a file of this table is missing or of another shape."""
        try:
            with path.open("rb") as file:
                found = pl.read_parquet_schema(file)
        except FileNotFoundError:
            raise UserError(f"{path} is missing; `dvc repro {self.writer}` writes it") from None
        except pl.exceptions.ComputeError as error:
            raise UserError(
                f"{path} is not a parquet file ({error}); remove it and run `dvc repro {self.writer}`"
            ) from None
        if list(found.items()) != list(self.schema.items()):
            raise UserError(
                f"{path} is not a {self.name} table of this version: {_difference(self.schema, dict(found))}; "
                f"`dvc repro --force {path.stem if ' ' in self.writer else self.writer}` writes it anew"
            )

    def read_parts(self, folder: Path, columns: list[str] | None = None) -> pl.DataFrame:
        """Read every part of a partitioned table, in the order of their names."""
        parts = sorted(folder.glob("*.parquet"))
        if not parts:
            raise UserError(f"{folder} holds no part of {self.name}; `dvc repro {self.writer}` writes it")
        return pl.concat([self.read(part, columns) for part in parts])

    def written_from(self, path: Path) -> str:
        """The fingerprint a file was written with; empty if there is no such file of this table."""
        try:
            known = pl.read_parquet_metadata(path)
        except (OSError, pl.exceptions.PolarsError):
            return ""
        return known.get("limi.fingerprint", "") if known.get("limi.table") == self.name else ""


def part_name(repo: str) -> str:
    """The file name of a repository's part. GitHub allows no `__` clash: owners hold letters, digits and single hyphens."""
    return f"{repo.replace('/', '__')}.parquet"


def _difference(wanted: dict[str, pl.DataType], found: dict[str, pl.DataType]) -> str:
    notes = [f"column {name} is missing" for name in wanted if name not in found]
    notes += [f"column {name} is unknown" for name in found if name not in wanted]
    notes += [
        f"column {name} is {found[name]} instead of {kind}"
        for name, kind in wanted.items()
        if name in found and found[name] != kind
    ]
    return "; ".join(notes) or "its columns are in another order"
