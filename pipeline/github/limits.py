"""GitHub's documented limits, kept by one limiter for the whole run.

Source: "Rate limits for the REST API", "Rate limits and query limits for the GraphQL API" and "Best practices" of GitHub's
documentation (2026-11). Each token has, by the hour, REST calls and GraphQL points; by the minute, searches and the points of the
secondary limits; the response time of a minute stands for its CPU time, as the documentation proposes. GitHub's own headers have
the last word. Times that GitHub states are read against GitHub's clock (the `Date` header), so a wrong clock here does no harm.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from pipeline.github.clock import Clock

MARGIN = 1.0  # seconds; GitHub states times in whole seconds, and a request may overtake another on its way
MINUTE = 60.0
NEVER = float("inf")
ENDING = 10  # one in so many of those on their way may be an answer that we have read and that GitHub still counts
SAME_WINDOW = 5  # seconds by which GitHub's servers may state one reset differently


@dataclass(frozen=True)
class Limits:
    """What a token may do."""

    core_an_hour: int = 5_000
    graphql_points_an_hour: int = 5_000
    searches_a_minute: int = 30
    rest_points_a_minute: int = 900
    graphql_requests_a_minute: int = 2_000
    graphql_seconds_a_minute: float = 60.0
    seconds_a_minute: float = 90.0
    concurrent: int = 100


WITH_TOKEN = Limits()
WITHOUT_TOKEN = Limits(core_an_hour=60, graphql_points_an_hour=0, searches_a_minute=10)


@dataclass
class _Window:
    """What GitHub last said of one hour (or minute, for search) of one token."""

    limit: int
    remaining: int
    resets: float | None = None  # by our clock; None until GitHub has said it
    stamp: int = 0  # the same as GitHub said it; tells one window from the next, however late an answer comes
    reserved: int = 0  # cost of requests that are on their way

    @property
    def share(self) -> float:
        """How much of it is free, 0 to 1."""
        return (self.remaining - self.reserved) / max(1, self.limit)


class _Recent:
    """What was spent in the last minute."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, float]] = deque()
        self._total = 0.0

    def add(self, when: float, amount: float) -> None:
        self._spent.append((when, amount))
        self._total += amount

    def total_at(self, now: float) -> float:
        """What the last minute holds."""
        while self._spent and self._spent[0][0] + MINUTE + MARGIN <= now:
            self._total -= self._spent.popleft()[1]
        return self._total

    def free_at(self, now: float, amount: float, most: float) -> float:
        """The earliest time at which `amount` more keeps a minute's total within `most`; NEVER if that does not come by waiting."""
        over = self.total_at(now) + amount - most
        if over <= 0:
            return now
        for when, spent in self._spent:
            over -= spent
            if over <= 1e-9:
                return when + MINUTE + MARGIN
        return NEVER


class _Token:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.windows = {
            "core": _Window(limits.core_an_hour, limits.core_an_hour),
            "graphql": _Window(limits.graphql_points_an_hour, limits.graphql_points_an_hour),
            "search": _Window(limits.searches_a_minute, limits.searches_a_minute),
        }
        # A request counts where it arrives, which is some time between its beginning and its end: until its end as one that is on its
        # way, and from then on for a minute.
        self.ended = {"rest": _Recent(), "graphql": _Recent(), "search": _Recent()}
        self.on_their_way = {"rest": 0, "graphql": 0, "search": 0}
        self.seconds = {"graphql": _Recent(), "all": _Recent()}
        self.last_seconds = {"rest": 0.0, "graphql": 0.0}
        self.paused_until = 0.0
        self.refused = False

    def may(self, resource: str) -> bool:
        """Whether it can ever be asked with: anonymous requests have no GraphQL."""
        return not self.refused and self.windows[resource].limit > 0


class Limiter:
    """Says who may ask next, and when. Thread-safe; the only place of a run that waits for GitHub."""

    def __init__(self, clock: Clock, tokens: list[Limits]) -> None:
        self.clock = clock
        self._tokens = [_Token(limits) for limits in tokens]
        self._changed = threading.Condition()
        self._on_their_way = 0
        self.waited = 0.0  # seconds, over all waits
        self.waits_until = 0.0  # by the clock; in the past if nobody waits

    def turn(self, resource: str, cost: int = 1) -> int:
        """Wait for a turn and take it: the index of the token to ask with. `done` must follow. Raises LookupError if none is left."""
        while True:
            with self._changed:
                now = self.clock.now()
                able = [(at, token) for at, token in enumerate(self._tokens) if token.may(resource)]
                if not able:
                    raise LookupError(resource)
                # The soonest; among those that may go at once, the one with the largest share left.
                times = [
                    (self._ready(token, resource, cost, now), -token.windows[resource].share, at) for at, token in able
                ]
                ready, _, at = min(times)
                if ready <= now:
                    self._take(self._tokens[at], resource, cost)
                    return at
                if max(times)[0] == NEVER:
                    # Only requests on their way can say when that token is free, perhaps sooner than another's hour is over. They come
                    # back in real time, whatever the clock is.
                    self._changed.wait(timeout=5.0)
                    continue
            self.waited += ready - now
            self.waits_until = ready
            self.clock.sleep_until(ready)

    def usable(self, resource: str) -> int:
        """How many tokens may use a resource at all."""
        return sum(token.may(resource) for token in self._tokens)

    def done(self, at: int, resource: str, cost: int, seconds: float, headers: Mapping[str, str]) -> None:
        """A request that had a turn has ended: what it took, and what GitHub's headers say (empty if there was no answer)."""
        with self._changed:
            token, now = self._tokens[at], self.clock.now()
            window = token.windows[resource]
            window.reserved -= cost
            self._on_their_way -= 1
            for kind in _counted(resource):
                token.on_their_way[kind] -= 1
                token.ended[kind].add(now, 1)
            for kind in ("graphql", "all") if resource == "graphql" else ("all",):
                token.seconds[kind].add(now, seconds)
            token.last_seconds[_kind(resource)] = seconds
            said, stamp = _whole(headers.get("x-ratelimit-remaining")), _whole(headers.get("x-ratelimit-reset"))
            if said is None or stamp is None or headers.get("x-ratelimit-resource", resource) != resource:
                window.remaining -= cost
            elif stamp > window.stamp + SAME_WINDOW:
                window.stamp, window.remaining = stamp, said
                window.resets = max(window.resets or 0.0, self.from_github(stamp, headers) or 0.0)
                window.limit = _whole(headers.get("x-ratelimit-limit")) or window.limit
            elif stamp >= window.stamp - SAME_WINDOW:
                # Answers may come back in another order than they were asked.
                window.remaining = min(window.remaining, said)
            self._changed.notify_all()

    def pause(self, at: int, until: float, resource: str = "") -> None:
        """Nothing more with this token (or of one resource of it) before `until`."""
        with self._changed:
            token = self._tokens[at]
            if resource:
                window = token.windows[resource]
                window.remaining, window.resets = 0, max(window.resets or 0.0, until)
            else:
                token.paused_until = max(token.paused_until, until)

    def refuse(self, at: int) -> None:
        """GitHub does not know this token; it is not asked with again."""
        with self._changed:
            self._tokens[at].refused = True

    def from_github(self, time: int | None, headers: Mapping[str, str]) -> float | None:
        """A time by GitHub's clock as one by ours, on the safe side; None if none was said."""
        if time is None:
            return None
        return time + self._ahead(headers) + MARGIN

    def resets(self, headers: Mapping[str, str]) -> float | None:
        """When the limit that an answer speaks of is whole again, by our clock; None if something remains or none is named."""
        if _whole(headers.get("x-ratelimit-remaining")) != 0:
            return None
        return self.from_github(_whole(headers.get("x-ratelimit-reset")), headers)

    def retry_after(self, headers: Mapping[str, str]) -> float | None:
        """The time that a Retry-After header states, in seconds or as a date, by our clock; None if there is none."""
        said = headers.get("retry-after", "").strip()
        seconds = _whole(said)
        if seconds is not None:
            return self.clock.now() + seconds + MARGIN
        date = _date(said)
        return None if date is None else date + self._ahead(headers) + MARGIN

    def state(self) -> list[dict[str, int]]:
        """For each token what is left of `core`, `graphql` and `search`, for people to see."""
        with self._changed:
            return [
                {name: max(0, window.remaining) for name, window in token.windows.items()} for token in self._tokens
            ]

    def _ahead(self, headers: Mapping[str, str]) -> float:
        """How far our clock is ahead of GitHub's. A Date is cut to the second and late, so this is never too little."""
        date = _date(headers.get("date", ""))
        return 0.0 if date is None else self.clock.now() - date

    def _ready(self, token: _Token, resource: str, cost: int, now: float) -> float:
        window, limits = token.windows[resource], token.limits
        if window.resets is not None and now >= window.resets and window.remaining < window.limit:
            window.remaining, window.resets = window.limit, None
            window.stamp += SAME_WINDOW + 1  # what comes late from the window that is over says nothing of this one
        ready = max(now, token.paused_until)
        # The first request tells what the window is; until it is back, nothing else may count on a whole one.
        if window.remaining - window.reserved < min(cost, window.limit):
            ready = max(ready, NEVER if window.resets is None or window.reserved else window.resets)
            if window.resets is None and not window.reserved:
                ready = now + MINUTE  # spent without a word from GitHub: look again in a minute
                window.resets = ready
        if self._on_their_way >= limits.concurrent - limits.concurrent // ENDING:
            ready = NEVER
        allowed = {
            "rest": limits.rest_points_a_minute,
            "graphql": limits.graphql_requests_a_minute,
            "search": limits.searches_a_minute,
        }
        for kind in _counted(resource):
            ready = max(ready, token.ended[kind].free_at(now, token.on_their_way[kind] + 1, allowed[kind]))
        # What a request will take is known afterwards; the last one of its kind is the best guess.
        expected = token.last_seconds[_kind(resource)]
        if resource == "graphql":
            most = limits.graphql_seconds_a_minute
            ready = max(ready, token.seconds["graphql"].free_at(now, min(expected, most), most))
        most = limits.seconds_a_minute
        return max(ready, token.seconds["all"].free_at(now, min(expected, most), most))

    def _take(self, token: _Token, resource: str, cost: int) -> None:
        token.windows[resource].reserved += cost
        for kind in _counted(resource):
            token.on_their_way[kind] += 1
        self._on_their_way += 1


def _counted(resource: str) -> tuple[str, ...]:
    """The limits of a minute that a request counts against."""
    return {"graphql": ("graphql",), "search": ("rest", "search")}.get(resource, ("rest",))


def _kind(resource: str) -> str:
    return "graphql" if resource == "graphql" else "rest"


def _whole(text: str | None) -> int | None:
    try:
        return int(float(text)) if text else None  # floats have been seen
    except (ValueError, OverflowError):
        return None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
