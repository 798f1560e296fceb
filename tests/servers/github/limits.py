"""GitHub's documented limits, enforced: fixed windows for the primary ones, a sliding minute for the secondary ones.

A primary window begins with the first request that it counts and lasts an hour (a minute for search). Which window GitHub
uses for the points per minute is not documented; a sliding one is the strictest that fits the words.
"""

import math
import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """The numbers, from GitHub's documentation. A test makes them small."""

    core: int = 5_000
    graphql: int = 5_000
    search: int = 30
    core_anonymous: int = 60
    search_anonymous: int = 10
    core_seconds: int = 3_600
    graphql_seconds: int = 3_600
    search_seconds: int = 60
    concurrent: int = 100
    rest_points: int = 900
    graphql_points: int = 2_000
    points_seconds: int = 60
    answer_seconds: float = 90.0  # of response time in a minute, which stands for CPU time
    graphql_answer_seconds: float = 60.0  # of those for GraphQL
    primary_status: int = 403
    secondary_status: int = 403
    secondary_says_when: bool = True  # with Retry-After
    diff_files: int = 300
    diff_lines: int = 20_000

    def primary(self, token: str, resource: str) -> int:
        """How many the primary limit allows in a window; 0 where a resource is not for everybody."""
        if token:
            return int(getattr(self, resource))
        return {"core": self.core_anonymous, "search": self.search_anonymous}.get(resource, 0)

    def seconds(self, resource: str) -> int:
        return int(getattr(self, f"{resource}_seconds"))

    def points(self, resource: str) -> int:
        return self.graphql_points if resource == "graphql" else self.rest_points


@dataclass
class Window:
    """One token's primary window for one resource. `start` is a whole second, so that the stated reset is exact."""

    limit: int
    seconds: int
    start: int
    used: int = 0

    @property
    def reset(self) -> int:
        return self.start + self.seconds

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    kind: str  # primary, secondary
    retry_after: int | None = None
    reason: str = ""


@dataclass
class _Account:
    windows: dict[str, Window] = field(default_factory=dict)
    spent: dict[str, deque[tuple[float, int]]] = field(default_factory=dict)  # points by kind of API
    in_flight: int = 0


class Meter:
    """Counts what each token spends and says what is too much. Safe to use from any thread."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def begin(self, token: str) -> int:
        """A request is in flight; how many of this token are."""
        with self._lock:
            account = self._account(token)
            account.in_flight += 1
            return account.in_flight

    def end(self, token: str) -> None:
        with self._lock:
            self._account(token).in_flight -= 1

    def window(self, token: str, resource: str, now: float) -> Window:
        """A copy of the window that holds now, without counting anything."""
        with self._lock:
            found = self._window(token, resource, now)
            return Window(found.limit, found.seconds, found.start, found.used)

    def admit(self, token: str, resource: str, cost: int, points: int, concurrent: int, now: float) -> Refusal | None:
        """Count a request, or say why it is refused. `resource` may be rate_limit, which has no primary limit."""
        with self._lock:
            refusal = self._secondary(token, resource, points, concurrent, now)
            if refusal:
                return refusal
            if resource != "rate_limit":
                window = self._window(token, resource, now)
                if window.used + cost > window.limit:
                    window.used = window.limit
                    return Refusal("primary")
                if not window.used:
                    window.start = math.floor(now)
                window.used += cost
            self._account(token).spent[_kind(resource)].append((now, points))
            return None

    def refund(self, token: str, resource: str, cost: int, now: float) -> None:
        """Take back what an answer 304 does not cost."""
        with self._lock:
            window = self._window(token, resource, now)
            window.used = max(0, window.used - cost)

    def _account(self, token: str) -> _Account:
        return self._accounts.setdefault(token, _Account())

    def _window(self, token: str, resource: str, now: float) -> Window:
        windows = self._account(token).windows
        window = windows.get(resource)
        if window is None or now >= window.reset:
            limit, seconds = self.limits.primary(token, resource), self.limits.seconds(resource)
            window = windows[resource] = Window(limit, seconds, math.floor(now))
        return window

    def _secondary(self, token: str, resource: str, points: int, concurrent: int, now: float) -> Refusal | None:
        spent = self._account(token).spent.setdefault(_kind(resource), deque())
        while spent and spent[0][0] + self.limits.points_seconds <= now:
            spent.popleft()
        if concurrent > self.limits.concurrent:
            return Refusal("secondary", 60 if self.limits.secondary_says_when else None, "concurrent requests")
        allowed = self.limits.points(resource)
        over = sum(amount for _, amount in spent) + points - allowed
        if over <= 0:
            return None
        until = now + self.limits.points_seconds
        for when, amount in spent:  # the moment when enough of them are a minute old
            over -= amount
            if over <= 0:
                until = when + self.limits.points_seconds
                break
        wait = max(1, math.ceil(until - now)) if self.limits.secondary_says_when else None
        return Refusal("secondary", wait, "points per minute")


def _kind(resource: str) -> str:
    return "graphql" if resource == "graphql" else "rest"
