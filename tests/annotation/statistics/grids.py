"""Answers for tests: from grids of annotators and queries, with None where nobody answered."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from annotation.statistics.answers import ANSWERS, Matrix, Question, checked, matrix

NAMES = ("ada", "bo", "chidi", "dana")
COLOURS = Question("colour", "nominal", ("1", "2", "3", "4", "5"))
GRADES = Question("grade", "ordinal", ("1", "2", "3", "4", "5"))
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
Grid = Sequence[Sequence[int | str | None]]


def answers(
    grid: Grid, question: Question, seconds: Sequence[Sequence[float | None]] | None = None, minutes: int | None = 2
) -> pl.DataFrame:
    """One row per annotator in, one row per answer out; each annotator answers in the order of the queries."""
    rows = []
    for who, (name, values) in enumerate(zip(NAMES, grid, strict=False)):
        for at, value in enumerate(values):
            rows.append(
                {
                    "query_id": f"gh-{at:05}",
                    "annotator": name,
                    "question": question.name,
                    "value": None if value is None else str(value),
                    "at": None if minutes is None else START + timedelta(minutes=minutes * at),
                    "lead_seconds": None if seconds is None else seconds[who][at],
                }
            )
    return pl.DataFrame(rows, schema=ANSWERS)


def of_grid(grid: Grid, question: Question) -> Matrix:
    return matrix(checked(answers(grid, question), [question]), question)


def two_of_four(queries: int, right: float, seed: int = 7, values: int = 5) -> list[list[int | None]]:
    """Two annotators of four on each query; each gives the true value with probability `right`, else any."""
    draws = random.Random(seed)  # noqa: S311 - made-up answers
    grid: list[list[int | None]] = [[None] * queries for _ in NAMES]
    for at in range(queries):
        truth = draws.randint(1, values)
        for who in draws.sample(range(len(NAMES)), 2):
            grid[who][at] = truth if draws.random() < right else draws.randint(1, values)
    return grid
