"""What the queries that people bring are held against, from the parameters: the same limits as queries of pull requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.compare.contamination import Contamination
from pipeline.masking.found import Kind
from pipeline.params import Params
from pipeline.sections import Checks


@dataclass(frozen=True)
class Rules:
    """The limits of a check.

    `limits` are those of the words; `similarity` is the share of common pairs of words from which on two queries are one wish; `kinds`
    are those of `mask.kinds`; `refusing` those of `compare.contamination`, by which a benchmark's name refuses (by others it is
    flagged); `pulls` is query_id -> text of the queries of pull requests, empty where there are none yet; `withdrawn` is
    id -> the day its contributor took the query back.
    """

    limits: Checks
    similarity: float
    kinds: tuple[Kind, ...]
    benchmarks: Contamination
    refusing: frozenset[str]
    pulls: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Mapping[str, str] = field(default_factory=dict)


def rules_of(
    params: Params, pulls: Mapping[str, str] | None = None, withdrawn: Mapping[str, str] | None = None
) -> Rules:
    """The rules as the parameters say. Raises UserError where the lists of benchmarks cannot be read."""
    return Rules(
        params.checks,
        params.pool.similarity,
        tuple(params.mask.kinds),
        Contamination.read(Path(params.compare.lists)),
        frozenset(params.compare.contamination),
        pulls or {},
        withdrawn or {},
    )
