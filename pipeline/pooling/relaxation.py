"""The only door to the solver (HiGHS): good guesses for a point and for multipliers, with fractions allowed. Nobody relies on them.

What it says is only a proposal: pipeline/pooling/program.py checks each point and computes what multipliers prove in whole numbers.
HiGHS is MIT, needs numpy alone and gives multipliers, which CP-SAT does not; one thread, so that it takes the same steps each time.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import highspy
import numpy as np
import numpy.typing as npt

from pipeline.pooling.program import Face, Program, Row, Whole

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """What a solver proposes: values of the columns, or None if it thinks that there are none; multipliers of the rows either way."""

    values: Numbers | None
    multipliers: Numbers


class Proposer(Protocol):
    """Whoever proposes; tests put liars here."""

    def add(self, row: Row) -> None:
        """Take a row that was added to the program."""

    def propose(self, costs: Whole, face: Face) -> Proposal:
        """Propose a point of the face of the largest costs @ point, fractions allowed, and the multipliers that prove it."""


class Relaxation:
    """A program in HiGHS; it keeps its last basis, so that a face that changed little is quick."""

    def __init__(self, program: Program) -> None:
        status = highspy.HighsModelStatus
        self._optimal, self._infeasible = status.kOptimal, status.kInfeasible
        self._highs: Any = _solver()
        options = {"output_flag": False, "threads": 1, "presolve": "off", "solver": "simplex", "random_seed": 0}
        for name, value in options.items():
            self._highs.setOptionValue(name, value)
        self._count, self._rows = program.columns, 0
        self._columns(self._count, np.ones(self._count), np.array([], np.int32), np.array([]))
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        for row in program.rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Add a row (its limits come with each face), with two columns for what it has too little and too much, both held at 0."""
        infinity = self._highs.getInfinity()
        self._highs.addRow(
            -infinity, infinity, len(row.columns), row.columns.astype(np.int32), row.weights.astype(float)
        )
        self._columns(2, np.zeros(2), np.array([self._rows, self._rows], np.int32), np.array([1.0, -1.0]))
        self._rows += 1

    def propose(self, costs: Whole, face: Face) -> Proposal:
        """Solve over the face with fractions.

        Of an empty face, the multipliers are those of the least shortage there is: they prove that there is one (Farkas). If HiGHS
        fails at both, which large marks can bring about, nothing is proposed, and the search divides the face.
        """
        rows = np.arange(self._rows, dtype=np.int32)
        self._highs.changeRowsBounds(self._rows, rows, face.least.astype(float), face.most.astype(float))
        if self._solved(costs.astype(float), face, shortage=0.0):
            solution = self._highs.getSolution()
            return Proposal(np.array(solution.col_value)[: self._count], np.array(solution.row_dual))
        if self._solved(np.zeros(self._count), face, shortage=self._highs.getInfinity()):
            return Proposal(None, np.array(self._highs.getSolution().row_dual))
        return Proposal(None, np.zeros(self._rows))

    def _solved(self, costs: Numbers, face: Face, shortage: float) -> bool:
        """Solve with at most so much shortage, each costing one if any is allowed. False if there is no point."""
        slack = 2 * self._rows
        every, total = np.arange(self._count + slack, dtype=np.int32), self._count + slack
        lower = np.concatenate([face.lower, np.zeros(slack)])
        upper = np.concatenate([face.upper, np.full(slack, shortage)])
        paid = np.concatenate([costs, np.full(slack, -1.0 if shortage else 0.0)])
        self._highs.changeColsCost(total, every, paid)
        self._highs.changeColsBounds(total, every, lower, upper)
        self._highs.run()
        if self._highs.getModelStatus() not in (self._optimal, self._infeasible):
            self._highs.clearSolver()  # forgets its last basis, from which it may have gone astray
            self._highs.run()
        return bool(self._highs.getModelStatus() == self._optimal)

    def _columns(self, count: int, upper: Numbers, rows: npt.NDArray[np.int32], weights: Numbers) -> None:
        """Add columns, each with one weight in one of the rows, or with none."""
        starts = np.arange(count, dtype=np.int32) if len(rows) else np.zeros(count, np.int32)
        self._highs.addCols(count, np.zeros(count), np.zeros(count), upper, len(rows), starts, rows, weights)


def _solver() -> Any:
    """A new HiGHS; it has types of its own in part only."""
    made: Any = highspy.Highs
    return made()
