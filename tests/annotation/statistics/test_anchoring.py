"""Following the judge is told from agreeing with one another."""

import random

import pytest

from annotation.statistics.anchoring import NO_JUDGE, anchoring
from tests.annotation.statistics.grids import COLOURS, NAMES, of_grid


def test_shares_are_those_counted_by_hand() -> None:
    found = of_grid([[1, 1, 2, 1], [1, 2, 2, None]], COLOURS)
    judge = {"gh-00000": "1", "gh-00001": "1", "gh-00002": "1", "gh-00003": "1", "gh-99999": "5"}
    # The fourth query has one annotator and does not count. Judge: 2 + 1 + 0 of 6; each other: 1 + 0 + 1 of 3.
    whole, ada, bo = anchoring(found, judge, "1")
    assert (whole.annotator, whole.as_judge.value, whole.as_others.value) == ("", 0.5, pytest.approx(2 / 3, abs=1e-6))
    assert whole.difference.value == pytest.approx(-1 / 6, abs=1e-6)
    assert (ada.annotator, ada.as_judge.value, ada.as_others.value) == (
        "ada",
        pytest.approx(2 / 3, abs=1e-6),
        pytest.approx(2 / 3, abs=1e-6),
    )
    assert bo.as_judge.value == pytest.approx(1 / 3, abs=1e-6)
    assert whole.as_judge.queries == 3


def crowd(queries: int, follow: float) -> tuple[list[list[int | None]], dict[str, str]]:
    """Two of four on each query answer at random, or as the judge does with probability `follow`."""
    draws = random.Random(11)  # noqa: S311 - made-up answers
    grid: list[list[int | None]] = [[None] * queries for _ in NAMES]
    judge = {}
    for at in range(queries):
        said = draws.randint(1, 5)
        judge[f"gh-{at:05}"] = str(said)
        for who in draws.sample(range(4), 2):
            grid[who][at] = said if draws.random() < follow else draws.randint(1, 5)
    return grid, judge


def test_followers_are_found() -> None:
    grid, judge = crowd(400, follow=0.5)
    difference = anchoring(of_grid(grid, COLOURS), judge, "1")[0].difference
    assert difference.low is not None and difference.low > 0.1


def test_those_who_do_not_follow_are_not_accused() -> None:
    grid, judge = crowd(400, follow=0.0)
    difference = anchoring(of_grid(grid, COLOURS), judge, "1")[0].difference
    assert difference.low is not None and difference.high is not None
    assert difference.low < 0 < difference.high


@pytest.mark.parametrize("judge", [{}, {"gh-00001": "1"}], ids=["no judge", "judge where one annotator was alone"])
def test_without_a_judge_there_is_nothing_to_compare(judge: dict[str, str]) -> None:
    for found in anchoring(of_grid([[1, 1], [1, None]], COLOURS), judge, "1"):
        for estimate in (found.as_judge, found.as_others, found.difference):
            assert (estimate.value, estimate.reason) == (None, NO_JUDGE)


def test_one_annotator_alone_is_not_compared() -> None:
    whole, alone = anchoring(of_grid([[1, 2]], COLOURS), {"gh-00000": "1"}, "1")
    assert (whole.difference.value, alone.difference.value) == (None, None)


def test_an_answer_that_is_not_offered_is_refused() -> None:
    with pytest.raises(ValueError, match="the judge answers 'rewrite'"):
        anchoring(of_grid([[1], [1]], COLOURS), {"gh-00000": "rewrite"}, "1")
