"""The best point of a face for one objective, proved: branch and bound in which only whole-number arithmetic decides.

A solver proposes points and multipliers; each point is checked, each part of the search is closed only by a bound that its
multipliers prove (or by a check, once every column is held). A wrong proposal costs time and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import LimiError
from pipeline.pooling.program import Bound, Face, Program, Whole, bound_of, narrowed
from pipeline.pooling.relaxation import Proposer

# Multipliers are rounded to parts of this: it has every divisor to 16, so those of small programs lose nothing.
UNIT = 720_720
MOST_PARTS = 20_000

# Makes a point whole and mends the columns that only follow from others.
Mend = Callable[[Whole], Whole]


@dataclass(frozen=True)
class Best:
    """The best point, what it is worth, the bound of the whole face, and in how many parts that was proved."""

    point: Whole
    value: int
    bound: Bound
    parts: int


def best(
    program: Program,
    proposer: Proposer,
    costs: Whole,
    face: Face,
    *,
    decide: int,
    mend: Mend,
    known: Whole | None = None,
    enough: int | None = None,
) -> Best | None:
    """A point of the face with the largest `costs @ point`, or None if the face is proved to be empty.

    Columns before `decide` are branched on; the others follow from them by `mend`. `known` is a point of the face if there is one.
    With `enough`, the first point worth that much will do. Raises LimiError if it is not proved within MOST_PARTS parts.
    """
    found, value = (known, int(costs @ known)) if known is not None and program.holds(known, face) else (None, 0)
    root = bound_of(program, costs, np.zeros(len(program.rows), np.int64), UNIT, face)
    waiting, parts = [face], 0
    while waiting:
        part = waiting.pop()
        parts += 1
        if parts > MOST_PARTS:
            raise LimiError(
                f"the best pool was not proved in {MOST_PARTS:,} steps; quotas that cut across each other in many small groups make it "
                "hard: merge some of them or give them room (a least and a most instead of an exact count)"
            )
        proposal = proposer.propose(costs, part)
        multipliers = whole(proposal.multipliers)
        if proposal.values is None:
            if bound_of(program, np.zeros_like(costs), multipliers, UNIT, part).total < 0:
                continue  # even a pool that is worth nothing would be worth less than nothing: there is none
        else:
            bound = bound_of(program, costs, multipliers, UNIT, part)
            root = bound if parts == 1 else root
            if found is not None and bound.value <= value:
                continue
            point = mend(np.rint(proposal.values).astype(np.int64))
            if program.holds(point, part):
                worth = int(costs @ point)
                if found is None or worth > value:
                    found, value = point, worth
                if enough is not None and value >= enough:
                    break
                if bound.value <= value:
                    continue
            if found is not None:
                part, _ = narrowed(part, bound, value + 1)  # only what could be better
        column = _branch(part, proposal.values, decide)
        if column is None:
            point = mend(part.lower)
            if program.holds(point, part) and (found is None or int(costs @ point) > value):
                found, value = point, int(costs @ point)
            continue
        waiting += [part.with_column(column, 0), part.with_column(column, 1)]
    if found is None:
        return None
    return Best(found, value, root, parts)


def whole(multipliers: "np.typing.NDArray[np.float64]") -> Whole:
    """Multipliers in parts of 1 / UNIT; what is no number is 0."""
    return np.rint(np.nan_to_num(np.clip(multipliers, -1e9, 1e9)) * UNIT).astype(np.int64)


def _branch(part: Face, values: "np.typing.NDArray[np.float64] | None", decide: int) -> int | None:
    """The open column farthest from whole, or None if every column is held."""
    held = part.lower[:decide] == part.upper[:decide]
    if held.all():
        return None
    distance = np.zeros(decide) if values is None else abs(values[:decide] - np.rint(values[:decide]))
    return int(np.argmax(np.where(held, -1.0, distance)))
