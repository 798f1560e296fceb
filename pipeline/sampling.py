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
    return set(_in_rounds(strata.values())[:count])


def draw_nested(items: Iterable[tuple[str, str, str]], count: int, seed: int) -> set[str]:
    """Draw `count` names from `(name, outer, inner)` items: equal shares of the outer strata, and within each, of its inner ones."""
    outer: defaultdict[str, defaultdict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for name, stratum, inner in items:
        outer[stratum][inner].append((draw_key(seed, name), name))
    ordered = []
    for strata in outer.values():
        for keyed in strata.values():
            keyed.sort(reverse=True)
        ordered.append([(draw_key(seed, name), name) for name in reversed(_in_rounds(strata.values()))])
    return set(_in_rounds(ordered)[:count])


def _in_rounds(strata: Iterable[list[tuple[str, str]]]) -> list[str]:
    """Every name, one from each stratum a round (each stratum's next is its last), a round in the order of those names' keys."""
    left = [list(keyed) for keyed in strata]
    names: list[str] = []
    while left := [keyed for keyed in left if keyed]:
        left.sort(key=lambda keyed: keyed[-1])
        names += [keyed.pop()[1] for keyed in left]
    return names
