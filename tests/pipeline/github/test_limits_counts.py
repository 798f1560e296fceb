"""How many requests and points go in a minute and an hour, how many seconds of answers, and how many at a time."""

import threading

import pytest

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import MARGIN, WITH_TOKEN, Limiter, Limits
from tests.pipeline.github.simulation import WIDE, Simulation, answered, rate_headers


def test_the_thirty_first_search_of_a_minute_waits_until_the_first_is_a_minute_old() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(30):
        answered(limiter, limiter.turn("search"), "search", **rate_headers(clock, 29, 2_000, limit=30))
        clock.sleep_until(clock.now() + 1)
    limiter.turn("search")
    assert 1_060.0 <= clock.now() <= 1_060.0 + 2 * MARGIN


def test_searches_that_wait_leave_other_requests_alone() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(30):
        answered(limiter, limiter.turn("search"), "search")
    limiter.turn("core")
    limiter.turn("graphql")
    assert clock.now() == 1_000.0


def test_nine_hundred_rest_calls_go_in_a_minute_and_not_one_more() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(900):
        answered(limiter, limiter.turn("core"))
    assert clock.now() == 1_000.0
    limiter.turn("core")
    assert clock.now() >= 1_060.0


def test_searches_are_rest_calls_too() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(rest_points_a_minute=10)])
    for resource in ["search", "core"] * 5:
        answered(limiter, limiter.turn(resource), resource)
    assert clock.now() == 1_000.0
    limiter.turn("core")
    assert clock.now() >= 1_060.0


def test_graphql_and_rest_have_points_of_their_own() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(rest_points_a_minute=5, graphql_requests_a_minute=5)])
    for resource in ["graphql", "core"] * 5:
        answered(limiter, limiter.turn(resource), resource)
    assert clock.now() == 1_000.0
    limiter.turn("graphql")
    assert clock.now() >= 1_060.0


def test_a_dear_query_waits_for_the_reset_when_its_points_are_not_left() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    answered(limiter, limiter.turn("graphql", 4), "graphql", 4, **rate_headers(clock, 3, 2_000))
    answered(limiter, limiter.turn("graphql", 3), "graphql", 3, **rate_headers(clock, 0, 2_000))
    assert clock.now() == 1_000.0
    limiter.turn("graphql", 1)
    assert clock.now() >= 2_000.0


def test_a_query_dearer_than_a_whole_window_is_asked_when_the_window_is_whole() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(graphql_points_an_hour=10)])
    assert limiter.turn("graphql", 50) == 0
    assert clock.now() == 1_000.0


def test_points_of_queries_on_their_way_are_not_promised_twice() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(graphql_points_an_hour=10)])
    limiter.turn("graphql", 6)
    entered = threading.Event()
    taken: list[int] = []

    def another() -> None:
        entered.set()
        taken.append(limiter.turn("graphql", 6))

    thread = threading.Thread(target=another, daemon=True)
    thread.start()
    assert entered.wait(5)
    thread.join(0.1)
    assert taken == []
    answered(limiter, 0, "graphql", 6, **rate_headers(clock, 9, 2_000))
    thread.join(7)
    assert taken == [0]


def test_graphql_answers_of_a_minute_take_no_more_than_a_minute() -> None:
    simulation = Simulation(WIDE)
    for _ in range(400):
        simulation.ask("graphql", works=1.5)
        while len(simulation.coming) >= 4:
            simulation.step()
    simulation.finish()
    for when, *_ in simulation.answered:
        taken = sum(seconds for at, _, _, seconds in simulation.answered if when - 60 < at <= when)
        assert taken <= 60 + 4 * 1.5, "more than was on its way when the sixty seconds were full"


def test_rest_and_graphql_answers_of_a_minute_take_no_more_than_ninety_seconds() -> None:
    simulation = Simulation(WIDE)
    for at in range(400):
        simulation.ask("graphql" if at % 4 == 0 else "core", works=2.0)
        while len(simulation.coming) >= 4:
            simulation.step()
    simulation.finish()
    for when, *_ in simulation.answered:
        taken = sum(seconds for at, _, _, seconds in simulation.answered if when - 60 < at <= when)
        assert taken <= 90 + 4 * 2.0


@pytest.mark.parametrize(("before", "after"), [("core", "graphql"), ("graphql", "core")])
def test_slow_answers_of_ten_minutes_ago_slow_nothing_down(before: str, after: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    turns = [limiter.turn(before) for _ in range(10)]
    clock.sleep_until(1_010.0)
    for at in turns:
        answered(limiter, at, before, seconds=10.0)
    clock.sleep_until(1_700.0)
    for _ in range(20):
        at = limiter.turn(after)
        clock.sleep_until(clock.now() + 1)
        answered(limiter, at, after, seconds=1.0)
    assert clock.now() <= 1_725.0


def test_one_answer_slower_than_a_minutes_seconds_does_not_stop_the_run() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(3):
        at = limiter.turn("graphql")
        clock.sleep_until(clock.now() + 200)
        answered(limiter, at, "graphql", seconds=200.0)
    assert clock.now() < 1_000 + 3 * 262


def test_no_more_than_the_allowed_number_is_on_its_way() -> None:
    simulation = Simulation(Limits(concurrent=14))
    for _ in range(60):
        simulation.ask("core", works=1.0)
    simulation.finish()
    assert 3 <= simulation.most_there <= 14
    assert simulation.at < 1_790_000_000 + 25, "and several really go at a time"


@pytest.mark.parametrize("concurrent", [1, 2, 5, 10, 11])
def test_a_small_number_at_a_time_is_kept_and_no_reason_to_wait_for_ever(concurrent: int) -> None:
    simulation = Simulation(Limits(concurrent=concurrent))
    for _ in range(6):
        simulation.ask("core", works=1.0)
    simulation.finish()
    assert 1 <= simulation.most_there <= concurrent


def test_a_place_is_free_again_when_no_answer_came() -> None:
    simulation = Simulation(Limits(concurrent=11))
    for _ in range(15):
        simulation.limiter.done(simulation.limiter.turn("core"), "core", 1, 1.0, {})
    assert simulation.limiter.state()[0]["core"] == 4_985
