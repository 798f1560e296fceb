"""Cohen's kappa of two annotators, and the table of what one answered where the other answered what.

Nominal answers: Cohen, Educational and Psychological Measurement 20 (1960). Ordinal ones: weighted by the distance of the two
places in the order (linear weights; Cicchetti and Allison 1971), so that 4 against 5 is a lesser disagreement than 1 against 5.
The one kept library that has it is scikit-learn: 51 MB for these lines, and one table at a time. The tests hold these against it.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy
from numpy.typing import NDArray

from annotation.statistics.answers import MISSING, Counts, Level, Matrix
from annotation.statistics.estimate import Estimate, Values, estimate

NO_SHARED = "the two have judged no query together"
BOTH_CONSTANT = "both give the same answer to every query, so there is nothing to agree on beyond chance"


@dataclass(frozen=True)
class Pair:
    """Two annotators on the queries both judged: `table[i, j]` times the first gave value i and the second value j."""

    annotators: tuple[str, str]
    table: Counts
    kappa: Estimate


def pairs(matrix: Matrix, seed: str) -> list[Pair]:
    """Every two annotators of a question, by name."""
    found = []
    size, level = len(matrix.question.values), matrix.question.level

    def statistic(patterns: NDArray[numpy.int64], weights: Values) -> Values:
        tables = numpy.zeros((len(weights), size, size))
        tables[:, patterns[:, 0], patterns[:, 1]] = weights
        return kappas(tables, level)

    for one, other in combinations(range(len(matrix.annotators)), 2):
        both = matrix.codes[:, [one, other]]
        both = both[(both != MISSING).all(axis=1)]
        table = numpy.zeros((size, size), dtype=numpy.int64)
        numpy.add.at(table, (both[:, 0], both[:, 1]), 1)
        names = (matrix.annotators[one], matrix.annotators[other])
        own_seed = f"{seed}:kappa:{names[0]}:{names[1]}"
        found.append(Pair(names, table, estimate(both, statistic, own_seed, NO_SHARED, BOTH_CONSTANT)))
    return found


def kappas(tables: Values, level: Level) -> Values:
    """Kappa of each table (samples x values x values); NaN where both annotators gave one and the same value only."""
    places = numpy.arange(tables.shape[1])
    distances = numpy.abs(places[:, None] - places[None, :]).astype(numpy.float64)
    if level == "nominal":
        distances = numpy.minimum(distances, 1.0)
    by_chance = tables.sum(axis=2)[:, :, None] * tables.sum(axis=1)[:, None, :]
    disagreement = (tables * distances).sum(axis=(1, 2)) * tables.sum(axis=(1, 2))
    expected = (by_chance * distances).sum(axis=(1, 2))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.where(expected > 0, 1 - disagreement / expected, numpy.nan)
