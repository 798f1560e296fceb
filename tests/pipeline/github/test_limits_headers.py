"""What GitHub's headers say is believed as far as it makes sense, and read by GitHub's clock."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import MARGIN, WITH_TOKEN, Limiter, Limits
from tests.pipeline.github.peer import date
from tests.pipeline.github.simulation import answered, rate_headers


@pytest.mark.parametrize("skew", [0, 7_200, -7_200])
def test_an_exhausted_hour_waits_for_githubs_reset_whatever_our_clock_says(skew: int) -> None:
    clock = VirtualClock(1_790_000_000.7)
    limiter = Limiter(clock, [WITH_TOKEN])
    reset = 1_790_000_900 + skew  # in 900 of GitHub's seconds
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 0, reset, skew=skew))
    limiter.turn("core")
    assert 1_790_000_900 <= clock.now() <= 1_790_000_900 + 3


@pytest.mark.parametrize("remaining", ["0", "0.0", "0.9"])
def test_float_headers_are_read_as_numbers(remaining: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("core"), **rate_headers(clock, remaining, "1500.0"))
    limiter.turn("core")
    assert 1_500 <= clock.now() <= 1_503


@pytest.mark.parametrize("nonsense", ["", "many", "nan", "inf", "-inf", "1e999", "٣", "0x10", "1,000", "99" * 200])
def test_headers_that_are_no_numbers_are_as_good_as_none(nonsense: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("core"), x_ratelimit_remaining=nonsense, x_ratelimit_reset=nonsense, date=nonsense)
    limiter.turn("core")
    limiter.retry_after({"retry-after": nonsense, "date": nonsense})
    assert clock.now() == 1_000.0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=40))
def test_no_header_whatever_breaks_the_limiter(remaining: str, after: str, day: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("core"), x_ratelimit_remaining=remaining, x_ratelimit_reset=after, date=day)
    limiter.retry_after({"retry-after": after, "date": day})
    limiter.retry_after({"retry-after": day, "date": after})
    assert limiter.state()[0]["core"] <= 10**31


def test_an_answer_without_headers_is_counted() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(core_an_hour=3)])
    for _ in range(3):
        answered(limiter, limiter.turn("core"))
    assert limiter.state()[0]["core"] == 0
    limiter.turn("core")
    assert clock.now() > 1_000.0


def test_a_spent_window_that_github_never_spoke_of_is_looked_at_again_in_a_minute() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(core_an_hour=1)])
    answered(limiter, limiter.turn("core"))
    limiter.turn("core")
    assert 1_060.0 <= clock.now() <= 1_062.0


def test_headers_of_another_resource_say_nothing_of_this_one() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    told = rate_headers(clock, 0, 9_000) | {"x_ratelimit_resource": "code_search"}
    answered(limiter, limiter.turn("core"), **told)
    limiter.turn("core")
    assert clock.now() == 1_000.0


def test_answers_that_come_back_in_another_order_leave_the_lowest_count() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(3):
        limiter.turn("core")
    for remaining in (7, 9, 8):
        answered(limiter, 0, **rate_headers(clock, remaining, 4_600))
    assert limiter.state()[0]["core"] == 7


def test_a_slow_answer_does_not_give_back_what_later_ones_have_spent() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.turn("core")
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 0, 4_600))
    clock.sleep_until(1_010.0)  # the first one's headers were written ten seconds ago, its body took that long
    answered(limiter, 0, **rate_headers(clock, 3, 4_600, age=10))
    assert limiter.state()[0]["core"] == 0


def test_an_answer_of_the_window_before_says_nothing_of_the_new_one() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.turn("core")
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 2, 1_100))
    clock.sleep_until(1_103.0)
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 4_999, 4_703))
    answered(limiter, 0, **rate_headers(clock, 3, 1_100, age=20))
    assert limiter.state()[0]["core"] >= 4_990


def test_a_reset_that_passes_makes_the_window_whole_again() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 0, 1_500))
    limiter.turn("core")
    at = clock.now()
    for _ in range(50):
        limiter.turn("core")
    assert clock.now() == at


def test_what_github_says_of_the_limit_holds_over_what_we_believed() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("graphql"), "graphql", **rate_headers(clock, 12_499, 4_600, limit=12_500))
    assert limiter.state()[0]["graphql"] == 12_499


def test_a_retry_after_in_seconds_is_counted_from_the_answer() -> None:
    limiter = Limiter(VirtualClock(1_000.0), [WITH_TOKEN])
    assert limiter.retry_after({"retry-after": " 30 "}) == 1_030.0 + MARGIN
    assert limiter.retry_after({}) is None


@pytest.mark.parametrize("skew", [0, 7_200, -7_200])
def test_a_retry_after_as_a_date_is_read_by_githubs_clock(skew: int) -> None:
    clock = VirtualClock(1_790_000_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    stated = limiter.retry_after({"retry-after": date(1_790_000_090 + skew), "date": date(1_790_000_000 + skew)})
    assert stated is not None
    assert 1_790_000_090 <= stated <= 1_790_000_092
