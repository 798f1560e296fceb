"""Small choices, and the rule of the pool written once more: by trying every set, with nothing of the library's arithmetic."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from pipeline.pooling.candidates import MARKS, Candidate
from pipeline.pooling.quotas import Quota

SEED = 11
VALUES = {
    "origin": ("github_pr", "real_world"),
    "domain": ("vibe-coding", "research-workflow"),
    "sub_domain": ("front-end", "back-end", "debugging"),
    "language": ("", "Go", "Rust"),
    "repository": ("", "o/a", "o/b", "o/c"),
    "text": ("", "", "c0"),
}


def query(name: str, **given: Any) -> Candidate:
    """A candidate with marks (thousandths) and attributes by name; what isn't given is the same for all."""
    marks = dict.fromkeys(MARKS, 0) | {key: value for key, value in given.items() if key in MARKS}
    attributes = {"origin": "github_pr", "sub_domain": "back-end"} | {
        key: value for key, value in given.items() if key not in MARKS
    }
    return Candidate(name, attributes, marks)


def keeps(pool: Sequence[Candidate], quotas: Iterable[Quota]) -> bool:
    """Whether a pool keeps the quotas."""
    for quota in quotas:
        of = [one for one in pool if all(one.attributes.get(name) == value for name, value in quota.where.items())]
        if quota.each:
            counts = Counter(one.attributes[quota.each] for one in of if one.attributes.get(quota.each))
            if any(count > (quota.most or 0) for count in counts.values()):
                return False
        elif len(of) < quota.least or (quota.most is not None and len(of) > quota.most):
            return False
    return True


def worth(pool: Sequence[Candidate], order: Sequence[str], seed: int = SEED) -> tuple[int, ...]:
    """What a pool is worth, level by level and larger better, the draws behind."""
    found = []
    for name in order:
        if name in MARKS:
            found.append(MARKS[name] * sum(one.marks.get(name, 0) for one in pool))
        else:
            pairs = combinations([one.attributes[name] for one in pool if one.attributes.get(name)], 2)
            found.append(-sum(one == other for one, other in pairs))
    keys = [hashlib.sha256(f"{seed}:{one.id}".encode()).hexdigest() for one in pool]
    return (*found, *(-sum(int(key[at : at + 3], 16) for key in keys) for at in range(0, 63, 3)))


def every_pool(candidates: Sequence[Candidate], size: int, quotas: Sequence[Quota]) -> list[tuple[Candidate, ...]]:
    """Every set of so many that keeps the quotas."""
    return [pool for pool in combinations(candidates, size) if keeps(pool, quotas)]


@st.composite
def choices(draw: Any) -> tuple[list[Candidate], int, list[Quota], list[str]]:
    """Candidates with many ties, a size, quotas of every kind, and an order of levels."""
    candidates = [
        Candidate(
            f"q{at}",
            {name: draw(st.sampled_from(values)) for name, values in VALUES.items()},
            {name: draw(st.sampled_from((0, 500, 667, 1000))) for name in MARKS},
        )
        for at in range(draw(st.integers(1, 9)))
    ]
    names = st.sampled_from(sorted(VALUES))
    where = st.dictionaries(names, st.none(), max_size=2)
    quotas = []
    for _ in range(draw(st.integers(0, 4))):
        of = {name: draw(st.sampled_from(sorted({*VALUES[name]} - {""}))) for name in sorted(draw(where))}
        least = draw(st.integers(0, 3))
        kind = draw(st.sampled_from(("exact", "least", "most", "between", "each")))
        if kind == "each":
            quotas.append(Quota({}, 0, draw(st.integers(0, 2)), draw(names)))
        elif kind == "least":
            quotas.append(Quota(of, least + 1))
        else:
            low = 0 if kind == "most" else least
            quotas.append(Quota(of, low, low if kind == "exact" else low + draw(st.integers(0, 2))))
    order = draw(st.lists(st.sampled_from((*MARKS, "repository", "language", "text")), unique=True, max_size=5))
    return candidates, draw(st.integers(0, min(5, len(candidates)))), quotas, order


@st.composite
def triangles(draw: Any) -> tuple[list[Candidate], int, list[Quota], list[str]]:
    """Choices with three candidates of which any two share something that only one may have.

    With fractions, half of each would do; so no multipliers prove the best pool, and the search has to divide it.
    """
    shared = [{"repository": "r", "language": "l"}, {"repository": "r", "text": "t"}, {"language": "l", "text": "t"}]
    high, low = st.integers(900, 1000), st.integers(0, 400)
    candidates = [
        query(f"q{at}", **extra, agreement=draw(high if extra else low), realism=draw(low), alignment=draw(low))
        for at, extra in enumerate([*shared, {}, {}, {}])
    ]
    quotas = [Quota(each=name, most=1) for name in ("repository", "language", "text")]
    return candidates, draw(st.integers(2, 3)), quotas, ["agreement", "realism", "alignment"]
