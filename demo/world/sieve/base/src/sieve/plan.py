"""The steps of a query. A plan is a chain of steps that ends in a scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from sieve.expr import Expr

if TYPE_CHECKING:
    from sieve.csvio import CsvSource
    from sieve.sivfile import SivSource


@dataclass(frozen=True, eq=False)
class Scan:
    source: CsvSource | SivSource

    def label(self) -> str:
        return f"scan {self.source.path.name}"


@dataclass(frozen=True, eq=False)
class Filter:
    child: Plan
    predicate: Expr

    def label(self) -> str:
        return f"filter {self.predicate!r}"


@dataclass(frozen=True, eq=False)
class Select:
    child: Plan
    columns: tuple[str, ...]

    def label(self) -> str:
        return f"select {', '.join(self.columns)}"


@dataclass(frozen=True, eq=False)
class WithColumn:
    child: Plan
    name: str
    expr: Expr

    def label(self) -> str:
        return f"with {self.name} = {self.expr!r}"


@dataclass(frozen=True, eq=False)
class Sort:
    child: Plan
    by: str
    descending: bool = False

    def label(self) -> str:
        return f"sort {self.by}{' descending' if self.descending else ''}"


@dataclass(frozen=True, eq=False)
class Limit:
    child: Plan
    count: int

    def label(self) -> str:
        return f"limit {self.count}"


Plan = Union[Scan, Filter, Select, WithColumn, Sort, Limit]
