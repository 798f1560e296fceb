"""Shares, thirds and times spent, counted by hand; what was not recorded is said."""

import polars as pl
import pytest

from annotation.statistics.answers import QUESTIONS, checked
from annotation.statistics.drift import ONE_BY_ONE, TOO_FEW, drift
from annotation.statistics.estimate import NO_QUERIES
from annotation.statistics.lead_time import NO_TIME, lead_times
from annotation.statistics.lead_time import TOO_FEW as TOO_FEW_TIMES
from annotation.statistics.shares import same_as_others, same_pairs, share, without
from tests.annotation.statistics.grids import COLOURS, answers, of_grid

VERDICT = QUESTIONS[0]


def given(*args: object, **named: object) -> pl.DataFrame:
    return checked(answers(*args, **named), [VERDICT, COLOURS])  # type: ignore[arg-type]


def test_equal_pairs_are_counted_query_by_query() -> None:
    found = of_grid([[1, 1, 1, 1], [1, 2, None, 1], [1, 2, None, None]], COLOURS)
    same, tries = same_pairs(found)
    assert (same.tolist(), tries.tolist()) == ([3, 1, 0, 1], [3, 3, 0, 1])
    same, others = same_as_others(found, "bo")
    assert (same.tolist(), others.tolist()) == ([2, 1, 0, 1], [2, 2, 0, 1])
    assert without(found, "ada").annotators == ("bo", "chidi")


def test_a_share_is_of_tries_and_not_of_queries() -> None:
    found = of_grid([[1, 1], [1, 2], [1, None]], COLOURS)
    assert share(*same_pairs(found), "1").value == 0.75
    assert share(*same_pairs(of_grid([[1, 2]], COLOURS)), "1").reason == NO_QUERIES


def test_thirds_follow_the_annotators_own_sequence() -> None:
    ada = ["accept", "accept", "edit", "accept", "reject", "reject"]
    bo = ["accept", "accept", "accept", None, "accept", "accept"]
    by_ada, by_bo = drift(given([ada, bo], VERDICT), VERDICT, "1")
    assert [third.values for third in by_ada.thirds] == [
        {"accept": 2, "edit": 0, "reject": 0},
        {"accept": 1, "edit": 1, "reject": 0},
        {"accept": 0, "edit": 0, "reject": 2},
    ]
    assert [third.same_as_others.value for third in by_ada.thirds] == [1.0, 0.0, 0.0]
    assert [third.same_as_others.queries for third in by_ada.thirds] == [2, 1, 2]
    assert [third.judgements for third in by_bo.thirds] == [1, 2, 2]
    assert (by_ada.note, by_ada.without_time) == ("", 0)


def test_the_sequence_is_by_time_and_not_by_query() -> None:
    frame = answers([["accept"] * 3 + ["reject"] * 3], VERDICT)
    turned = frame.with_columns(at=pl.Series(frame["at"].to_list()[::-1], dtype=frame.schema["at"]))
    (found,) = drift(checked(turned, [VERDICT]), VERDICT, "1")
    assert [third.values["reject"] for third in found.thirds] == [2, 1, 0]


def test_too_few_judgements_have_no_thirds() -> None:
    (found,) = drift(given([["accept", "reject"]], VERDICT), VERDICT, "1")
    assert (found.thirds, found.note) == ((), TOO_FEW)


def test_judgements_without_a_time_are_counted_and_left_out() -> None:
    (found,) = drift(given([["accept"] * 5], VERDICT, minutes=None), VERDICT, "1")
    assert (found.without_time, found.thirds, found.note) == (5, (), TOO_FEW)


def test_what_a_program_sent_at_once_is_called_so() -> None:
    (found,) = drift(given([["accept"] * 9], VERDICT, minutes=0), VERDICT, "1")
    assert found.note == ONE_BY_ONE


def test_quartiles_are_those_counted_by_hand() -> None:
    (found,) = lead_times(given([[1] * 5], COLOURS, [[10.0, 20.0, 30.0, 40.0, 50.0]]))
    assert (found.lower_quartile, found.median, found.upper_quartile, found.outliers) == (20.0, 30.0, 40.0, ())


def test_a_night_with_the_tab_open_and_a_blind_click_are_named() -> None:
    seconds = [60.0, 70.0, 80.0, 150.0, 240.0, 300.0, 30_000.0, 0.0]
    (found,) = lead_times(given([[1] * 8], COLOURS, [seconds]))
    assert found.outliers == (("gh-00006", 30_000.0), ("gh-00007", 0.0))
    assert found.median == 115.0
    # On plain seconds the lower fence is below nought, and no click is too quick for it.
    assert found.lower_quartile is not None and found.upper_quartile is not None
    assert found.lower_quartile - 1.5 * (found.upper_quartile - found.lower_quartile) < 0


def test_equal_times_have_no_outliers() -> None:
    (found,) = lead_times(given([[1] * 8], COLOURS, [[61.7] * 8]))
    assert (found.outliers, found.median) == ((), 61.7)


@pytest.mark.parametrize(
    ("seconds", "median", "reason"),
    [([None, None], None, NO_TIME), ([5.0, None], 5.0, TOO_FEW_TIMES)],
    ids=["none", "one"],
)
def test_what_was_not_recorded_is_said(seconds: list[float | None], median: float | None, reason: str) -> None:
    (found,) = lead_times(given([[1] * 2], COLOURS, [seconds]))
    assert (found.median, found.lower_quartile, found.reason) == (median, None, reason)
    assert found.timed + found.untimed == 2


def test_a_judgement_of_several_questions_is_one_task() -> None:
    one = answers([[1] * 4], COLOURS, [[1.0, 2.0, 3.0, 4.0]])
    other = answers([["accept"] * 4], VERDICT, [[1.0, 2.0, 3.0, 4.0]])
    (found,) = lead_times(checked(pl.concat([one, other]), [VERDICT, COLOURS]))
    assert (found.timed, found.median) == (4, 2.5)
