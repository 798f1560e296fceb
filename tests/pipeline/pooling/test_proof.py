"""What decides is whole-number arithmetic: a bound is never too low, and what it rules out holds no better pool."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LimiError
from pipeline.pooling import search
from pipeline.pooling.program import Face, Program, Row, Whole, bound_of, narrowed
from pipeline.pooling.relaxation import Proposal, Relaxation


@st.composite
def programs(draw: Any) -> tuple[Program, Face, Any]:
    columns, rows = draw(st.integers(1, 6)), draw(st.integers(0, 3))
    program = Program(columns)
    limits = []
    for _ in range(rows):
        weights = draw(st.lists(st.integers(-2, 3), min_size=columns, max_size=columns))
        program.add(range(columns), weights)
        least = draw(st.integers(-2, 3))
        limits.append((least, least + draw(st.integers(0, 3))))
    lower = np.array(draw(st.lists(st.sampled_from((0, 0, 0, 1)), min_size=columns, max_size=columns)), np.int64)
    least, most = np.array(limits, np.int64).reshape(rows, 2).T
    face = Face(lower, np.ones(columns, np.int64), least.copy(), most.copy())
    return program, face, np.array(draw(st.lists(st.integers(-4, 6), min_size=columns, max_size=columns)), np.int64)


def points(program: Program, face: Face) -> list[Any]:
    every = (np.array(point, np.int64) for point in product((0, 1), repeat=program.columns))
    return [point for point in every if program.holds(point, face)]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(programs(), st.lists(st.integers(-9, 9), min_size=3, max_size=3))
def test_no_multipliers_give_a_bound_that_a_point_exceeds(case: Any, multipliers: list[int]) -> None:
    program, face, costs = case
    bound = bound_of(program, costs, np.array(multipliers[: len(program.rows)], np.int64), 2, face)
    worths = [int(costs @ point) for point in points(program, face)]
    assert all(2 * worth <= bound.total for worth in worths)
    for worth in set(worths):
        part, exact = narrowed(face, bound, worth)
        inside = [int(costs @ point) for point in points(program, part)]
        assert inside.count(worth) == worths.count(worth)
        assert not exact or set(inside) == {worth}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(programs())
def test_the_search_finds_the_best_point_or_that_there_is_none(case: Any) -> None:
    program, face, costs = case
    worths = [int(costs @ point) for point in points(program, face)]
    found = search.best(program, Relaxation(program), costs, face, decide=program.columns, mend=lambda point: point)
    assert (found and found.value) == max(worths, default=None)


class Timid:
    """Proposes the worse of two points again and again, and multipliers that prove next to nothing."""

    def add(self, row: Row) -> None:
        pass

    def propose(self, costs: Whole, face: Face) -> Proposal:
        return Proposal(np.array([0.0, 1.0]), np.zeros(1))


def test_a_point_that_is_better_by_one_alone_is_not_ruled_out() -> None:
    program = Program(2)
    program.add([0, 1], [1, 1])
    zeros, ones = np.zeros(2, np.int64), np.ones(2, np.int64)
    face = Face(zeros, ones, zeros[:1], ones[:1])
    found = search.best(program, Timid(), np.array([3, 2]), face, decide=2, mend=lambda point: point)
    assert found
    assert (found.value, found.point.tolist()) == (3, [1, 0])


def test_a_search_without_end_is_given_up_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PARTS", 2)
    program = Program(
        3
    )  # three pairs, each of which may have one: one in all, where fractions would allow one and a half
    for pair in ([0, 1], [1, 2], [0, 2]):
        program.add(pair, [1, 1])
    zeros, ones = np.zeros(3, np.int64), np.ones(3, np.int64)
    with pytest.raises(LimiError, match=r"not proved in 2 steps; quotas that cut across"):
        search.best(
            program, Relaxation(program), ones, Face(zeros, ones, zeros, ones), decide=3, mend=lambda point: point
        )
