"""The draw over two levels of strata, against a brute force that only knows places and keys."""

import hashlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sampling import draw, draw_nested
from tests.conftest import ROOT

Items = list[tuple[str, str, str]]
ITEMS = st.dictionaries(
    st.text("abcdefgh/#1234", min_size=1, max_size=6),
    st.tuples(st.sampled_from(["front-end", "back-end", "deployment"]), st.sampled_from(["Go", "C", "Rust", "none"])),
    max_size=40,
).map(lambda drawn: [(name, outer, inner) for name, (outer, inner) in drawn.items()])


def key(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def by_places(items: Items, count: int, seed: int) -> set[str]:
    """An item's round is the number of those before it in its stratum, so a draw in rounds goes by (round, key).

    Within an outer stratum that gives the order of its items, and their places there are the rounds of the whole.
    """
    keys = {name: key(seed, name) for name, _, _ in items}
    inner_round = {
        name: sum(keys[other] < keys[name] for other, *strata in items if strata == [outer, inner])
        for name, outer, inner in items
    }
    place = {name: (inner_round[name], keys[name]) for name, _, _ in items}
    outer_round = {
        name: sum(place[other] < place[name] for other, same, _ in items if same == outer) for name, outer, _ in items
    }
    return set(sorted(keys, key=lambda name: (outer_round[name], keys[name]))[:count])


@settings(max_examples=300, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45), st.integers(0, 5))
def test_a_nested_draw_is_the_brute_force_one(items: Items, count: int, seed: int) -> None:
    assert draw_nested(items, count, seed) == by_places(items, count, seed)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45), st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(items: Items, count: int, shuffler: Any) -> None:
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    assert draw_nested(iter(shuffled), count, 3) == draw_nested(items, count, 3)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45))
def test_a_larger_draw_holds_the_smaller_one(items: Items, count: int) -> None:
    assert draw_nested(items, count, 3) <= draw_nested(items, count + 1, 3)
    assert len(draw_nested(items, count, 3)) == min(count, len(items))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45))
def test_with_one_inner_stratum_it_is_the_plain_stratified_draw(items: Items, count: int) -> None:
    alike = [(name, outer, "Go") for name, outer, _ in items]
    assert draw_nested(alike, count, 3) == draw([(name, outer) for name, outer, _ in items], count, 3, "stratified")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45))
def test_with_one_outer_stratum_it_is_the_stratified_draw_of_the_inner_ones(items: Items, count: int) -> None:
    alike = [(name, "back-end", inner) for name, _, inner in items]
    assert draw_nested(alike, count, 3) == draw([(name, inner) for name, _, inner in items], count, 3, "stratified")


@settings(max_examples=150, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 45), st.integers(0, 5))
def test_no_stratum_is_ahead_of_one_that_still_has_items_by_more_than_one(items: Items, count: int, seed: int) -> None:
    drawn = draw_nested(items, count, seed)
    has = Counter(outer for _, outer, _ in items)
    gave = Counter(outer for name, outer, _ in items if name in drawn)
    assert all(gave[outer] == has[outer] or gave[outer] >= gave[other] - 1 for outer in has for other in has)
    for outer in has:
        had = Counter(inner for _, same, inner in items if same == outer)
        told = Counter(inner for name, same, inner in items if same == outer and name in drawn)
        assert all(told[inner] == had[inner] or told[inner] >= told[other] - 1 for inner in had for other in had)


@pytest.mark.parametrize(
    ("sizes", "count", "shares"),
    [
        ({("x", "a"): 10, ("x", "b"): 10, ("y", "a"): 10}, 8, {("x", "a"): 2, ("x", "b"): 2, ("y", "a"): 4}),
        ({("x", "a"): 10, ("x", "b"): 1, ("y", "a"): 10}, 8, {("x", "a"): 3, ("x", "b"): 1, ("y", "a"): 4}),
        ({("x", "a"): 10, ("x", "b"): 10, ("y", "a"): 1}, 9, {("x", "a"): 4, ("x", "b"): 4, ("y", "a"): 1}),
        # An inner stratum's name in another outer one is another stratum.
        ({("x", "a"): 9, ("y", "a"): 9, ("y", "b"): 9}, 4, {("x", "a"): 2, ("y", "a"): 1, ("y", "b"): 1}),
    ],
)
def test_shares_are_equal_among_outer_strata_first(
    sizes: dict[tuple[str, str], int], count: int, shares: dict[tuple[str, str], int]
) -> None:
    items = [(f"{outer}{inner}{at}", outer, inner) for (outer, inner), size in sizes.items() for at in range(size)]
    drawn = draw_nested(items, count, 5)
    assert Counter((outer, inner) for name, outer, inner in items if name in drawn) == shares


def test_another_seed_draws_otherwise() -> None:
    items = [(f"n{at}", "x", "ab"[at % 2]) for at in range(100)]
    assert len({frozenset(draw_nested(items, 10, seed)) for seed in range(20)}) == 20


def test_the_words_for_readers_tell_of_the_two_levels() -> None:
    """docs/CHOOSING.md is what a reader draws again by; it must not say that repositories are drawn by language alone."""
    words = (ROOT / "docs/CHOOSING.md").read_text(encoding="utf-8")
    assert "the repositories (strata: languages)" not in words
    assert "leaning" in words or "sub-domains and languages" in words
