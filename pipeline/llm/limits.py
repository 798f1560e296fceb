"""Whose turn it is to ask, and when: one limiter for a whole run, on one event loop.

It keeps the user's own limits (requests and tokens in any 60 seconds), what the server tells of its limits in the headers
x-ratelimit-{limit,remaining,reset}-{requests,tokens} ("Rate limits" of OpenAI's documentation), the pauses that the server orders,
and a width: how many may be on their way at once. The width halves when the server says that it is too much, and grows back by one
with each round of answers (additive increase, multiplicative decrease), never above the chosen concurrency.
"""

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from pipeline.llm.clock import Clock

MINUTE = 60.0
EPOCH = 1e9  # seconds since 1970; no span is as long
LONGEST_RESET = 86_400.0  # seconds; limits are by the day at most, so what is longer is something else
GONE = float("-inf")  # the time of what is more than a minute ago
_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)(s|ms))?")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")


@dataclass
class Turn:
    """One request on its way: which one it is, and what it was counted as."""

    number: int
    tokens: int
    counted: list[float]  # [when, tokens] as they stand in the last minute


@dataclass
class _Level:
    """What the server last told of one of its limits. It fills up again evenly until the time of its reset."""

    limit: float
    told: float
    at: float
    full: float  # when it is full again

    def free(self, now: float) -> float:
        if now >= self.full:
            return self.limit
        return self.told + (self.limit - self.told) * (now - self.at) / (self.full - self.at)

    def when(self, needed: float, now: float) -> float:
        """When so much is free, if nothing else is sent."""
        if needed >= self.limit:
            return self.full
        if self.free(now) >= needed:
            return now
        return self.at + (self.full - self.at) * (needed - self.told) / (self.limit - self.told)


class _Recent:
    """What was spent in the last minute, held against a limit of the user's; 0 is none."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent: deque[list[float]] = deque()  # [when, amount]
        self._total = 0.0

    def when(self, needed: float, now: float) -> float:
        """When so much may be spent. What is larger than the limit itself goes when nothing else was spent for a minute."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            gone = self._spent.popleft()
            self._total -= gone[1]
            gone[0] = GONE
        if not self._limit or not self._spent or self._total + needed <= self._limit:
            return now
        left = self._total
        for then, amount in self._spent:
            left -= amount
            if left + needed <= self._limit:
                return then + MINUTE
        return self._spent[-1][0] + MINUTE

    def add(self, amount: float, now: float) -> list[float]:
        one = [now, amount]
        if self._limit:
            self._spent.append(one)
            self._total += amount
        return one

    def correct(self, one: list[float], amount: float) -> None:
        """It was another amount."""
        if self._limit and one[0] != GONE:
            self._total += amount - one[1]
            one[1] = amount


class Limiter:
    """Turns for requests, first come, first served."""

    def __init__(self, clock: Clock, concurrency: int, requests_per_minute: int, tokens_per_minute: int) -> None:
        """A limit of 0 is what the server's headers say."""
        self._clock = clock
        self._most = concurrency
        self.width = float(concurrency)
        self._recent = {"requests": _Recent(requests_per_minute), "tokens": _Recent(tokens_per_minute)}
        self._levels: dict[str, _Level] = {}
        self._out = {"requests": 0, "tokens": 0}  # on their way
        self._paused = 0.0  # nobody goes before this time
        self._turns = 0  # given so far
        self._narrowed = 0  # how many had been given when the width was last halved
        self._first = asyncio.Lock()  # who waits at the front
        self._changed: asyncio.Future[None] | None = None

    @property
    def on_their_way(self) -> int:
        """Requests that have a turn."""
        return self._out["requests"]

    async def turn(self, tokens: int) -> Turn:
        """Wait for a turn for a request of so many tokens; give it back with `done`."""
        async with self._first:
            while (when := self._when(tokens)) > self._clock.now():
                await self._wait(when)
            now = self._clock.now()
            self._out["requests"] += 1
            self._out["tokens"] += tokens
            self._recent["requests"].add(1, now)
            self._turns += 1
            return Turn(self._turns, tokens, self._recent["tokens"].add(tokens, now))

    def done(self, turn: Turn, headers: Mapping[str, str], too_much: bool, used: int | None = None) -> None:
        """Give a turn back: the headers of what came, whether the server said that it was too much, and the tokens it really took."""
        self._out["requests"] -= 1
        self._out["tokens"] -= turn.tokens
        if used is not None:
            self._recent["tokens"].correct(turn.counted, used)
        now = self._clock.now()
        for name in ("requests", "tokens"):
            if level := _level(headers, name, now):
                self._levels[name] = level
        if not too_much:
            self.width = min(self._most, self.width + 1 / self.width)
        elif turn.number > self._narrowed:
            # The others of the same crowd say the same; once is enough.
            self.width, self._narrowed = max(1.0, self.width / 2), self._turns
        self._wake()

    def pause(self, seconds: float) -> None:
        """Nobody goes for so long."""
        self._paused = max(self._paused, self._clock.now() + seconds)
        self._wake()

    def _when(self, tokens: int) -> float:
        """When a request of so many tokens may go, as far as is known now; infinity where only an answer can tell."""
        now = self._clock.now()
        when = max(now, self._paused)
        if self._out["requests"] >= int(self.width):
            return float("inf")
        for name, amount in (("requests", 1), ("tokens", tokens)):
            when = max(when, self._recent[name].when(amount, now))
            if level := self._levels.get(name):
                # Those on their way may or may not be in what the server told: to be safe, they are not.
                when = max(when, level.when(amount + self._out[name], now))
        return when

    async def _wait(self, when: float) -> None:
        """Until a time, or until something has changed."""
        changed = self._changed = asyncio.get_running_loop().create_future()
        if when == float("inf"):
            await changed
            return
        asleep = asyncio.ensure_future(self._clock.sleep(max(0.0, when - self._clock.now())))
        try:
            await asyncio.wait({changed, asleep}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)


def stated_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server orders to wait (retry-after-ms, or Retry-After as seconds or a date); None if it does not."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    stated = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(stated):
        return float(stated)
    try:
        # By the server's own clock, where it tells it: ours may be wrong.
        until = parsedate_to_datetime(stated).timestamp()
        date = headers.get("date")
        return max(0.0, until - (parsedate_to_datetime(date).timestamp() if date else now))
    except (ValueError, OverflowError):
        return None


def span(text: str) -> float | None:
    """Seconds of a time such as `1s`, `6m0s`, `20ms` or `1h2m3.5s`; a bare number is seconds. None for anything else."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    match = _SPAN.fullmatch(text)
    if not text or not match:
        return None
    days, hours, minutes, last, unit = match.groups()
    seconds = float(last or 0) / (1000 if unit == "ms" else 1)
    return 86_400 * int(days or 0) + 3_600 * int(hours or 0) + 60 * int(minutes or 0) + seconds


def _level(headers: Mapping[str, str], name: str, now: float) -> _Level | None:
    limit, remaining, reset = (
        headers.get(f"x-ratelimit-{what}-{name}", "") for what in ("limit", "remaining", "reset")
    )
    until = span(reset)
    if until is not None and until >= EPOCH:
        until = max(0.0, until - now)  # some servers tell the time of the reset, in seconds since 1970
    if (
        until is None
        or until > LONGEST_RESET
        or not _NUMBER.fullmatch(limit)
        or not _NUMBER.fullmatch(remaining)
        or not float(limit)
    ):
        return None
    return _Level(float(limit), min(float(limit), float(remaining)), now, now + until)
