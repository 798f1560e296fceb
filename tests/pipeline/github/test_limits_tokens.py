"""Which token is asked with: the one with most left, none that pauses, none that was refused."""

import pytest

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import WITH_TOKEN, WITHOUT_TOKEN, Limiter, Limits
from tests.pipeline.github.simulation import Simulation, answered, rate_headers


def test_several_tokens_share_the_work_evenly() -> None:
    simulation = Simulation(Limits(), tokens=3)
    asked = [
        simulation.ask("graphql", 1, works=0.1)
        for _ in range(300)
        if simulation.sleep_until(simulation.at + 0.2) is None
    ]
    simulation.finish()
    assert {asked.count(token) for token in range(3)} <= {99, 100, 101}


def test_the_token_with_more_left_is_asked_with_first() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN, WITH_TOKEN])
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 100, 4_600))
    for _ in range(50):
        assert limiter.turn("core") == 1


def test_an_exhausted_token_leaves_its_work_to_the_others() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN, WITH_TOKEN])
    answered(limiter, limiter.turn("core"), **rate_headers(clock, 0, 4_600))
    assert [limiter.turn("core") for _ in range(20)] == [1] * 20
    assert clock.now() == 1_000.0


def test_a_paused_token_is_not_asked_with_for_anything() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.pause(0, 1_100.0)
    for resource in ("core", "search", "graphql"):
        limiter.turn(resource)
        assert clock.now() == 1_100.0


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.pause(0, 1_100.0)
    limiter.pause(0, 1_050.0)
    limiter.turn("core")
    assert clock.now() == 1_100.0


def test_a_pause_of_one_resource_leaves_the_others_free() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.pause(0, 1_100.0, "graphql")
    limiter.turn("core")
    assert clock.now() == 1_000.0
    limiter.turn("graphql")
    assert clock.now() == 1_100.0


def test_the_time_that_was_waited_is_known() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.pause(0, 1_100.0)
    limiter.turn("core")
    assert limiter.waited == 100.0


def test_a_refused_token_is_never_asked_with_again() -> None:
    limiter = Limiter(VirtualClock(), [WITH_TOKEN, WITH_TOKEN])
    limiter.refuse(0)
    assert [limiter.turn("core") for _ in range(20)] == [1] * 20
    assert limiter.usable("core") == 1


def test_without_any_token_left_there_is_no_turn() -> None:
    limiter = Limiter(VirtualClock(), [WITH_TOKEN])
    limiter.refuse(0)
    with pytest.raises(LookupError):
        limiter.turn("core")


def test_nobody_has_no_graphql_and_ten_searches_a_minute() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITHOUT_TOKEN])
    with pytest.raises(LookupError):
        limiter.turn("graphql")
    assert limiter.usable("graphql") == 0
    for _ in range(10):
        answered(limiter, limiter.turn("search"), "search")
    assert clock.now() == 1_000.0
    limiter.turn("search")
    assert clock.now() >= 1_060.0
