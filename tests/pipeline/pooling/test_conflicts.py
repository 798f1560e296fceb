"""Quotas that can't be kept together are named: no quota too many, none too few, and what would do."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.errors import UserError
from pipeline.pooling.candidates import Candidate
from pipeline.pooling.choice import choose
from pipeline.pooling.conflicts import conflicts
from pipeline.pooling.quotas import Quota
from tests.pipeline.pooling.pools import SEED, choices, keeps, query

ADVICE = (
    "(section pool of params.yaml); or let there be more candidates: review more queries, sample more (sample.per_repository), "
    "take in more real-world ones (`limi intake`)"
)


def possible(candidates: list[Candidate], quotas: Any) -> bool:
    return any(keeps(pool, quotas) for size in range(len(candidates) + 1) for pool in combinations(candidates, size))


@settings(max_examples=80, derandomize=True, deadline=None)
@given(choices())
def test_each_list_is_in_conflict_and_without_any_one_of_it_is_not(case: Any) -> None:
    candidates, size, quotas, _ = case
    candidates = candidates[:7]
    found = conflicts(candidates, size, quotas)
    every = [*quotas, Quota(least=size, most=size)]
    assert bool(found) != possible(candidates, every)
    for one in found:
        assert not possible(candidates, one.quotas)
        for left_out in range(len(one.quotas)):
            assert possible(candidates, [quota for at, quota in enumerate(one.quotas) if at != left_out])
    named = [quota for one in found for quota in one.quotas]
    rest = list(every)
    for quota in named:
        rest.remove(quota)
    assert possible(candidates, rest)


def said(candidates: list[Candidate], size: int, *quotas: Quota) -> str:
    with pytest.raises(UserError) as caught:
        choose(candidates, size, quotas, SEED)
    return str(caught.value)


def test_a_quota_with_too_few_candidates_stands_alone() -> None:
    candidates = [query("a"), query("b"), query("c", language="Go")]
    assert said(candidates, 2, Quota({"sub_domain": "back-end"}, 1), Quota({"language": "Go"}, 2)) == (
        "no pool of the 3 candidates keeps this quota:\n"
        "  at least 2 of language Go: there can be 1 (1 of the candidates are)\n"
        f"Change it {ADVICE}"
    )


def test_quotas_that_need_each_other_s_places_are_named_with_what_would_do() -> None:
    candidates = [query(f"q{at}", language="Go", repository=f"o/{at % 2}") for at in range(6)]
    candidates += [query(f"r{at}", repository=f"o/r{at}") for at in range(3)]
    assert said(
        candidates,
        4,
        Quota({"language": "Go"}, 4, 4),
        Quota(each="repository", most=1),
        Quota({"origin": "github_pr"}, 1),
    ) == (
        "no pool of the 9 candidates keeps these quotas together:\n"
        "  exactly 4 of language Go: there can be 2 (6 of the candidates are), given the others\n"
        "  at most 1 of each repository: 2 of each would do, given the others\n"
        f"In each list, one that gives way is enough {ADVICE}"
    )


def test_the_size_of_the_pool_is_a_quota_too() -> None:
    assert "exactly 3 in all: there can be 2" in said([query("a"), query("b")], 3)
    text = said([query("a"), query("b"), query("c")], 1, Quota({"sub_domain": "back-end"}, 2))
    assert "at least 2 of sub_domain back-end: there can be 1 (3 of the candidates are), given the others" in text
    assert "exactly 1 in all: there can be 2, given the others" in text


def test_every_list_is_named_not_only_the_first() -> None:
    text = said([query("a"), query("b")], 1, Quota({"language": "Go"}, 1), Quota({"language": "Rust"}, 1))
    assert "of language Go" in text
    assert "of language Rust" in text
    assert "\nand\n" in text


def test_a_candidate_held_in_or_out_counts() -> None:
    candidates = [query("a", language="Go"), query("b")]
    quotas = [Quota({"language": "Go"}, 0, 0)]
    assert conflicts(candidates, 1, quotas) == []
    (found,) = conflicts(candidates, 1, quotas, held={0: 1})
    assert list(map(str, found.quotas)) == ["none of language Go"]
    assert [list(map(str, one.quotas)) for one in conflicts(candidates, 2, [], held={1: 0})] == [["exactly 2 in all"]]


def test_a_size_that_the_origins_say_already_is_no_conflict_of_its_own() -> None:
    candidates = [query(f"rw-{at}", origin="real_world") for at in range(2)] + [query("gh-1", origin="github_pr")]
    counts = [Quota({"origin": "real_world"}, 3, 3), Quota({"origin": "github_pr"}, 1, 1)]
    told = said(candidates, 4, *counts)
    assert "exactly 3 of origin real_world: there can be 2" in told
    assert "in all" not in told and "github_pr" not in told
