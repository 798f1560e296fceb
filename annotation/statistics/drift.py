"""Whether an annotator judges at the end as at the beginning: verdicts and agreement by thirds of each one's own sequence."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import polars as pl

from annotation.statistics.answers import Counts, Matrix, Question, matrix
from annotation.statistics.estimate import Estimate
from annotation.statistics.shares import same_as_others, share

THIRDS = 3
PACE = 1.0  # seconds; nobody reads and judges a change in less
TOO_FEW = "three judgements with a time are needed for three thirds"
ONE_BY_ONE = (
    "judgements follow each other within less than a second: a program sent them, and their order tells nothing"
)


@dataclass(frozen=True)
class Third:
    """A third of an annotator's judgements: when, how often each value was given, and how often the others answered the same."""

    first: datetime
    last: datetime
    judgements: int
    values: dict[str, int]
    same_as_others: Estimate


@dataclass(frozen=True)
class Drift:
    """One annotator's thirds in their order. Where there is something to know before one reads them, `note` says it."""

    annotator: str
    without_time: int
    thirds: tuple[Third, ...]
    note: str


def drift(answers: pl.DataFrame, question: Question, seed: str) -> list[Drift]:
    """The drift of every annotator in a question, by name. Equal times are ordered by query_id."""
    whole = matrix(answers, question)
    given = answers.filter(pl.col("question") == question.name)
    place = {query: at for at, query in enumerate(whole.queries)}
    return [_of(whole, place, given.filter(pl.col("annotator") == name), name, seed) for name in whole.annotators]


def _of(whole: Matrix, place: dict[str, int], own: pl.DataFrame, annotator: str, seed: str) -> Drift:
    timed = own.drop_nulls("at").sort("at", "query_id")
    missing = own.height - timed.height
    if timed.height < THIRDS:
        return Drift(annotator, missing, (), TOO_FEW)
    same, others = same_as_others(whole, annotator)
    cuts = [timed.height * at // THIRDS for at in range(THIRDS + 1)]
    thirds = tuple(
        _third(whole, place, timed[start:end], same, others, f"{seed}:drift:{annotator}:{start}")
        for start, end in pairwise(cuts)
    )
    seconds = (thirds[-1].last - thirds[0].first).total_seconds()
    return Drift(annotator, missing, thirds, ONE_BY_ONE if seconds < PACE * (timed.height - 1) else "")


def _third(whole: Matrix, place: dict[str, int], part: pl.DataFrame, same: Counts, others: Counts, seed: str) -> Third:
    rows = [place[query] for query in part["query_id"]]
    given = part["value"].to_list()
    values = {value: given.count(value) for value in whole.question.values}
    return Third(part["at"][0], part["at"][-1], part.height, values, share(same[rows], others[rows], seed))
