"""Who judges what, and in which order: seeded, so that anyone can repeat it, and even, so that nobody does more than the others.

Queries come one after the other in the order of their draw keys. Each goes to those who have least to do; where several choices are
equal in that, to those who have judged least together, so that every pair of annotators can be compared. What somebody has already
is never taken away: `held` is read from the server before anything new is given out. What somebody has skipped goes to somebody else.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

from pipeline.sampling import draw_key

MOST_CHOICES = 500  # with more, the judges of a query are chosen one by one and not together


@dataclass(frozen=True)
class Assignment:
    """Each annotator's queries in the order they are to be judged, and the calibration queries, which stand first everywhere."""

    queries: dict[str, list[str]]
    calibration: frozenset[str]


def assign(
    query_ids: Collection[str],
    annotators: Collection[str],
    overlap: int,
    calibration: int,
    seed: int,
    held: Mapping[str, Collection[str]],
    declined: Mapping[str, Collection[str]] | None = None,
) -> Assignment:
    """Give every query to `overlap` annotators (to all, if there are fewer), and `calibration` queries to every one of them.

    `held` is `annotator -> query ids` of what the server has. A query that more than `overlap` hold stays with all of them. Without
    `held`, the numbers of queries of any two annotators differ by one at most. `declined` is `annotator -> query ids` of what they
    have skipped: it is not theirs, even if it is in `held`, and they never get it; another does, as long as there is one.
    """
    names = sorted(set(annotators))
    queries = sorted(set(query_ids), key=lambda query: draw_key(seed, query))
    skipped = {name: frozenset((declined or {}).get(name, ())) for name in names}
    had = {name: frozenset(held.get(name, ())) - skipped[name] for name in names}
    holders = {query: [name for name in names if query in had[name]] for query in queries}
    takers = {query: [name for name in names if query not in skipped[name]] for query in queries}
    given = {query: len(holders[query]) + len(names) - len(takers[query]) for query in queries}
    common = _common(queries, given, calibration, seed)
    shares = _Shares(seed)
    for query in common:
        holders[query] = takers[query]
    for query in queries:
        shares.give(query, holders[query])
    for query in queries:
        wanting = overlap - len(holders[query])
        holders[query] = holders[query] + shares.choose(query, holders[query], takers[query], wanting)
    return Assignment({name: _order(name, seed, queries, holders, common) for name in names}, frozenset(common))


def _common(queries: list[str], given: Mapping[str, int], calibration: int, seed: int) -> list[str]:
    """The calibration queries in their order: first what was given to most, so that a batch stays as queries and people come.

    A batch that must grow takes in what some have already. Their tasks stay as they were pushed, in their place and with the phase
    "review" in their meta.
    """
    ordered = sorted(queries, key=lambda query: draw_key(seed, f"calibration {query}"))
    return sorted(ordered, key=lambda query: -given[query])[:calibration]


def _order(name: str, seed: int, queries: list[str], holders: dict[str, list[str]], common: list[str]) -> list[str]:
    """What is an annotator's: the calibration queries in the order of everyone, then the others in a shuffle of their own."""
    first = [query for query in common if name in holders[query]]
    own = [query for query in queries if name in holders[query] and query not in first]
    return first + sorted(own, key=lambda query: draw_key(seed, f"{name} {query}"))


class _Shares:
    """How much each annotator has, and how much each pair of them has in common."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._loads: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()

    def give(self, query: str, names: Sequence[str]) -> None:
        """Count a query for those who have it."""
        self._loads.update(names)
        self._pairs.update(combinations(sorted(names), 2))

    def choose(self, query: str, holders: Sequence[str], takers: Sequence[str], count: int) -> list[str]:
        """Choose up to `count` more annotators for a query from those who take it, and count it for them."""
        free = [name for name in takers if name not in holders]
        chosen: list[str] = []
        while free and len(chosen) < count:
            least = min(self._loads[name] for name in free)
            level = [name for name in free if self._loads[name] == least]
            # Who has least takes part in any case; only where more of them are free than wanted there is something to choose.
            some = self._among(query, [*holders, *chosen], level, min(count - len(chosen), len(level)))
            chosen += some
            free = [name for name in free if name not in some]
        together = Counter(combinations(sorted([*holders, *chosen]), 2))
        self._pairs.update(together - Counter(combinations(sorted(holders), 2)))
        self._loads.update(chosen)
        return chosen

    def _among(self, query: str, with_these: list[str], level: list[str], count: int) -> list[str]:
        if count == len(level):
            return level
        ordered = sorted(level, key=lambda name: draw_key(self._seed, f"{query} {name}"))
        if comb(len(level), count) <= MOST_CHOICES:
            return list(min(combinations(ordered, count), key=lambda some: self._shared(with_these, some)))
        some: list[str] = []
        for _ in range(count):
            free = [name for name in ordered if name not in some]
            some.append(min(free, key=lambda name: self._shared([*with_these, *some], (name,))))
        return some

    def _shared(self, present: Sequence[str], added: Iterable[str]) -> int:
        """How often the pairs that this choice makes have judged together already."""
        added = set(added)
        group = sorted({*present, *added})
        return sum(self._pairs[pair] for pair in combinations(group, 2) if pair[0] in added or pair[1] in added)
