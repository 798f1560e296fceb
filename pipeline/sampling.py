"""Seeded draws that anyone can repeat: by hash, so neither the order of the rows nor the number of workers matters.

Every item has a draw key, `sha256("seed:name")`. A plain draw takes the smallest keys. A stratified draw gives each stratum an
equal share, in rounds: strata with fewer items give what they have, and the rest is shared among the others; a remainder goes to
the strata whose smallest undrawn key is smallest. Within a stratum, again, the smallest keys.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable


def draw_key(seed: int, name: str) -> str:
    """The hex key that decides an item's place in every draw with this seed."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def draw(items: Iterable[tuple[str, str]], count: int, seed: int, strategy: str) -> set[str]:
    """Draw `count` names (all, if there are fewer) from `(name, stratum)` items. `strategy` is stratified or random."""
    strata: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, stratum in items:
        strata[stratum if strategy == "stratified" else ""].append((draw_key(seed, name), name))
    for keyed in strata.values():
        keyed.sort(reverse=True)  # the smallest key is at the end, where it is popped
    drawn: set[str] = set()
    while len(drawn) < count and any(strata.values()):
        # One from each stratum that has any left, in the order of their smallest keys, until the count is reached.
        for keyed in sorted((keyed for keyed in strata.values() if keyed), key=lambda keyed: keyed[-1])[
            : count - len(drawn)
        ]:
            drawn.add(keyed.pop()[1])
    return drawn
