"""Time as the limiter sees it, so that an hour's wait can be simulated in no time."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since 1970, and waiting until a time. Every wait of this room goes through here."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep_until(self, when: float) -> None:
        """Return when `now()` is at least `when`."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep_until(self, when: float) -> None:
        """Return when `now()` is at least `when`."""
        while (left := when - time.time()) > 0:
            time.sleep(min(left, 60.0))  # in steps, so that a clock that is set anew in between is noticed


class VirtualClock:
    """A time that only moves when somebody waits, and then at once. Waits that overlap are not added up."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970."""
        with self._lock:
            return self._now

    def sleep_until(self, when: float) -> None:
        """Move the time on to `when`, unless it is later already."""
        with self._lock:
            self._now = max(self._now, when)
