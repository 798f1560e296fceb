"""Krippendorff's alpha: agreement of any number of annotators beyond chance, where most judge only some of the queries.

The value is the package krippendorff's. The interval needs it thousands of times, which `alphas` does at once by the same
formula (Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011); tests hold the two together.
"""

import krippendorff
import numpy
from numpy.typing import NDArray

from annotation.statistics.answers import Counts, Level, Matrix
from annotation.statistics.estimate import DECIMALS, Estimate, Values, estimate


def alpha_estimate(matrix: Matrix, seed: str) -> Estimate:
    """Alpha of one question with its interval. Queries with fewer than two answers tell nothing of agreement."""
    counts, level = value_counts(matrix), matrix.question.level
    found = estimate(counts, lambda patterns, weights: alphas(patterns, weights, level), f"{seed}:alpha")
    if found.value is None:
        return found
    value = float(krippendorff.alpha(value_counts=counts, level_of_measurement=level))
    return Estimate(round(value, DECIMALS), found.low, found.high, found.queries, found.reason)


def value_counts(matrix: Matrix) -> Counts:
    """How often each value was given (queries x values), of the queries with two answers or more."""
    values = numpy.arange(len(matrix.question.values))
    counts: Counts = (matrix.codes[:, :, None] == values).sum(axis=1, dtype=numpy.int64)
    pairable: Counts = counts[counts.sum(axis=1) >= 2]
    return pairable


def alphas(patterns: NDArray[numpy.int64], weights: Values, level: Level) -> Values:
    """Alpha of each sample: `weights[sample, pattern]` queries look like `patterns[pattern]` (value counts). NaN if undefined."""
    size = patterns.shape[1]
    pairs = patterns[:, :, None] * patterns[:, None, :] - patterns[:, :, None] * numpy.eye(size, dtype=numpy.int64)
    coincidences = pairs / (patterns.sum(axis=1) - 1)[:, None, None]
    observed = (weights @ coincidences.reshape(len(patterns), size * size)).reshape(len(weights), size, size)
    times = weights @ patterns
    if level == "nominal":
        distances = numpy.broadcast_to(1.0 - numpy.eye(size), observed.shape)
    else:
        # Two values are as far apart as the answers from one to the other, half of each end: the distance of their mean ranks.
        ranks = numpy.cumsum(times, axis=1) - times / 2
        distances = (ranks[:, :, None] - ranks[:, None, :]) ** 2
    disagreement = (observed * distances).sum(axis=(1, 2))
    by_chance = (times[:, :, None] * times[:, None, :] * distances).sum(axis=(1, 2)) / (times.sum(axis=1) - 1)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.where(by_chance > 0, 1 - disagreement / by_chance, numpy.nan)
