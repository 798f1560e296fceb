"""Whether annotators follow the model judge: how often they answer as it does, held against how often they answer as each other.

Only queries that the judge and at least two annotators answered count, so that both shares are of the same queries. A difference
above nought where annotators had seen the judge's answer speaks for anchoring; where they had not, it only says that the judge
is nearer to each of them than they are to one another, and is what a later reading without blinding is to be held against.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from annotation.statistics.answers import MISSING, Counts, Matrix
from annotation.statistics.estimate import Estimate, Values, estimate
from annotation.statistics.shares import same_as_others, same_pairs, share

NO_JUDGE = "no query has an answer of the model judge and of two annotators"


@dataclass(frozen=True)
class Anchoring:
    """Shares of equal answers, judge with annotators and annotators with each other, and the first less the second.

    `annotator` is empty for all together.
    """

    annotator: str
    as_judge: Estimate
    as_others: Estimate
    difference: Estimate


def anchoring(matrix: Matrix, judge: Mapping[str, str], seed: str) -> list[Anchoring]:
    """For all annotators together, then for each by name. `judge` is query_id -> value of the matrix's question.

    Raises ValueError on an answer of the judge that the question does not have.
    """
    place = {value: at for at, value in enumerate(matrix.question.values)}
    if unknown := sorted({value for value in judge.values() if value not in place}):
        raise ValueError(f"the judge answers {unknown[0]!r}, which is no answer to {matrix.question.name}")
    said = numpy.array(
        [place[judge[query]] if query in judge else MISSING for query in matrix.queries], dtype=numpy.int64
    )
    answered = (matrix.codes != MISSING) & (said != MISSING)[:, None]
    equal = answered & (matrix.codes == said[:, None])
    same, pairs = same_pairs(matrix)
    found = [_held("", equal.sum(axis=1), answered.sum(axis=1), same, pairs, seed)]
    for at, name in enumerate(matrix.annotators):
        same, others = same_as_others(matrix, name)
        found.append(_held(name, equal[:, at], answered[:, at], same, others, seed))
    return found


def _held(
    annotator: str,
    as_judge: NDArray[numpy.generic],
    with_judge: NDArray[numpy.generic],
    same: Counts,
    others: Counts,
    seed: str,
) -> Anchoring:
    rows = numpy.column_stack([as_judge, with_judge, same, others]).astype(numpy.int64)
    rows = rows[(rows[:, 1] > 0) & (rows[:, 3] > 0)]
    seed = f"{seed}:anchoring:{annotator}"
    return Anchoring(
        annotator,
        share(rows[:, 0], rows[:, 1], f"{seed}:judge", NO_JUDGE),
        share(rows[:, 2], rows[:, 3], f"{seed}:others", NO_JUDGE),
        estimate(rows, _difference, f"{seed}:difference", NO_JUDGE),
    )


def _difference(patterns: NDArray[numpy.int64], weights: Values) -> Values:
    as_judge, with_judge, same, others = (weights @ patterns).T
    return numpy.asarray(as_judge / with_judge - same / others, dtype=numpy.float64)
