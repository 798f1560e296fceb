"""A level is a sum that anybody can count, in whole numbers."""

import hashlib

import pytest

from pipeline.pooling.levels import Level, groups, levels_of
from tests.pipeline.pooling.pools import SEED, query


def test_a_mark_counts_its_sum_and_leakage_against() -> None:
    pool = [query("a", realism=4500, leakage=100), query("b", realism=3000, leakage=20)]
    assert Level("mark", "realism").worth(pool, SEED) == 7500
    assert Level("mark", "leakage").worth(pool, SEED) == -120


def test_a_spread_counts_pairs_of_one_value() -> None:
    pool = [query(str(at), repository=name) for at, name in enumerate(["o/a", "o/a", "o/a", "o/b", "o/b", "", ""])]
    assert Level("spread", "repository").worth(pool, SEED) == -4


def test_the_draw_counts_three_digits_of_the_key_after_the_other() -> None:
    key = hashlib.sha256(f"{SEED}:a".encode()).hexdigest()
    levels = levels_of([])
    assert [-level.worth([query("a")], SEED) for level in levels] == [
        int(key[at : at + 3], 16) for at in range(0, 63, 3)
    ]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (Level("mark", "domain_fit"), "domain fit"),
        (Level("spread", "sub_domain"), "pairs of one sub-domain"),
        (Level("spread", "text"), "pairs of like texts"),
        (Level("draw", "2"), "draw keys (2)"),
    ],
)
def test_a_level_has_a_name_for_readers(level: Level, words: str) -> None:
    assert str(level) == words


def test_groups_are_those_that_two_or_more_share() -> None:
    candidates = [
        query("a", language="Go"),
        query("b", language="Rust"),
        query("c", language="Go"),
        query("d"),
        query("e"),
    ]
    assert groups(candidates, "language") == {"Go": [0, 2]}
