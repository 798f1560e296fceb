"""Quotas that no pool can keep together: the lists of them, none longer than need be, in words that one can act upon.

A list is found by a deletion filter: leave out one quota after the other; whatever isn't needed for the conflict stays out. So each list
is irreducible: without any one of its quotas the others can be kept. Further lists are looked for among the quotas that are left.
Whether quotas can be kept is proved either way, by a pool or by arithmetic (pipeline/pooling/search.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from pipeline.errors import UserError
from pipeline.pooling.candidates import Candidate
from pipeline.pooling.model import Model
from pipeline.pooling.program import Program, Whole
from pipeline.pooling.quotas import Quota, rules_of
from pipeline.pooling.relaxation import Proposer, Relaxation
from pipeline.pooling.search import best


@dataclass(frozen=True)
class Conflict:
    """Quotas in conflict (`exactly N in all` among them if the pool's size is), and for each what would end it."""

    quotas: tuple[Quota, ...]
    ways_out: tuple[str, ...]

    def __str__(self) -> str:
        """All of it in lines."""
        return "\n".join(
            f"  {quota}{': ' if way else ''}{way}" for quota, way in zip(self.quotas, self.ways_out, strict=True)
        )


def raise_conflicts(
    candidates: Sequence[Candidate],
    size: int,
    quotas: Sequence[Quota],
    proposer_of: Callable[[Program], Proposer] = Relaxation,
) -> None:
    """Raise UserError naming every list of quotas in conflict that there is beside the others; return if there is none."""
    found = conflicts(candidates, size, quotas, proposer_of)
    if not found:
        return
    lists = "\nand\n".join(map(str, found))
    one = len(found) == 1 and len(found[0].quotas) == 1
    raise UserError(
        f"no pool of the {len(candidates):,} candidates keeps {'this quota' if one else 'these quotas together'}:\n{lists}\n"
        f"{'Change it' if one else 'In each list, one that gives way is enough'} (section pool of params.yaml); or let there be more "
        "candidates: review more queries, sample more (sample.per_repository), take in more real-world ones (`limi intake`)"
    )


def conflicts(
    candidates: Sequence[Candidate],
    size: int,
    quotas: Sequence[Quota],
    proposer_of: Callable[[Program], Proposer] = Relaxation,
    held: Mapping[int, int] = MappingProxyType({}),
) -> list[Conflict]:
    """The lists of quotas in conflict, each irreducible and no quota in two; the size of the pool counts as a quota.

    `held` says of candidates, by their places, that they are in (1) or out (0) in any case.
    """
    problem = _Problem(candidates, proposer_of, held)
    left = list(quotas) if _adds_up(candidates, size, quotas) else [*quotas, Quota(least=size, most=size)]
    found = []
    while not problem.kept(left):
        core = list(left)
        for quota in reversed(left):  # later ones leave first: what is said first (the size last) is what stays
            without = [one for one in core if one is not quota]
            if not problem.kept(without):
                core = without
        found.append(Conflict(tuple(core), tuple(_way_out(problem, core, quota) for quota in core)))
        left = [one for one in left if not any(one is quota for quota in core)]
    return found


def _adds_up(candidates: Sequence[Candidate], size: int, quotas: Sequence[Quota]) -> bool:
    """Whether exact counts by origin say the size already: named again, it would be a second conflict that is none."""
    counts = {
        one.where["origin"]: one.least for one in quotas if set(one.where) == {"origin"} and one.least == one.most
    }
    return sum(counts.values()) == size and all(one.attributes.get("origin") in counts for one in candidates)


@dataclass(frozen=True)
class _Problem:
    candidates: Sequence[Candidate]
    proposer_of: Callable[[Program], Proposer]
    held: Mapping[int, int]

    def kept(self, quotas: Sequence[Quota]) -> bool:
        """Whether some set of candidates keeps the quotas."""
        return self.extreme(quotas, np.zeros(len(self.candidates), np.int64)) is not None

    def extreme(self, quotas: Sequence[Quota], costs: Whole) -> int | None:
        """The largest worth of a set of candidates that keeps the quotas; None if there is no such set."""
        count = len(self.candidates)
        model = Model(self.candidates, rules_of(quotas, self.candidates), count, [], 0)
        face = model.face.with_row(0, 0, count)  # no size of its own: it is one of the quotas
        for place, value in self.held.items():
            face = face.with_column(place, value)
        found = best(model.program, self.proposer_of(model.program), costs, face, decide=count, mend=model.mend)
        return None if found is None else found.value


def _way_out(problem: _Problem, core: Sequence[Quota], quota: Quota) -> str:
    """The nearest numbers with which a quota would fit to the others of its list."""
    others = [one for one in core if one is not quota]
    if quota.each:
        return _wider(problem, others, quota)
    counted = np.array([int(quota.counts(one)) for one in problem.candidates], np.int64)
    ways = []
    if quota.least:
        below = problem.extreme([*others, replace(quota, least=0, most=quota.least - 1)], counted)
        if below is not None:
            ways.append(
                f"there can be {below}" + (f" ({int(counted.sum()):,} of the candidates are)" if quota.where else "")
            )
    if quota.most is not None:
        above = problem.extreme([*others, replace(quota, least=quota.most + 1, most=None)], -counted)
        if above is not None:
            ways.append(f"there can be {-above}")
    return " or ".join(ways) + (", given the others" if ways and others else "")


def _wider(problem: _Problem, others: Sequence[Quota], quota: Quota) -> str:
    """The smallest most of a quota for each value that fits to the others, by halving."""
    low, high = (quota.most or 0) + 1, len(problem.candidates)
    while low < high:
        middle = (low + high) // 2
        if problem.kept([*others, replace(quota, most=middle)]):
            high = middle
        else:
            low = middle + 1
    return f"{low} of each would do, given the others"
