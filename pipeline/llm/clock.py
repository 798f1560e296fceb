"""Time as this room sees it, so that a minute's wait can be tested in no time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970, and waiting. Every wait of this room, but for an answer, goes through here."""

    def now(self) -> float:
        """Seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""


class SystemClock:
    """The machine's own time; a clock that is set anew while a program runs changes no wait."""

    def __init__(self) -> None:
        self._start = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._start + time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A time that only moves when somebody waits, and then at once. Waits that overlap are not added up."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Move the time on, unless it is later already when this one's turn comes."""
        until = self._now + seconds
        await asyncio.sleep(0)
        self._now = max(self._now, until)
