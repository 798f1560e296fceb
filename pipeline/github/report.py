"""What people see while GitHub is read: how far it is, what it has cost, what is left, and what it waits for."""

import threading
import time
from types import TracebackType
from typing import Self

import polars as pl

from pipeline.github.reading import Reading

EVERY = 10.0  # seconds between two lines


class Report:
    """Says how things are every few seconds while its block lasts, as long as anything changes, and at its end."""

    def __init__(self, reading: Reading, total: int = 0) -> None:
        self._reading = reading
        self._total = total  # repositories to collect; 0 while they are still chosen
        self._finished = self._listed = self._patches = self._skipped = 0
        self._said = ""
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self._teller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._teller.join()
        self._say()

    def done(self, repo: str, frame: pl.DataFrame) -> None:
        """One repository is written."""
        self._finished += 1
        self._listed += frame.height
        self._skipped += frame.filter(pl.col("skipped") != "").height
        self._patches += frame.filter(pl.col("patch_source") != "").height

    def line(self) -> str:
        """How things are, in one line."""
        limiter = self._reading.api.limiter
        left = limiter.state()
        parts = [
            f"{self._finished} of {self._total} repositories, {self._listed} pull requests listed, {self._skipped} decided by facts, "
            f"{self._patches} patches"
        ] * bool(self._total)
        parts += [
            self._reading.log.spent(),
            f"left this hour: {sum(token['graphql'] for token in left)} points, {sum(token['core'] for token in left)} REST calls",
        ]
        if limiter.waited >= 60:
            parts.append(f"{limiter.waited / 60:.0f} minutes waited")
        wait = limiter.waits_until - limiter.clock.now()
        if wait > 1:
            until = time.strftime("%H:%M:%S", time.localtime(limiter.waits_until))
            parts.append(f"waiting until {until} ({wait / 60:.1f} minutes) for GitHub's limits")
        return "; ".join(parts)

    def _tell(self) -> None:
        while not self._over.wait(EVERY):
            self._say()

    def _say(self) -> None:
        if (line := self.line()) != self._said:
            self._said = line
            self._reading.log.say(line)
