"""What both views say of a session."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trajectories.made import said, session, sessions
from trajectories.archive.session import Session
from trajectories.archive.steps import Metrics
from trajectories.viewing.words import fold, moment, rounds, since, size, tokens, total

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@given(st.text("ab\n"), st.integers(1, 5), st.integers(1, 20))
def test_the_begin_and_the_rest_of_a_fold_are_the_text(text: str, lines: int, characters: int) -> None:
    begin, rest = fold(text, lines, characters)
    assert begin + rest == text
    assert len(begin) <= characters or not rest
    assert begin.rstrip("\n").count("\n") <= lines


@pytest.mark.parametrize(("rest", "words"), [("a\nb\n", "2 more lines"), ("a" * 5000, "5,000 more characters")])
def test_how_much_is_folded_is_said(rest: str, words: str) -> None:
    assert size(rest) == words


@given(sessions)
def test_rounds_hold_every_step_once_and_in_order(drawn: Session) -> None:
    found = list(rounds(drawn))
    assert tuple(step for part in found for step in part.steps) == drawn.steps
    assert found[-1].number == drawn.rounds


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2.25, "2.2 s"), (-3, "-3.0 s"), (600, "10.0 min"), (3 * 3600, "3.0 h"), (0, "0.0 s")],
)
def test_a_time_between_two_steps(seconds: float, words: str) -> None:
    assert since(NOON, NOON + timedelta(seconds=seconds)) == words


def test_no_time_between_is_told_if_one_is_not_known() -> None:
    assert since(None, NOON) == since(NOON, None) == ""


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-01-31T14:05:02.250Z", "2026-01-31 14:05:02 UTC"),
        ("2026-01-31T14:05:02+05:30", "2026-01-31 14:05:02 +05:30"),
    ],
)
def test_a_time_keeps_its_zone(written: str, words: str) -> None:
    assert moment(written) == words


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (None, ""),
        (Metrics(), ""),
        (Metrics(prompt_tokens=1200), "1,200 tokens in"),
        (Metrics(completion_tokens=3, cost_usd=0.5), "3 tokens out, 0.5000 dollars"),
        (Metrics(prompt_tokens=9, cached_tokens=4, completion_tokens=3), "9 tokens in (4 cached), 3 out"),
    ],
)
def test_only_known_tokens_are_told(metrics: Metrics | None, words: str) -> None:
    assert tokens(metrics) == words


def test_the_total_is_of_the_steps_that_tell() -> None:
    steps = [said("agent", "x", metrics={"prompt_tokens": at}) for at in (100, 20)]
    assert total(session(*steps, said("agent", "y"))) == "120 tokens in"
    assert total(session(said("agent", "y"))) == ""
