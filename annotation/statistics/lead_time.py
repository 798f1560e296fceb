"""How long annotators take for a task, and which tasks took far longer or shorter than the rest.

The time is what the annotator's browser reports; a tab left open overnight counts as work. So the middle is a median, and
outliers are named rather than left out.
"""

from dataclasses import dataclass

import numpy
import polars as pl

FENCE = 1.5  # quartile distances beyond the quartiles (Tukey, Exploratory Data Analysis, 1977)
FEWEST = 4  # with fewer times there are no quartiles to speak of
NO_TIME = "no time was recorded"
TOO_FEW = "fewer than four times: quartiles and outliers would say nothing"


@dataclass(frozen=True)
class LeadTime:
    """Seconds per task of one annotator. `outliers` are (query_id, seconds), the longest first; None where `reason` says why."""

    annotator: str
    timed: int
    untimed: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    outliers: tuple[tuple[str, float], ...]
    reason: str


def lead_times(answers: pl.DataFrame) -> list[LeadTime]:
    """The times of every annotator, by name. Fences stand on logarithms, as times do: a tenth is as odd as tenfold."""
    tasks = answers.select("annotator", "query_id", "lead_seconds").unique().sort("annotator", "query_id")
    return [_of(str(name), own) for (name,), own in tasks.group_by("annotator", maintain_order=True)]


def _of(annotator: str, own: pl.DataFrame) -> LeadTime:
    timed = own.drop_nulls("lead_seconds")
    untimed = own.height - timed.height
    if not timed.height:
        return LeadTime(annotator, 0, untimed, None, None, None, (), NO_TIME)
    seconds = timed["lead_seconds"].to_numpy()
    median = round(float(numpy.median(seconds)), 3)
    if timed.height < FEWEST:
        return LeadTime(annotator, timed.height, untimed, median, None, None, (), TOO_FEW)
    low, high = (round(float(value), 3) for value in numpy.quantile(seconds, [0.25, 0.75]))
    # Less than a tenth of a second is the clock's doing, and nought has no logarithm.
    logarithms = numpy.log(numpy.maximum(seconds, 0.1))
    lower, upper = numpy.quantile(logarithms, [0.25, 0.75])
    reach = FENCE * (upper - lower)
    odd = timed.filter(pl.Series((logarithms < lower - reach) | (logarithms > upper + reach)))
    outliers = odd.sort("lead_seconds", "query_id", descending=[True, False]).select("query_id", "lead_seconds").rows()
    return LeadTime(annotator, timed.height, untimed, median, low, high, tuple(outliers), "")
