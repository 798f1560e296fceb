"""The choice as a program in whole numbers: a column for each candidate, a row for each rule, and exact arithmetic over both.

A column says how often something is in the pool (0 or 1), a row holds a weighted sum of columns between two limits. Everything
here is whole numbers: int64 arrays whose size is checked before a sum could run over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.errors import LimiError

Whole = npt.NDArray[np.int64]
# A sum must stay below this; int64 holds twice as much.
LARGEST = 2**62


@dataclass(frozen=True)
class Row:
    """A weighted sum of columns; `weights` are those of `columns`, in their order."""

    columns: Whole
    weights: Whole


@dataclass(frozen=True)
class Face:
    """The limits of all columns and rows at one point of the search: which pools are still in question."""

    lower: Whole
    upper: Whole
    least: Whole
    most: Whole

    def with_column(self, column: int, value: int) -> "Face":
        """The same with one column held at a value."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[column] = upper[column] = value
        return replace(self, lower=lower, upper=upper)

    def with_row(self, row: int, least: int, most: int) -> "Face":
        """The same with other limits of one row."""
        lows, highs = self.least.copy(), self.most.copy()
        lows[row], highs[row] = least, most
        return replace(self, least=lows, most=highs)

    def with_new_row(self, least: int, most: int) -> "Face":
        """The same with the limits of a row that was added to the program."""
        return replace(self, least=np.append(self.least, least), most=np.append(self.most, most))


class Program:
    """The rows over so many columns. Rows are only ever added."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[Row] = []
        self.heaviest = 0

    def add(self, columns: Sequence[int] | Whole, weights: Sequence[int] | Whole) -> int:
        """Add a row; returns its place."""
        self.rows.append(Row(np.asarray(columns, np.int64), np.asarray(weights, np.int64)))
        self.heaviest = max(self.heaviest, int(abs(self.rows[-1].weights).max(initial=0)))
        return len(self.rows) - 1

    def widened(self, face: Face) -> Face:
        """A face from before some rows were added, in which those rows bind nothing."""
        for row in self.rows[len(face.least) :]:
            reach = int(abs(row.weights).sum())
            face = face.with_new_row(-reach, reach)
        return face

    def sums(self, point: Whole) -> Whole:
        """What each row sums to at a point."""
        return np.array([int(row.weights @ point[row.columns]) for row in self.rows], np.int64)

    def holds(self, point: Whole, face: Face) -> bool:
        """Whether a point keeps all limits: plain arithmetic, whoever found the point."""
        if np.any(point < face.lower) or np.any(point > face.upper):
            return False
        sums = self.sums(point)
        return bool(np.all(sums >= face.least) and np.all(sums <= face.most))


@dataclass(frozen=True)
class Bound:
    """No pool of a face is worth more than `total / unit`; `reduced` is by how much each column tells, `multipliers` prove it."""

    total: int
    reduced: Whole
    multipliers: Whole
    unit: int

    @property
    def value(self) -> int:
        """The bound as a whole number: worths are whole, so the rest below one is dropped."""
        return self.total // self.unit


def bound_of(program: Program, costs: Whole, multipliers: Whole, unit: int, face: Face) -> Bound:
    """What any multipliers prove of `costs @ point` over a face (Lagrange; weak duality). `multipliers` are in parts of 1 / unit.

    For every point of the face, costs @ point = sum((costs - multipliers @ rows) * point) + multipliers @ sums(point), and each part
    is at most what its limits allow. So wrong multipliers give a bound that is too high, never one that is too low: whoever
    proposes them need not be trusted. Raises LimiError if the costs would not fit.
    """
    if int(abs(costs).max(initial=0)) * unit >= LARGEST // 2:
        raise LimiError("the marks of the pool's candidates are too large for exact arithmetic; use smaller ones")
    if int(abs(multipliers.astype(object)).sum()) * program.heaviest >= LARGEST // 2:
        multipliers = np.zeros_like(multipliers)  # those prove something too, if little
    reduced = costs * unit
    for row, multiplier in zip(program.rows, multipliers.tolist(), strict=True):
        if multiplier:
            reduced[row.columns] -= multiplier * row.weights
    columns = np.where(reduced > 0, face.upper, face.lower)
    total = sum(value * times for value, times in zip(reduced.tolist(), columns.tolist(), strict=True) if value)
    limits = np.where(multipliers > 0, face.most, face.least)
    total += sum(value * limit for value, limit in zip(multipliers.tolist(), limits.tolist(), strict=True) if value)
    return Bound(total, reduced, multipliers, unit)


def narrowed(face: Face, bound: Bound, value: int) -> tuple[Face, bool]:
    """The part of a face in which every pool worth `value` lies, and whether every pool of that part is worth it.

    A column or row that would cost more than lies between the bound and the value is held at its limit. With nothing between,
    what is left is exactly the pools of that worth, and no row about the worth itself is needed.
    """
    between = bound.total - value * bound.unit
    lower = np.where(bound.reduced > between, face.upper, face.lower)
    upper = np.where(bound.reduced < -between, face.lower, face.upper)
    least = np.where(bound.multipliers > between, face.most, face.least)
    most = np.where(bound.multipliers < -between, face.least, face.most)
    return Face(lower, upper, least, most), between == 0
