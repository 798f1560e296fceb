"""A GitHub simulated in one thread that counts every request, and the answers' headers, for the tests of the limiter."""

import heapq
import math
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.github.clock import VirtualClock
from pipeline.github.limits import Limiter, Limits
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
class Arrival:
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
        self.arrived: list[Arrival] = []
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
        self.arrived.append(Arrival(self.at, token, resource, cost))
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


def answered(
    limiter: Limiter, at: int, resource: str = "core", cost: int = 1, seconds: float = 0.0, **headers: object
) -> None:
    limiter.done(at, resource, cost, seconds, {name.replace("_", "-"): str(value) for name, value in headers.items()})


def rate_headers(
    clock: VirtualClock, remaining: object, reset: object, *, limit: int = 5_000, age: float = 0, skew: float = 0
) -> dict[str, object]:
    return {
        "x_ratelimit_limit": limit,
        "x_ratelimit_remaining": remaining,
        "x_ratelimit_reset": reset,
        "date": date(clock.now() - age + skew),
    }
