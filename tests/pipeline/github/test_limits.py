"""The limiter against a brute force: one simulated GitHub that counts, and every window of what reached it."""

import random
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import Limiter, Limits
from tests.pipeline.github.simulation import HOUR, SMALL, Arrival, Simulation

_STEP = st.tuples(
    st.sampled_from(["core", "core", "search", "graphql"]),
    st.integers(1, 7),  # cost, of GraphQL
    st.floats(0, 0.9),  # there
    st.floats(0, 10),  # works
    st.floats(0, 30),  # back
    st.sampled_from([0.0, 0.0, 0.0, 1.0, 30.0, 500.0]),  # then nothing for a while
    st.sampled_from(["whole", "whole", "float"]),
)


def _run(steps: list[tuple[str, int, float, float, float, float, str]], tokens: int, skew: float) -> Simulation:
    simulation = Simulation(SMALL, tokens, skew)
    for resource, cost, there, works, back, rest, how in steps:
        before = simulation.at
        simulation.ask(resource, cost if resource == "graphql" else 1, there, works, back, how)
        assert simulation.at - before <= HOUR + 130, "one turn took more than a whole window"
        simulation.sleep_until(simulation.at + rest)
    simulation.finish()
    return simulation


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(_STEP, min_size=1, max_size=70), st.integers(1, 3), st.sampled_from([0, 7_200, -7_200, 3]))
def test_no_schedule_of_requests_passes_any_limit(
    steps: list[tuple[str, int, float, float, float, float, str]], tokens: int, skew: int
) -> None:
    simulation = _run(steps, tokens, skew)
    assert simulation.breaches() == []
    assert len(simulation.arrived) == len(steps)


@pytest.mark.parametrize("seed", range(12))
def test_a_long_run_over_many_windows_passes_no_limit(seed: int) -> None:
    choice = random.Random(seed)  # noqa: S311
    steps = [
        (
            choice.choice(["core", "core", "search", "graphql"]),
            choice.randrange(1, 8),
            choice.random() * 0.9,
            choice.choice([0.1, 2.0, 9.0]),
            choice.choice([0.0, 0.5, 4.0, 20.0]),
            choice.choice([0.0, 0.0, 0.0, 5.0]),
            choice.choice(["whole", "float"]),
        )
        for _ in range(400)
    ]
    simulation = _run(steps, 2, choice.choice([0, -400, 90]))
    assert simulation.breaches() == []


def test_the_brute_force_sees_a_limiter_that_counts_nothing() -> None:
    simulation = Simulation(SMALL)
    simulation.limiter.turn = lambda resource, cost=1: 0  # type: ignore[method-assign]
    for _ in range(50):
        simulation.ask("search", works=9)
    simulation.finish()
    found = " ".join(simulation.breaches())
    assert "search of token 0 in the minute" in found
    assert "rest of token 0 in the minute" in found
    assert "at a time" in found
    assert simulation.refused


class _Counted(Limiter):
    """Writes down each turn at the very moment it is given, and answers as GitHub would."""

    def __init__(self, clock: VirtualClock, tokens: list[Limits]) -> None:
        super().__init__(clock, tokens)
        self.simulation = Simulation(tokens[0], len(tokens))

    def _take(self, token: Any, resource: str, cost: int, *others: Any) -> None:
        super()._take(token, resource, cost, *others)
        at = next(at for at, known in enumerate(self._tokens) if known is token)
        self.simulation.arrived.append(Arrival(self.clock.now(), at, resource, cost))


def test_eight_threads_at_once_pass_no_limit_and_all_come_to_an_end() -> None:
    clock = VirtualClock(1_790_000_000.0)
    tight = Limits(40, 60, 5, 12, 9, 600, 600, 13)
    limiter = _Counted(clock, [tight, tight])
    on_their_way, most, guard, wrong = 0, 0, threading.Lock(), []

    def hammer(seed: int) -> None:
        nonlocal on_their_way, most
        choice = random.Random(seed)  # noqa: S311
        try:
            for _ in range(60):
                resource = choice.choice(["core", "search", "graphql"])
                cost = choice.randrange(1, 5) if resource == "graphql" else 1
                at = limiter.turn(resource, cost)
                with guard:
                    on_their_way += 1
                    most = max(most, on_their_way)
                if choice.random() < 0.3:
                    clock.sleep_until(clock.now() + choice.random())
                with guard:
                    on_their_way -= 1
                limiter.done(at, resource, cost, 0.1, {})
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=hammer, args=(seed,), daemon=True) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "a thread still waits for its turn"
    assert wrong == []
    assert len(limiter.simulation.arrived) == 8 * 60
    assert limiter.simulation.breaches() == []
    assert 1 <= most <= 13
