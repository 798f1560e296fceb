"""Find queries that say nearly what another one says: in a small pool they would count one wish twice.

Two texts are as alike as the share of their pairs of neighbouring words that both have (Jaccard), in small letters and without signs. Pairs
and not single words, for the order matters; not longer runs, for one changed word should not make two queries of twenty-five.

The result is exact, without a signature that could miss one: two sets of a similarity `s` or more must share one of the rarest
`n - ceil(s * n) + 1` of the n pairs of either (prefix filtering; Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007),
so only those are looked up. What is in every query, such as a writer's turns of phrase, is hardly ever looked up.
"""

import math
import re
from collections import Counter, defaultdict
from itertools import pairwise

_WORD = re.compile(r"\w+")


def pairs(text: str) -> frozenset[tuple[str, ...]]:
    """The pairs of neighbouring words of a text; the word itself if it has only one."""
    words = [word.lower() for word in _WORD.findall(text)]
    return frozenset(pairwise(words)) if len(words) > 1 else frozenset((word,) for word in words)


def similarity(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1; texts without a word are alike to nothing."""
    return _jaccard(pairs(one), pairs(other))


def repeats(queries: list[tuple[str, str]], similarity: float) -> dict[str, tuple[str, float]]:
    """`query_id -> (query_id of the one it repeats, similarity)` of those that repeat an earlier one; `queries` are `(query_id, text)`.

    From the first query on, each repeats the earliest that it is alike to and that repeats nobody itself. So the first stays, no
    query goes for one that it is not alike to, and what stays is not alike.
    """
    of_query = [pairs(text) for _, text in queries]
    frequency = Counter(pair for found in of_query for pair in found)
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(
        list
    )  # pair -> those that stay and have it among their rarest
    found: dict[str, tuple[str, float]] = {}
    for at, (query_id, _) in enumerate(queries):
        rarest = _rarest(of_query[at], frequency, similarity)
        for candidate in sorted({holder for pair in rarest for holder in holders[pair]}):
            alike = _jaccard(of_query[at], of_query[candidate])
            if alike >= similarity:
                found[query_id] = (queries[candidate][0], alike)
                break
        else:
            for pair in rarest:
                holders[pair].append(at)
    return found


def _rarest(
    of: frozenset[tuple[str, ...]], frequency: Counter[tuple[str, ...]], similarity: float
) -> list[tuple[str, ...]]:
    """The rarest pairs of a set: one of them is shared with every set that is as alike as `similarity` or more."""
    # A hair less than the product: a share such as 0.8 has no exact number in the machine.
    needed = len(of) - math.ceil(similarity * len(of) - 1e-9) + 1
    return sorted(of, key=lambda pair: (frequency[pair], pair))[:needed] if of else []


def _jaccard(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0
