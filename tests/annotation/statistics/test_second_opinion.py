"""Cohen's kappa held against scikit-learn's: a library that many keep, and whose code has nothing in common with ours."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from annotation.statistics.answers import Question
from annotation.statistics.kappa import pairs
from tests.annotation.statistics.grids import COLOURS, GRADES, Grid, of_grid, two_of_four
from tests.annotation.statistics.test_kappa import NEW_ORLEANS, WINNIPEG, grid_of

# What our levels are called there.
BOTH = pytest.mark.parametrize(
    ("question", "weights"), [(COLOURS, None), (GRADES, "linear")], ids=["nominal", "linear"]
)
ANSWERS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=40)


def theirs(grid: Grid, question: Question, weights: str | None) -> float:
    return float(cohen_kappa_score(*grid, labels=[int(value) for value in question.values], weights=weights))


@BOTH
@pytest.mark.parametrize("table", [WINNIPEG, NEW_ORLEANS])
def test_published_tables_give_the_same_kappa(
    table: tuple[tuple[int, ...], ...], question: Question, weights: str | None
) -> None:
    grid = grid_of(table)
    (pair,) = pairs(of_grid(grid, question), "1")
    assert pair.kappa.value == pytest.approx(theirs(grid, question, weights), abs=1e-6)


@BOTH
@settings(derandomize=True, deadline=None, max_examples=100)
@given(ANSWERS)
def test_any_answers_give_the_same_kappa(
    question: Question, weights: str | None, answers: list[tuple[int, int]]
) -> None:
    if len({value for pair in answers for value in pair}) == 1:
        answers = [*answers, (1, 2)]  # of constants there is no kappa
    grid = [list(row) for row in zip(*answers, strict=True)]
    (pair,) = pairs(of_grid(grid, question), "1")
    assert pair.kappa.value == pytest.approx(theirs(grid, question, weights), abs=1e-6)


@BOTH
def test_every_pair_of_four_is_of_the_queries_both_judged(question: Question, weights: str | None) -> None:
    grid = two_of_four(200, right=0.6)
    found = pairs(of_grid(grid, question), "1")
    for pair, (one, other) in zip(found, zip(*numpy.triu_indices(4, 1), strict=True), strict=True):
        shared = [both for both in zip(grid[one], grid[other], strict=True) if None not in both]
        assert pair.kappa.value == pytest.approx(theirs(list(zip(*shared, strict=True)), question, weights), abs=1e-6)
