"""What people see while GitHub is read: how far it is, what it has cost, what is left."""

import time

import polars as pl

from pipeline.github.reading import Reading

EVERY = 5.0  # seconds between two lines


class Report:
    """Counts finished repositories and says so now and then."""

    def __init__(self, reading: Reading, total: int) -> None:
        self._reading = reading
        self._total = total
        self._finished = self._listed = self._patches = self._skipped = 0
        self._said = time.monotonic()

    def done(self, repo: str, frame: pl.DataFrame) -> None:
        """One repository is written."""
        self._finished += 1
        self._listed += frame.height
        self._skipped += frame.filter(pl.col("skipped") != "").height
        self._patches += frame.filter(pl.col("patch_source") != "").height
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self.end()

    def end(self) -> None:
        """Say where things are."""
        left = self._reading.api.limiter.state()
        points = sum(token["graphql"] for token in left)
        calls = sum(token["core"] for token in left)
        self._reading.log.say(
            f"{self._finished} of {self._total} repositories, {self._listed} pull requests listed, {self._skipped} decided by facts, "
            f"{self._patches} patches; {self._reading.log.spent()}; left this hour: {points} points, {calls} REST calls"
        )
