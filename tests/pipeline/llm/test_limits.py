"""The limiter on a clock that does not wait: the user's limits, the server's, its orders, and the width."""

import asyncio
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.llm.clock import SystemClock, VirtualClock
from pipeline.llm.limits import Limiter, Turn, span, stated_wait
from tests.pipeline.llm.chosen import run

START = 1_790_000_000.0


async def turns(limiter: Limiter, clock: VirtualClock, tokens: list[int]) -> list[float]:
    """When each of some requests had its turn, if each is answered at once."""
    times = []
    for amount in tokens:
        turn = await limiter.turn(amount)
        times.append(clock.now() - START)
        limiter.done(turn, {}, too_much=False)
    return times


def told(limit: int, remaining: int, reset: str, what: str = "requests") -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": str(limit),
        f"x-ratelimit-remaining-{what}": str(remaining),
        f"x-ratelimit-reset-{what}": reset,
    }


def test_without_limits_nobody_waits() -> None:
    clock = VirtualClock(START)
    assert run(turns(Limiter(clock, 5, 0, 0), clock, [10**6] * 50)) == [0.0] * 50


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 9), st.integers(10, 99), st.lists(st.integers(1, 120), min_size=1, max_size=60))
def test_in_no_minute_more_than_the_users_limits(requests: int, tokens: int, asked: list[int]) -> None:
    clock = VirtualClock(START)
    times = run(turns(Limiter(clock, 5, requests, tokens), clock, asked))
    for begin in times:
        minute = [amount for when, amount in zip(times, asked, strict=True) if begin <= when < begin + 60]
        assert len(minute) <= requests
        assert sum(minute) <= tokens or len(minute) == 1, "what is larger than the limit goes alone"


def test_the_users_limit_is_used_up_and_no_slower() -> None:
    clock = VirtualClock(START)
    assert run(turns(Limiter(clock, 5, 3, 0), clock, [1] * 7)) == [0, 0, 0, 60, 60, 60, 120]


def test_a_request_that_took_fewer_tokens_than_thought_makes_room() -> None:
    async def two() -> float:
        limiter.done(await limiter.turn(90), {}, too_much=False, used=10)
        await limiter.turn(90)
        return clock.now() - START

    clock = VirtualClock(START)
    limiter = Limiter(clock, 5, 0, 100)
    assert run(two()) == 0


def test_what_the_server_says_remains_is_shared_out_as_it_fills_up() -> None:
    async def three() -> list[float]:
        limiter.done(await limiter.turn(1), told(60, 1, "59s"), too_much=False)
        times = []
        for _ in range(3):
            turn = await limiter.turn(1)
            times.append(round(clock.now() - START, 3))
            limiter.done(turn, told(60, 0, "1m0s"), too_much=False)
        return times

    clock = VirtualClock(START)
    limiter = Limiter(clock, 5, 0, 0)
    assert run(three()) == [0.0, 1.0, 2.0], "one a second, as 60 a minute fill up"


def test_tokens_that_the_server_says_remain_are_kept_to() -> None:
    async def one() -> float:
        limiter.done(await limiter.turn(1), told(1_000, 500, "10s", "tokens"), too_much=False)
        await limiter.turn(750)
        return clock.now() - START

    clock = VirtualClock(START)
    limiter = Limiter(clock, 5, 0, 0)
    assert run(one()) == pytest.approx(5.0)


def test_requests_on_their_way_count_against_what_remains() -> None:
    async def crowd() -> bool:
        first = await limiter.turn(1)
        await limiter.turn(1)
        limiter.done(first, told(100, 1, "1s"), too_much=False)
        third = asyncio.create_task(limiter.turn(1))
        await asyncio.sleep(0.005)
        return third.done() or third.cancel() is None

    limiter = Limiter(SystemClock(), 5, 0, 0)
    assert not run(crowd())


def test_a_pause_is_for_all_and_the_longest_counts() -> None:
    async def paused() -> list[float]:
        limiter.pause(5)
        limiter.pause(2)
        return await turns(limiter, clock, [1, 1])

    clock = VirtualClock(START)
    limiter = Limiter(clock, 5, 0, 0)
    assert run(paused()) == [5, 5]


def test_a_pause_that_comes_while_somebody_waits_holds_for_them_too() -> None:
    async def late() -> float:
        clock = SystemClock()
        limiter = Limiter(clock, 1, 0, 0)
        turn, began = await limiter.turn(1), clock.now()
        waiting = asyncio.create_task(limiter.turn(1))
        await asyncio.sleep(0)
        limiter.pause(0.05)
        limiter.done(turn, {}, too_much=True)
        await waiting
        return clock.now() - began

    assert run(late()) >= 0.05


def test_the_width_halves_once_for_a_crowd_and_grows_back_to_the_concurrency() -> None:
    async def crowd() -> None:
        first = [await limiter.turn(1) for _ in range(8)]
        for turn in first:
            limiter.done(turn, {}, too_much=True)
        assert limiter.width == 4
        limiter.done(await limiter.turn(1), {}, too_much=True)
        assert limiter.width == 2
        for _ in range(5):
            limiter.done(await limiter.turn(1), {}, too_much=False)
        assert 3 < limiter.width < 5
        for _ in range(99):
            limiter.done(await limiter.turn(1), {}, too_much=False)
        assert limiter.width == 8

    limiter = Limiter(VirtualClock(START), 8, 0, 0)
    run(crowd())


def test_never_more_on_their_way_than_the_width_and_first_come_first_served() -> None:
    async def crowd() -> list[int]:
        order: list[int] = []

        async def one(at: int) -> Turn:
            turn = await limiter.turn(1)
            order.append(at)
            assert limiter.on_their_way <= 3
            await asyncio.sleep(0)
            limiter.done(turn, {}, too_much=False)
            return turn

        await asyncio.gather(*(one(at) for at in range(40)))
        return order

    limiter = Limiter(VirtualClock(START), 3, 0, 0)
    assert run(crowd()) == list(range(40))


def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    async def crowd() -> None:
        first = await limiter.turn(1)
        waiting = [asyncio.create_task(limiter.turn(1)) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        await asyncio.sleep(0)
        limiter.done(first, {}, too_much=False)
        await waiting[1]
        assert limiter.on_their_way == 1

    limiter = Limiter(SystemClock(), 1, 0, 0)
    run(crowd())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("6m0s", 360), ("20ms", 0.02), ("1h2m3.5s", 3_723.5), ("0s", 0), ("2m", 120), ("3", 3), ("1.5", 1.5), ("1d", 86_400),
     ("", None), ("soon", None), ("-1s", None), ("1s2m", None), ("nan", None), ("inf", None), ("9" * 99, None), ("1e9s", None)],
)  # fmt: skip
def test_the_times_of_the_servers_headers_are_read(text: str, seconds: float | None) -> None:
    assert span(text) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": formatdate(START + 30, usegmt=True)}, 30),
        ({"retry-after": formatdate(START + 99, usegmt=True), "date": formatdate(START + 90, usegmt=True)}, 9),
        ({"retry-after": formatdate(START - 30, usegmt=True)}, 0),
        ({"retry-after": "later"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2),
    ],
)
def test_the_servers_order_to_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert stated_wait(headers, START) == seconds


@pytest.mark.parametrize("value", ["", "many", "-1", "1" * 99, "0"])
def test_a_header_that_is_no_number_changes_nothing(value: str) -> None:
    async def two() -> float:
        headers = told(1, 1, "60s") | {"x-ratelimit-limit-requests": value}
        limiter.done(await limiter.turn(1), headers, too_much=False)
        await limiter.turn(1)
        return clock.now() - START

    clock = VirtualClock(START)
    limiter = Limiter(clock, 5, 0, 0)
    assert run(two()) == 0
