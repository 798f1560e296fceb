"""A number with its bootstrap interval over queries, or the reason why there is none: never NaN.

Queries are what is drawn anew, with replacement, since the answers to one query hang together. Queries that look the same
to a statistic are counted as one pattern; how often each pattern comes in a resample is then multinomial, so that a resample
costs the same for ten queries and for ten thousand, and the order of the rows cannot matter. The interval is the percentile
one (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3).
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

from annotation.statistics.answers import Counts

RESAMPLES = 2000
INTERVAL = 0.95  # share of the resamples inside
MOST_UNDEFINED = 0.05  # share of the resamples without a value from which on the rest would mislead
DECIMALS = 6
Values = NDArray[numpy.float64]

NO_QUERIES = "no query has two answers to compare"
NO_CHANCE = "all answers are the same, so there is nothing to agree on beyond chance"
ONE_QUERY = "one query alone gives no interval"
ALL_ALIKE = "nearly every resample gives the same value, so resampling gives no interval"


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, from so many queries. What is None has its reason; `reason` is empty if nothing is."""

    value: float | None
    low: float | None
    high: float | None
    queries: int
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The same as strict JSON."""
        return asdict(self)


def estimate(
    rows: NDArray[Any],
    statistic: Callable[[NDArray[Any], Values], Values],
    seed: str,
    nothing: str = NO_QUERIES,
    undefined: str = NO_CHANCE,
) -> Estimate:
    """A statistic of queries, one row each.

    `statistic(patterns, weights)` gets the different rows and, for each of several samples, how often each is in it
    (samples x patterns); it gives one value per sample, NaN where there is none. `seed` is hashed, so that each number has
    draws of its own. `nothing` and `undefined` say why there is no value: without any row, and where the statistic is NaN.
    """
    if not len(rows):
        return Estimate(None, None, None, 0, nothing)
    patterns, counts = numpy.unique(rows, axis=0, return_counts=True)
    value = float(statistic(patterns, counts[None, :].astype(numpy.float64))[0])
    if numpy.isnan(value):
        return Estimate(None, None, None, len(rows), undefined)
    value = round(value, DECIMALS)
    if len(rows) == 1:
        return Estimate(value, None, None, 1, ONE_QUERY)
    drawn = statistic(patterns, _resamples(counts, seed))
    drawn, undrawn = drawn[~numpy.isnan(drawn)], float(numpy.isnan(drawn).mean())
    if undrawn > MOST_UNDEFINED:
        return Estimate(value, None, None, len(rows), f"{undrawn:.0%} of the resamples have no value: too few queries")
    low, high = numpy.quantile(drawn, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    if high - low < 10**-DECIMALS:
        return Estimate(value, None, None, len(rows), ALL_ALIKE)
    return Estimate(value, round(float(low), DECIMALS), round(float(high), DECIMALS), len(rows))


def _resamples(counts: Counts, seed: str) -> Values:
    # RandomState, since numpy promises that its draws stay the same from version to version; those of Generator may change.
    draws = numpy.random.RandomState(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big"))
    total = int(counts.sum())
    return draws.multinomial(total, counts / total, size=RESAMPLES).astype(numpy.float64)
