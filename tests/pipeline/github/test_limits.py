"""The limiter against a brute force: one simulated GitHub that counts, and every window of what reached it."""

import heapq
import math
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import MARGIN, WITH_TOKEN, WITHOUT_TOKEN, Limiter, Limits
from tests.pipeline.github.peer import date

HOUR = 3_600.0
KINDS = {"core": "rest", "search": "rest", "graphql": "graphql"}


class _OneThread(threading.Condition):
    """A limiter's condition in a world of one thread: waiting lets the next thing happen; nothing left to happen is a hang."""

    def __init__(self, simulation: "Simulation") -> None:
        super().__init__()
        self.simulation = simulation

    def wait(self, timeout: float | None = None) -> bool:
        assert self.simulation.coming, "the limiter waits for a request that nobody has sent"
        self.simulation.step()
        return True


@dataclass(order=True)
class _Event:
    when: float
    order: int
    work: Callable[[], None] = field(compare=False)


@dataclass(frozen=True)
class _Arrival:
    when: float
    token: int
    resource: str
    cost: int


class Simulation:
    """A clock whose waits let requests arrive and answers come back, and GitHub's side: windows that begin with a first request."""

    def __init__(self, limits: Limits, tokens: int = 1, skew: float = 0.0, start: float = 1_790_000_000.4) -> None:
        self.at, self.limits, self.skew = start, limits, skew
        self.coming: list[_Event] = []
        self.order = 0
        self.windows: dict[tuple[int, str], list[float]] = {}  # start, used
        self.arrived: list[_Arrival] = []
        self.answered: list[tuple[float, int, str, float]] = []
        self.refused: list[str] = []
        self.there = 0
        self.most_there = 0
        self.limiter = Limiter(self, [limits] * tokens)
        self.limiter._changed = _OneThread(self)

    def now(self) -> float:
        return self.at

    def sleep_until(self, when: float) -> None:
        assert math.isfinite(when)
        while self.coming and self.coming[0].when <= when:
            self.step()
        self.at = max(self.at, when)

    def step(self) -> None:
        event = heapq.heappop(self.coming)
        self.at = max(self.at, event.when)
        event.work()

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        self.order += 1
        heapq.heappush(self.coming, _Event(self.at + seconds, self.order, work))

    def finish(self) -> None:
        while self.coming:
            self.step()

    def allowed(self, resource: str) -> int:
        return {
            "core": self.limits.core_an_hour,
            "graphql": self.limits.graphql_points_an_hour,
            "search": self.limits.searches_a_minute,
        }[resource]

    def ask(
        self,
        resource: str,
        cost: int = 1,
        there: float = 0.0,
        works: float = 0.0,
        back: float = 0.0,
        how: str = "whole",
    ) -> int:
        """One request: it has a turn, arrives, is worked on, and its answer is on its way back. The token."""
        token = self.limiter.turn(resource, cost)
        began = self.at
        self.later(there, lambda: self._arrive(token, resource, cost, began, works, back, how))
        return token

    def _arrive(self, token: int, resource: str, cost: int, began: float, works: float, back: float, how: str) -> None:
        self.there += 1
        self.most_there = max(self.most_there, self.there)
        self.arrived.append(_Arrival(self.at, token, resource, cost))
        server, length = self.at + self.skew, 60 if resource == "search" else HOUR
        window = self.windows.get((token, resource))
        if window is None or server >= window[0] + length:
            window = self.windows[token, resource] = [math.floor(server), 0]
        if window[1] + cost > self.allowed(resource):
            self.refused.append(f"{resource} of token {token} at {self.at}")
        window[1] += cost
        told = {
            "x-ratelimit-limit": str(self.allowed(resource)),
            "x-ratelimit-remaining": str(int(max(0, self.allowed(resource) - window[1]))),
            "x-ratelimit-reset": str(int(window[0] + length)),
            "x-ratelimit-resource": resource,
        }
        if how == "float":
            told = {name: f"{value}.0" if value.isdigit() else value for name, value in told.items()}
        self.later(works, lambda: self._leave(token, resource, cost, began, back, told))

    def _leave(self, token: int, resource: str, cost: int, began: float, back: float, told: dict[str, str]) -> None:
        self.there -= 1
        told["date"] = date(math.floor(self.at + self.skew))
        self.later(back, lambda: self._end(token, resource, cost, began, told))

    def _end(self, token: int, resource: str, cost: int, began: float, told: Mapping[str, str]) -> None:
        self.answered.append((self.at, token, KINDS[resource], self.at - began))
        self.limiter.done(token, resource, cost, self.at - began, told)

    def breaches(self) -> list[str]:
        """Every limit that was passed, by looking at every window there is."""
        found = list(self.refused)
        spent: dict[tuple[str, int, int], list[float]] = defaultdict(list)
        for arrival in self.arrived:
            most = (
                self.limits.graphql_requests_a_minute
                if arrival.resource == "graphql"
                else self.limits.rest_points_a_minute
            )
            spent[KINDS[arrival.resource], arrival.token, most].append(arrival.when)
            if arrival.resource == "search":
                spent["search", arrival.token, self.limits.searches_a_minute].append(arrival.when)
        for (what, token, most), times in spent.items():
            found += [
                f"{what} of token {token} in the minute before {when}"
                for when in times
                if sum(when - 60 < other <= when for other in times) > most
            ]
        if self.most_there > self.limits.concurrent:
            found.append(f"{self.most_there} at a time")
        return found


SMALL = Limits(
    core_an_hour=40,
    graphql_points_an_hour=60,
    searches_a_minute=5,
    rest_points_a_minute=12,
    graphql_requests_a_minute=9,
    graphql_seconds_a_minute=600,
    seconds_a_minute=600,
    concurrent=14,
)
WIDE = Limits(concurrent=100)

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


def _done(
    limiter: Limiter, at: int, resource: str = "core", cost: int = 1, seconds: float = 0.0, **headers: object
) -> None:
    limiter.done(at, resource, cost, seconds, {name.replace("_", "-"): str(value) for name, value in headers.items()})


def _told(
    clock: VirtualClock, remaining: object, reset: object, *, limit: int = 5_000, age: float = 0, skew: float = 0
) -> dict[str, object]:
    return {
        "x_ratelimit_limit": limit,
        "x_ratelimit_remaining": remaining,
        "x_ratelimit_reset": reset,
        "date": date(clock.now() - age + skew),
    }


def test_the_thirty_first_search_of_a_minute_waits_until_the_first_is_a_minute_old() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(30):
        _done(limiter, limiter.turn("search"), "search", **_told(clock, 29, 2_000, limit=30))
        clock.sleep_until(clock.now() + 1)
    limiter.turn("search")
    assert 1_060.0 <= clock.now() <= 1_060.0 + 2 * MARGIN


def test_searches_that_wait_leave_other_requests_alone() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(30):
        _done(limiter, limiter.turn("search"), "search")
    limiter.turn("core")
    limiter.turn("graphql")
    assert clock.now() == 1_000.0


def test_nine_hundred_rest_calls_go_in_a_minute_and_not_one_more() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(900):
        _done(limiter, limiter.turn("core"))
    assert clock.now() == 1_000.0
    limiter.turn("core")
    assert clock.now() >= 1_060.0


def test_searches_are_rest_calls_too() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(rest_points_a_minute=10)])
    for resource in ["search", "core"] * 5:
        _done(limiter, limiter.turn(resource), resource)
    assert clock.now() == 1_000.0
    limiter.turn("core")
    assert clock.now() >= 1_060.0


def test_graphql_and_rest_have_points_of_their_own() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(rest_points_a_minute=5, graphql_requests_a_minute=5)])
    for resource in ["graphql", "core"] * 5:
        _done(limiter, limiter.turn(resource), resource)
    assert clock.now() == 1_000.0
    limiter.turn("graphql")
    assert clock.now() >= 1_060.0


def test_a_dear_query_waits_for_the_reset_when_its_points_are_not_left() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("graphql", 4), "graphql", 4, **_told(clock, 3, 2_000))
    _done(limiter, limiter.turn("graphql", 3), "graphql", 3, **_told(clock, 0, 2_000))
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
    _done(limiter, 0, "graphql", 6, **_told(clock, 9, 2_000))
    thread.join(7)
    assert taken == [0]


@pytest.mark.parametrize("skew", [0, 7_200, -7_200])
def test_an_exhausted_hour_waits_for_githubs_reset_whatever_our_clock_says(skew: int) -> None:
    clock = VirtualClock(1_790_000_000.7)
    limiter = Limiter(clock, [WITH_TOKEN])
    reset = 1_790_000_900 + skew  # in 900 of GitHub's seconds
    _done(limiter, limiter.turn("core"), **_told(clock, 0, reset, skew=skew))
    limiter.turn("core")
    assert 1_790_000_900 <= clock.now() <= 1_790_000_900 + 3


@pytest.mark.parametrize("remaining", ["0", "0.0", "0.9"])
def test_float_headers_are_read_as_numbers(remaining: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("core"), **_told(clock, remaining, "1500.0"))
    limiter.turn("core")
    assert 1_500 <= clock.now() <= 1_503


@pytest.mark.parametrize("nonsense", ["", "many", "nan", "inf", "-inf", "1e999", "٣", "0x10", "1,000", "99" * 200])
def test_headers_that_are_no_numbers_are_as_good_as_none(nonsense: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("core"), x_ratelimit_remaining=nonsense, x_ratelimit_reset=nonsense, date=nonsense)
    limiter.turn("core")
    limiter.retry_after({"retry-after": nonsense, "date": nonsense})
    assert clock.now() == 1_000.0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=40))
def test_no_header_whatever_breaks_the_limiter(remaining: str, after: str, day: str) -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("core"), x_ratelimit_remaining=remaining, x_ratelimit_reset=after, date=day)
    limiter.retry_after({"retry-after": after, "date": day})
    limiter.retry_after({"retry-after": day, "date": after})
    assert limiter.state()[0]["core"] <= 10**31


def test_an_answer_without_headers_is_counted() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(core_an_hour=3)])
    for _ in range(3):
        _done(limiter, limiter.turn("core"))
    assert limiter.state()[0]["core"] == 0
    limiter.turn("core")
    assert clock.now() > 1_000.0


def test_a_spent_window_that_github_never_spoke_of_is_looked_at_again_in_a_minute() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [Limits(core_an_hour=1)])
    _done(limiter, limiter.turn("core"))
    limiter.turn("core")
    assert 1_060.0 <= clock.now() <= 1_062.0


def test_headers_of_another_resource_say_nothing_of_this_one() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    told = _told(clock, 0, 9_000) | {"x_ratelimit_resource": "code_search"}
    _done(limiter, limiter.turn("core"), **told)
    limiter.turn("core")
    assert clock.now() == 1_000.0


def test_answers_that_come_back_in_another_order_leave_the_lowest_count() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(3):
        limiter.turn("core")
    for remaining in (7, 9, 8):
        _done(limiter, 0, **_told(clock, remaining, 4_600))
    assert limiter.state()[0]["core"] == 7


def test_a_slow_answer_does_not_give_back_what_later_ones_have_spent() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.turn("core")
    _done(limiter, limiter.turn("core"), **_told(clock, 0, 4_600))
    clock.sleep_until(1_010.0)  # the first one's headers were written ten seconds ago, its body took that long
    _done(limiter, 0, **_told(clock, 3, 4_600, age=10))
    assert limiter.state()[0]["core"] == 0


def test_an_answer_of_the_window_before_says_nothing_of_the_new_one() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    limiter.turn("core")
    _done(limiter, limiter.turn("core"), **_told(clock, 2, 1_100))
    clock.sleep_until(1_103.0)
    _done(limiter, limiter.turn("core"), **_told(clock, 4_999, 4_703))
    _done(limiter, 0, **_told(clock, 3, 1_100, age=20))
    assert limiter.state()[0]["core"] >= 4_990


def test_a_reset_that_passes_makes_the_window_whole_again() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("core"), **_told(clock, 0, 1_500))
    limiter.turn("core")
    at = clock.now()
    for _ in range(50):
        limiter.turn("core")
    assert clock.now() == at


def test_what_github_says_of_the_limit_holds_over_what_we_believed() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    _done(limiter, limiter.turn("graphql"), "graphql", **_told(clock, 12_499, 4_600, limit=12_500))
    assert limiter.state()[0]["graphql"] == 12_499


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
        _done(limiter, at, before, seconds=10.0)
    clock.sleep_until(1_700.0)
    for _ in range(20):
        at = limiter.turn(after)
        clock.sleep_until(clock.now() + 1)
        _done(limiter, at, after, seconds=1.0)
    assert clock.now() <= 1_725.0


def test_one_answer_slower_than_a_minutes_seconds_does_not_stop_the_run() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN])
    for _ in range(3):
        at = limiter.turn("graphql")
        clock.sleep_until(clock.now() + 200)
        _done(limiter, at, "graphql", seconds=200.0)
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
    _done(limiter, limiter.turn("core"), **_told(clock, 100, 4_600))
    for _ in range(50):
        assert limiter.turn("core") == 1


def test_an_exhausted_token_leaves_its_work_to_the_others() -> None:
    clock = VirtualClock(1_000.0)
    limiter = Limiter(clock, [WITH_TOKEN, WITH_TOKEN])
    _done(limiter, limiter.turn("core"), **_told(clock, 0, 4_600))
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
        _done(limiter, limiter.turn("search"), "search")
    assert clock.now() == 1_000.0
    limiter.turn("search")
    assert clock.now() >= 1_060.0


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


class _Counted(Limiter):
    """Writes down each turn at the very moment it is given, and answers as GitHub would."""

    def __init__(self, clock: VirtualClock, tokens: list[Limits]) -> None:
        super().__init__(clock, tokens)
        self.simulation = Simulation(tokens[0], len(tokens))

    def _take(self, token: Any, resource: str, cost: int, *others: Any) -> None:
        super()._take(token, resource, cost, *others)
        at = next(at for at, known in enumerate(self._tokens) if known is token)
        self.simulation.arrived.append(_Arrival(self.clock.now(), at, resource, cost))


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
