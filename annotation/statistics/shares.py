"""How often two answers are the same, in plain shares: of all pairs, and of one annotator with the others."""

import numpy
from numpy.typing import NDArray

from annotation.statistics.answers import MISSING, Counts, Matrix
from annotation.statistics.estimate import NO_QUERIES, Estimate, Values, estimate


def share(hits: Counts, tries: Counts, seed: str, nothing: str = NO_QUERIES) -> Estimate:
    """Hits among tries, both counted per query; a query without a try does not count."""
    rows = numpy.column_stack([hits, tries])[tries > 0]
    return estimate(rows, _ratio, f"{seed}:share", nothing)


def _ratio(patterns: NDArray[numpy.int64], weights: Values) -> Values:
    hits, tries = (weights @ patterns).T
    return numpy.asarray(hits / tries, dtype=numpy.float64)  # every pattern has a try


def same_pairs(matrix: Matrix) -> tuple[Counts, Counts]:
    """`(same, pairs)` per query: pairs of annotators who gave the same answer, and all pairs."""
    same: Counts = numpy.zeros(len(matrix.queries), dtype=numpy.int64)
    tries: Counts = numpy.zeros(len(matrix.queries), dtype=numpy.int64)
    for name in matrix.annotators:
        hits, others = same_as_others(matrix, name)
        same, tries = same + hits, tries + others
    return same // 2, tries // 2  # each pair was met from both sides


def same_as_others(matrix: Matrix, annotator: str) -> tuple[Counts, Counts]:
    """`(same, others)` per query: how many others answered as the annotator did, and how many others answered. 0 without them."""
    at = matrix.annotators.index(annotator)
    own, rest = matrix.codes[:, [at]], numpy.delete(matrix.codes, at, axis=1)
    both = (rest != MISSING) & (own != MISSING)
    return (both & (rest == own)).sum(axis=1, dtype=numpy.int64), both.sum(axis=1, dtype=numpy.int64)


def without(matrix: Matrix, annotator: str) -> Matrix:
    """The matrix without one annotator: what the others agree on among themselves."""
    at = matrix.annotators.index(annotator)
    names = tuple(name for name in matrix.annotators if name != annotator)
    return Matrix(matrix.question, matrix.queries, names, numpy.delete(matrix.codes, at, axis=1))
