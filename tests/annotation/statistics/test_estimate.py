"""Intervals come from the seed and the answers alone, hold what they promise, and are strict JSON."""

import json
import math
import random
import time
from typing import Any

import numpy
import polars as pl
import pytest

from annotation.statistics.alpha import alpha_estimate
from annotation.statistics.answers import QUESTIONS, checked, matrix
from annotation.statistics.estimate import ALL_ALIKE, Estimate, estimate
from annotation.statistics.kappa import pairs
from annotation.statistics.shares import same_pairs, share
from tests.annotation.statistics.grids import COLOURS, GRADES, answers, of_grid, two_of_four

GRID = two_of_four(60, right=0.6)


def test_the_same_seed_gives_the_same_interval() -> None:
    assert alpha_estimate(of_grid(GRID, GRADES), "1") == alpha_estimate(of_grid(GRID, GRADES), "1")


def test_another_seed_gives_another_interval_and_the_same_value() -> None:
    one, other = alpha_estimate(of_grid(GRID, GRADES), "1"), alpha_estimate(of_grid(GRID, GRADES), "2")
    assert one.value == other.value
    assert (one.low, one.high) != (other.low, other.high)


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = answers(GRID, GRADES)
    for seed in range(3):
        mixed = checked(rows.sample(fraction=1.0, shuffle=True, seed=seed), [GRADES])
        assert alpha_estimate(matrix(mixed, GRADES), "1") == alpha_estimate(of_grid(GRID, GRADES), "1")
        assert str(pairs(matrix(mixed, GRADES), "1")) == str(pairs(of_grid(GRID, GRADES), "1"))


def test_the_order_of_the_queries_does_not_matter() -> None:
    turned = [row[::-1] for row in GRID]
    assert alpha_estimate(of_grid(turned, GRADES), "1") == alpha_estimate(of_grid(GRID, GRADES), "1")


def test_it_is_the_bootstrap_over_queries() -> None:
    """Held against drawing whole queries one by one."""
    found = of_grid(two_of_four(80, right=0.5), COLOURS)
    same, tries = same_pairs(found)
    interval = share(same, tries, "1")
    draws = random.Random(3)  # noqa: S311 - resamples
    drawn = []
    for _ in range(4000):
        at = [draws.randrange(len(same)) for _ in same]
        drawn.append(same[at].sum() / tries[at].sum())
    assert interval.low == pytest.approx(numpy.quantile(drawn, 0.025), abs=0.015)
    assert interval.high == pytest.approx(numpy.quantile(drawn, 0.975), abs=0.015)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    # Each gives the true one of five values with 0.6 and any of them otherwise; the true alpha follows from how often two are equal.
    right, values = 0.6, 5
    one_true = right + (1 - right) / values
    equal = one_true**2 + (values - 1) * ((1 - right) / values) ** 2
    truth = (equal - 1 / values) / (1 - 1 / values)
    inside = 0
    for seed in range(100):
        found = alpha_estimate(of_grid(two_of_four(120, right, seed), COLOURS), "1")
        assert found.low is not None and found.high is not None
        inside += found.low <= truth <= found.high
    assert 88 <= inside <= 99


def of_mean(patterns: Any, weights: Any) -> Any:
    return (weights @ patterns[:, 0]) / weights.sum(axis=1)


def test_too_many_resamples_without_a_value_leave_no_interval() -> None:
    def first_only(patterns: Any, weights: Any) -> Any:
        with numpy.errstate(divide="ignore", invalid="ignore"):
            return numpy.where(weights[:, 0] > 0, of_mean(patterns, weights), numpy.nan)

    found = estimate(numpy.array([[0], [1], [1], [1]]), first_only, "1")
    assert (found.value, found.low, found.high) == (0.75, None, None)
    assert "of the resamples have no value" in found.reason


def test_resamples_that_are_nearly_all_alike_leave_no_interval() -> None:
    # A resample without any of the first four queries has another value, and six of a thousand are such: 0.6 to the tenth.
    def any_of_the_first(patterns: Any, weights: Any) -> Any:
        return (weights[:, 0] > 0).astype(float)

    found = estimate(numpy.array([[0]] * 4 + [[1]] * 6), any_of_the_first, "1")
    assert (found.value, found.low, found.high, found.reason) == (1.0, None, None, ALL_ALIKE)


def test_an_estimate_is_strict_json() -> None:
    for found in (alpha_estimate(of_grid(GRID, GRADES), "1"), alpha_estimate(of_grid([[1], [1]], GRADES), "1")):
        assert Estimate(**json.loads(json.dumps(found.as_json(), allow_nan=False))) == found
        assert not any(isinstance(value, float) and math.isnan(value) for value in found.as_json().values())


def test_ten_thousand_queries_take_seconds() -> None:
    begun = time.process_time()
    verdicts = [
        [None if value is None else QUESTIONS[0].values[value - 1] for value in row]
        for row in two_of_four(10_000, 0.7, values=3)
    ]
    rows: list[pl.DataFrame] = [answers(verdicts, QUESTIONS[0])]
    for question in (COLOURS, GRADES):
        rows.append(answers(two_of_four(10_000, 0.7), question))
    asked = [QUESTIONS[0], COLOURS, GRADES]
    given = checked(pl.concat(rows), asked)
    for question in asked:
        found = matrix(given, question)
        assert alpha_estimate(found, "1").queries == 10_000
        assert len(pairs(found, "1")) == 6
    assert time.process_time() - begun < 10
