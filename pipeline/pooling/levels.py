"""What makes one pool better than another: levels, each a sum in whole numbers, compared one after the other.

Three kinds. A mark: the sum of a mark over the pool, in thousandths. A spread: as few pairs as can be that share a value of an attribute
(two queries of one repository are one pair, three are three). The draw: as small a sum as can be of three hex digits of the draw keys,
the first three, then the next; such levels follow the others by themselves until one pool is left. Three, for a solver that
reckons in fractions goes astray where some numbers are millions of times as large as others.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb

from pipeline.errors import UserError
from pipeline.pooling.candidates import ATTRIBUTES, MARKS, Candidate
from pipeline.sampling import draw_key

# Quality first, then diversity, as the paper chooses for fit; `pool.order` may name another.
ORDER = ("agreement", "domain_fit", "alignment", "leakage", "realism", "repository", "language", "text")
DIGITS = 3
DRAWS = 64 // DIGITS


@dataclass(frozen=True)
class Level:
    """One level; `kind` is mark, spread or draw, `name` the mark, the attribute or the draw's number from 1."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Its name for readers."""
        return {
            "mark": self.name.replace("_", " "),
            "spread": f"pairs of one {self.name.replace('_', '-')}" if self.name != "text" else "pairs of like texts",
            "draw": f"draw keys ({self.name})",
        }[self.kind]

    @property
    def better(self) -> str:
        """What is better here, such as `more agreement`, `less leakage` or `fewer pairs of one repository`."""
        return f"{'fewer' if self.kind == 'spread' else 'more' if MARKS[self.name] > 0 else 'less'} {self}"

    def worth(self, pool: Iterable[Candidate], seed: int) -> int:
        """What a pool is worth here; more is better."""
        if self.kind == "spread":
            counts = Counter(one.attributes.get(self.name, "") for one in pool)
            return -sum(comb(count, 2) for value, count in counts.items() if value)
        return sum(self.part(one, seed) for one in pool)

    def part(self, candidate: Candidate, seed: int) -> int:
        """What one candidate adds; nothing by itself at a spread."""
        if self.kind == "mark":
            return MARKS[self.name] * candidate.marks.get(self.name, 0)
        if self.kind == "draw":
            at = DIGITS * (int(self.name) - 1)
            return -int(draw_key(seed, candidate.id)[at : at + DIGITS], 16)
        return 0

    def shown(self, worth: int) -> str:
        """A worth, or a difference of two, for readers: marks as numbers, pairs and keys as counts; always above zero."""
        return f"{abs(worth) / 1000:g}" if self.kind == "mark" else f"{abs(worth):,}"


def levels_of(order: Sequence[str]) -> list[Level]:
    """The levels by name, the draws after them. Raises UserError for an unknown name or one given twice."""
    levels = []
    for name in order:
        if name not in MARKS and name not in ATTRIBUTES:
            raise UserError(f"{name} is nothing a pool is ordered by; known are {', '.join((*MARKS, *ATTRIBUTES))}")
        levels.append(Level("mark" if name in MARKS else "spread", name))
    twice = [name for name, count in Counter(order).items() if count > 1]
    if twice:
        raise UserError(f"the pool's order names {', '.join(twice)} twice; each level counts once")
    return levels + draws()


def draws() -> list[Level]:
    """The levels of the draw, in their order."""
    return [Level("draw", str(number)) for number in range(1, DRAWS + 1)]


def groups(candidates: Sequence[Candidate], attribute: str) -> dict[str, list[int]]:
    """The places of the candidates of each value of an attribute that two or more share."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for place, candidate in enumerate(candidates):
        if value := candidate.attributes.get(attribute, ""):
            found[value].append(place)
    return {value: places for value, places in sorted(found.items()) if len(places) > 1}
