"""A draw is a matter of hashes alone: anyone can repeat it, in any order."""

import hashlib
import math
import subprocess
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sample import sample
from pipeline.sampling import draw, draw_key
from pipeline.sections import Sample

Items = list[tuple[str, str]]
ITEMS = st.dictionaries(st.text("abcdefgh/#1234", min_size=1, max_size=6), st.sampled_from("xyzwv"), max_size=30).map(
    lambda drawn: list(drawn.items())
)


def by_hand(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def filled(items: Items, count: int, seed: int) -> set[str]:
    """Stratified as the docstring tells it: raise the water until it holds `count`, then the remainder by smallest key."""
    strata: dict[str, list[str]] = {}
    for name, stratum in items:
        strata.setdefault(stratum, []).append(name)
    for names in strata.values():
        names.sort(key=lambda name: by_hand(seed, name))
    level = max(
        (level for level in range(count + 1) if sum(min(level, len(names)) for names in strata.values()) <= count),
        default=0,
    )
    drawn = {name for names in strata.values() for name in names[:level]}
    next_ones = sorted(
        (names[level] for names in strata.values() if len(names) > level), key=lambda n: by_hand(seed, n)
    )
    return drawn | set(next_ones[: count - len(drawn)])


def frame(items: Items, repo: str = "o/n") -> pl.DataFrame:
    rows = [{"pr_id": name, "repo": repo, "sub_domain": stratum} for name, stratum in items]
    return pl.DataFrame(rows, schema={"pr_id": pl.String, "repo": pl.String, "sub_domain": pl.String})


def test_a_key_is_what_sha256sum_prints() -> None:
    done = subprocess.run(["sha256sum"], input="20250917:tide/pool#7", capture_output=True, text=True, check=True)
    assert draw_key(20250917, "tide/pool#7") == done.stdout.split()[0]


def test_seed_and_name_both_make_the_key() -> None:
    assert len({draw_key(1, "a"), draw_key(2, "a"), draw_key(1, "b"), draw_key(1, "é"), draw_key(11, "a")}) == 5


@settings(max_examples=150, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 35), st.integers(0, 5))
def test_a_stratified_draw_is_the_brute_force_one(items: Items, count: int, seed: int) -> None:
    assert draw(items, count, seed, "stratified") == filled(items, count, seed)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 35), st.integers(0, 5))
def test_a_random_draw_takes_the_smallest_keys(items: Items, count: int, seed: int) -> None:
    names = sorted((name for name, _ in items), key=lambda name: by_hand(seed, name))
    assert draw(items, count, seed, "random") == set(names[:count])


@settings(max_examples=80, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 35), st.randoms(use_true_random=False), st.sampled_from(["stratified", "random"]))
def test_the_order_of_the_items_does_not_matter(items: Items, count: int, shuffler: object, strategy: str) -> None:
    shuffled = list(items)
    shuffler.shuffle(shuffled)
    assert draw(iter(shuffled), count, 3, strategy) == draw(items, count, 3, strategy)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(ITEMS, st.integers(0, 35), st.sampled_from(["stratified", "random"]))
def test_a_larger_draw_holds_the_smaller_one(items: Items, count: int, strategy: str) -> None:
    assert draw(items, count, 3, strategy) <= draw(items, count + 1, 3, strategy)
    assert len(draw(items, count, 3, strategy)) == min(count, len(items))


def test_another_seed_draws_otherwise() -> None:
    items = [(f"n{at}", "x") for at in range(100)]
    draws = {frozenset(draw(items, 10, seed, "stratified")) for seed in range(20)}
    assert len(draws) == 20


@pytest.mark.parametrize(
    ("sizes", "count", "shares"),
    [
        ({"a": 10, "b": 10}, 6, [3, 3]),
        ({"a": 1, "b": 10}, 6, [1, 5]),
        ({"a": 1, "b": 2, "c": 10}, 9, [1, 2, 6]),
        ({"a": 10, "b": 10, "c": 10}, 4, [1, 1, 2]),
        ({"a": 2, "b": 2}, 9, [2, 2]),
        ({"a": 10}, 3, [3]),
        ({"a": 10, "b": 10}, 1, [0, 1]),
        ({"a": 10, "b": 10}, 0, [0, 0]),
    ],
)
def test_small_strata_give_what_they_have_and_the_rest_is_shared(
    sizes: dict[str, int], count: int, shares: list[int]
) -> None:
    items = [(f"{stratum}{at}", stratum) for stratum, size in sizes.items() for at in range(size)]
    drawn = Counter(name[0] for name in draw(items, count, 5, "stratified"))
    assert sorted(drawn.get(stratum, 0) for stratum in sizes) == shares


def test_over_many_seeds_every_item_has_the_same_chance() -> None:
    items = [(f"n{at}", "x") for at in range(10)]
    seeds = 2_000
    drawn = Counter(name for seed in range(seeds) for name in draw(items, 3, seed, "stratified"))
    spread = math.sqrt(seeds * 0.3 * 0.7)
    assert all(abs(drawn[name] - seeds * 0.3) < 4.5 * spread for name, _ in items)


def test_each_repository_is_drawn_from_alone() -> None:
    one = [(f"o/a#{at}", "xy"[at % 2]) for at in range(20)]
    two = [(f"o/b#{at}", "xyz"[at % 3]) for at in range(5)]
    kept = pl.concat([frame(one, "o/a"), frame(two, "o/b")])
    drawn = sample(kept, Sample(per_repository=6, strategy="stratified"), 3)
    assert set(drawn["pr_id"]) == filled(one, 6, 3) | filled(two, 6, 3)


def test_a_sample_does_not_depend_on_the_order_of_its_rows() -> None:
    kept = pl.concat([frame([(f"{repo}#{at}", "xyz"[at % 3]) for at in range(30)], repo) for repo in ("o/a", "o/b")])
    chosen = Sample(per_repository=7, strategy="stratified")
    plain = sample(kept, chosen, 3)
    assert sample(kept.reverse(), chosen, 3).equals(plain)
    assert sample(kept.sample(fraction=1, shuffle=True, seed=9), chosen, 3).equals(plain)


@pytest.mark.parametrize("strategy", ["stratified", "random"])
def test_a_sample_can_be_drawn_again_from_what_it_carries(strategy: str) -> None:
    items = [(f"o/n#{at}", "xxxyyz"[at % 6]) for at in range(40)]
    drawn = sample(frame(items), Sample(per_repository=11, strategy=strategy), 8)
    strata = dict(items)
    for row in drawn.iter_rows(named=True):
        same = sorted(by_hand(8, name) for name, stratum in items if stratum == row["sub_domain"])
        assert row["sub_domain"] == strata[row["pr_id"]]
        assert row["draw_key"] == by_hand(8, row["pr_id"])
        assert (row["frame_size"], row["stratum_size"]) == (40, len(same))
        assert same[row["stratum_rank"] - 1] == row["draw_key"]
    for _, group in drawn.group_by("sub_domain"):
        assert sorted(group["stratum_rank"]) == list(range(1, group.height + 1))  # the smallest keys, none left out
    assert drawn["pr_id"].to_list() == sorted(drawn["pr_id"])


def test_nothing_kept_is_nothing_sampled() -> None:
    assert sample(frame([]), Sample(per_repository=6, strategy="stratified"), 3).height == 0
