"""Krippendorff's alpha is his own, the library's and the definition's, and is not there where it has no meaning."""

import itertools
from collections import Counter

import krippendorff
import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from annotation.statistics.alpha import alpha_estimate, alphas, value_counts
from annotation.statistics.answers import Question
from annotation.statistics.estimate import ALL_ALIKE, NO_CHANCE, NO_QUERIES, ONE_QUERY
from tests.annotation.statistics.grids import COLOURS, GRADES, Grid, of_grid, two_of_four

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: four observers, twelve units.
OBSERVED: Grid = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)
BOTH = pytest.mark.parametrize("question", [COLOURS, GRADES], ids=["nominal", "ordinal"])


def by_definition(grid: Grid, ordinal: bool) -> float | None:
    """Observed over expected disagreement, by going through every pair of answers; no coincidence matrix."""
    units = [[int(row[at]) for row in grid if row[at] is not None] for at in range(len(grid[0]))]
    units = [unit for unit in units if len(unit) > 1]
    pairable = [value for unit in units for value in unit]
    counts = Counter(pairable)
    if len(counts) < 2:
        return None

    def distance(one: int, other: int) -> float:
        if not ordinal:
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(times for value, times in counts.items() if low <= value <= high)
        return (between - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(
        distance(one, other) / (len(unit) - 1) for unit in units for one, other in itertools.permutations(unit, 2)
    )
    expected = sum(distance(one, other) for one, other in itertools.permutations(pairable, 2)) / (len(pairable) - 1)
    return 1 - observed / expected


@pytest.mark.parametrize(("question", "his"), [(COLOURS, 0.743), (GRADES, 0.815)], ids=["nominal", "ordinal"])
def test_krippendorffs_own_example_gives_his_numbers(question: Question, his: float) -> None:
    found = alpha_estimate(of_grid(OBSERVED, question), "1")
    assert found.value == pytest.approx(his, abs=5e-4)
    assert by_definition(OBSERVED, question.level == "ordinal") == pytest.approx(his, abs=5e-4)
    assert found.queries == 11  # the twelfth was seen by one alone
    assert found.low is not None and found.high is not None
    assert found.low < found.value < found.high


def test_two_annotators_counted_by_hand() -> None:
    # Both 1, both 2, one each. Coincidences: 11 2, 22 2, 12 1, 21 1; n = 6, n_1 = n_2 = 3.
    # Observed disagreement 2/6, expected 2*3*3/(6*5) = 18/30: alpha = 1 - (2/6)/(18/30) = 4/9.
    assert alpha_estimate(of_grid([[1, 2, 1], [1, 2, 2]], COLOURS), "1").value == pytest.approx(4 / 9, abs=1e-6)


def test_an_ordinal_step_counted_by_hand() -> None:
    # Answers 1-1, 1-2, 3-3: n_1 = 3, n_2 = 1, n_3 = 2, mean ranks 1.5, 3.5, 5; squared distances 12: 4, 13: 12.25, 23: 2.25.
    # Observed: 12 and 21 once each: 2*4 = 8. Expected: 2*(3*1*4 + 3*2*12.25 + 1*2*2.25)/5 = 36; alpha = 1 - 8/36 = 7/9.
    assert alpha_estimate(of_grid([[1, 1, 3], [1, 2, 3]], GRADES), "1").value == pytest.approx(7 / 9, abs=1e-6)


GRIDS = st.tuples(st.integers(2, 4), st.integers(1, 7)).flatmap(
    lambda size: st.lists(
        st.lists(st.none() | st.integers(1, 5), min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
    )
)


@BOTH
@settings(derandomize=True, deadline=None, max_examples=150)
@given(GRIDS)
def test_alpha_is_what_the_definition_says(question: Question, grid: list[list[int | None]]) -> None:
    expected = by_definition(grid, question.level == "ordinal")
    found = of_grid(grid, question)
    counts = value_counts(found)
    if expected is None:
        assert alpha_estimate(found, "1").value is None
        return
    assert alpha_estimate(found, "1").value == pytest.approx(expected, abs=1e-6)
    patterns, times = numpy.unique(counts, axis=0, return_counts=True)
    assert alphas(patterns, times[None, :].astype(float), question.level)[0] == pytest.approx(expected, abs=1e-9)


@BOTH
@settings(derandomize=True, deadline=None, max_examples=60)
@given(GRIDS, st.randoms(use_true_random=False))
def test_alpha_of_a_resample_is_the_librarys_alpha_of_those_rows(
    question: Question, grid: list[list[int | None]], draws: object
) -> None:
    counts = value_counts(of_grid(grid, question))
    assume(len(counts))
    rows = [draws.randrange(len(counts)) for _ in counts]  # type: ignore[attr-defined]
    drawn = counts[rows]
    weights = numpy.bincount(rows, minlength=len(counts))[None, :].astype(float)
    ours = alphas(counts, weights, question.level)[0]
    if (drawn.sum(axis=0) > 0).sum() < 2:
        assert numpy.isnan(ours)
    else:
        library = krippendorff.alpha(value_counts=drawn, level_of_measurement=question.level)
        assert ours == pytest.approx(float(library), abs=1e-9)


@BOTH
def test_perfect_agreement_is_one_and_says_why_it_has_no_interval(question: Question) -> None:
    found = alpha_estimate(of_grid([[1, 2, 3, 4, 5] * 4] * 2, question), "1")
    assert (found.value, found.low, found.high, found.reason) == (1.0, None, None, ALL_ALIKE)


@BOTH
def test_random_answers_agree_no_more_than_chance(question: Question) -> None:
    found = alpha_estimate(of_grid(two_of_four(3000, right=0.0), question), "1")
    assert abs(found.value or 1.0) < 0.05
    assert found.low is not None and found.high is not None
    assert found.low < 0 < found.high


def test_always_another_answer_is_below_chance() -> None:
    found = alpha_estimate(of_grid([[1, 2] * 50, [2, 1] * 50], COLOURS), "1")
    assert found.value is not None and found.value < -0.9


UNDEFINED: dict[str, tuple[Grid, str]] = {
    "one annotator alone": ([[1, 2, 3]], NO_QUERIES),
    "no query of two": ([[1, None], [None, 2]], NO_QUERIES),
    "constant answers": ([[1, 1, 1], [1, 1, 1]], NO_CHANCE),
    "constant where two answered": ([[1, 1, 2], [1, 1, None]], NO_CHANCE),
}


@BOTH
@pytest.mark.parametrize("case", UNDEFINED)
def test_alpha_is_not_there_where_it_has_no_meaning(case: str, question: Question) -> None:
    grid, reason = UNDEFINED[case]
    found = alpha_estimate(of_grid(grid, question), "1")
    assert (found.value, found.low, found.high, found.reason) == (None, None, None, reason)


@BOTH
def test_one_query_has_a_value_and_no_interval(question: Question) -> None:
    # One query, answers 1 and 2: observed 1, expected 1, so alpha is 0.
    found = alpha_estimate(of_grid([[1], [2]], question), "1")
    assert (found.value, found.low, found.high, found.queries, found.reason) == (0.0, None, None, 1, ONE_QUERY)
