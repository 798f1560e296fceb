"""Lazy columnar queries over CSV and siv files."""

from pathlib import Path

from sieve.csvio import CsvSource
from sieve.expr import Column as col
from sieve.expr import Literal as lit
from sieve.frame import LazyFrame
from sieve.plan import Scan
from sieve.sivfile import SivSource, write_siv

__all__ = ["LazyFrame", "col", "lit", "scan", "scan_csv", "scan_siv", "write_siv"]


def scan_csv(path: str | Path) -> LazyFrame:
    """A lazy frame over a CSV file with a header line."""
    return LazyFrame(Scan(CsvSource(path)))


def scan_siv(path: str | Path) -> LazyFrame:
    """A lazy frame over a siv file."""
    return LazyFrame(Scan(SivSource(path)))


def scan(path: str | Path) -> LazyFrame:
    """Pick the reader by the file's suffix: `.siv`, or CSV for everything else."""
    return scan_siv(path) if Path(path).suffix == ".siv" else scan_csv(path)
