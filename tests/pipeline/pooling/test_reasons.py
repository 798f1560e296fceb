"""Every candidate's reason is what trying every pool says, in words that hold."""

from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.errors import UserError
from pipeline.pooling.choice import Choice, choose
from pipeline.pooling.quotas import Quota
from pipeline.pooling.reasons import Reason, proved, reasons
from pipeline.pooling.record import record
from pipeline.pooling.words import reasons_in_words
from tests.pipeline.pooling.pools import SEED, choices, every_pool, query, triangles, worth


def lost(case: Any, choice: Choice, reason: Reason, swaps: bool = False) -> tuple[int, int] | None:
    """`(level, loss)` by trying every pool with the candidate forced the other way, or every one that a single swap gives."""
    candidates, size, quotas, order = case
    one = choice.model.candidates[reason.candidate]
    pools = [pool for pool in every_pool(candidates, size, quotas) if (one in pool) != (one.id in choice.ids)]
    if swaps:
        pools = [pool for pool in pools if len(choice.ids - {other.id for other in pool}) == 1]
    if not pools:
        return None
    best = worth([choice.model.candidates[place] for place in choice.chosen], order)
    forced = max(worth(pool, order) for pool in pools)
    level = next(at for at, (one_worth, other) in enumerate(zip(best, forced, strict=True)) if one_worth != other)
    return level, best[level] - forced[level]


@settings(max_examples=200, derandomize=True, deadline=None)
@given(choices() | triangles())
def test_what_is_lost_is_what_trying_every_pool_says(case: Any) -> None:
    candidates, size, quotas, order = case
    try:
        choice = choose(candidates, size, quotas, SEED, order)
    except UserError:
        return
    for reason in reasons(choice):
        found = lost(case, choice, reason)
        assert (reason.kind == "blocked") == (found is None)
        assert found in (None, (reason.level, reason.loss))
        least = proved(choice, reason.candidate)
        assert least is None or found is None or found[0] < least[0] or (found[0] == least[0] and found[1] >= least[1])
    for reason in reasons(choice, exact=False):
        found = lost(case, choice, reason, swaps=True)
        assert (reason.kind == "swap") == (found is not None)
        assert found in (None, (reason.level, reason.loss))


def words(choice: Choice, name: str, exact: bool | None = None) -> str:
    return reasons_in_words(choice, exact)[name]


def test_a_chosen_one_tells_its_quotas_its_marks_and_what_a_pool_without_it_lacks() -> None:
    candidates = [query("a", agreement=1000, repository="o/a"), query("b", agreement=750, repository="o/a"), query("c")]
    quotas = [Quota({"sub_domain": "back-end"}, 1, 2), Quota(each="repository", most=1)]
    assert words(choose(candidates, 1, quotas, SEED), "a") == (
        "in the pool, counted by: 1 to 2 of sub_domain back-end (has 1), at most 1 of repository o/a (has 1); agreement 1, domain fit 0, "
        "alignment 0, leakage 0, realism 0; the best pool without it has 0.25 less agreement in sum, b in its place"
    )


def test_a_quota_for_each_value_tells_how_many_of_its_own_there_are() -> None:
    candidates = [query("a", repository="o/a"), query("b", repository="o/b")]
    choice = choose(candidates, 2, [Quota({"sub_domain": "back-end"}, 2, 2), Quota(each="repository", most=1)], SEED)
    assert "at most 1 of repository o/a (has 1)" in words(choice, "a")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"agreement": -250}, "has 0.25 less agreement in sum, in the place of a"),
        ({"leakage": 120}, "has 0.12 more leakage in sum, in the place of a"),
        ({"repository": "o/b"}, "has 1 more pair of one repository, in the place of a"),
    ],
)
def test_a_rejected_one_tells_what_the_best_pool_with_it_loses(given: dict[str, Any], said: str) -> None:
    candidates = [query("a"), query("b", repository="o/b", realism=1), query("x", **given)]
    quotas = [Quota({"repository": "o/b"}, 1)]
    assert words(choose(candidates, 2, quotas, SEED), "x") == f"not in the pool: the best pool with it {said}"


def test_a_swap_that_opens_one_group_and_closes_another_makes_no_pair() -> None:
    candidates = [query(name, repository=f"o/{name}", agreement=at) for at, name in enumerate("xab")]
    choice = choose(candidates, 2, [], SEED, ["repository", "agreement"])
    told = "not in the pool: the best pool with it{} has 0.001 less agreement in sum, in the place of a"
    assert words(choice, "x") == told.format("")
    assert words(choice, "x", exact=False) == told.format(" that a single swap gives")


def test_one_that_lost_by_the_draw_alone_says_so() -> None:
    choice = choose([query("a"), query("b")], 1, [], SEED)
    (out,) = {"a", "b"} - choice.ids
    (inside,) = choice.ids
    assert (
        words(choice, out)
        == f"not in the pool: the best pool with it is as good, in the place of {inside}, and the draw decided"
    )


def test_one_that_no_pool_takes_names_the_quotas() -> None:
    candidates = [query("a", language="Go"), query("b", language="Go", sub_domain="debugging"), query("c")]
    no_go = choose(candidates, 1, [Quota({"language": "Go"}, 0, 0)], SEED)
    assert words(no_go, "a") == "not in the pool: no pool with it keeps none of language Go"
    assert words(no_go, "c").endswith("; no pool without it keeps none of language Go and exactly 1 in all")
    needed = choose(candidates, 1, [Quota({"sub_domain": "debugging"}, 1)], SEED)
    assert words(needed, "a") == (
        "not in the pool: no pool with it keeps at least 1 of sub_domain debugging and exactly 1 in all"
    )
    assert words(needed, "b").endswith("; no pool without it keeps at least 1 of sub_domain debugging")


def test_two_that_must_change_at_once_are_solved_and_told_without_a_swap() -> None:
    # x can come only if y comes too: the two sub-domains swap repositories.
    candidates = [
        query("a", sub_domain="front-end", repository="o/a", agreement=1000),
        query("b", sub_domain="back-end", repository="o/b", agreement=1000),
        query("x", sub_domain="front-end", repository="o/b", agreement=400),
        query("y", sub_domain="back-end", repository="o/a", agreement=300),
    ]
    quotas = [Quota({"sub_domain": name}, 1, 1) for name in ("front-end", "back-end")]
    choice = choose(candidates, 2, [*quotas, Quota(each="repository", most=1)], SEED)
    assert words(choice, "x") == "not in the pool: the best pool with it has 1.3 less agreement in sum"
    assert words(choice, "x", exact=False) == "not in the pool: no single swap gives a pool with it"


def test_the_record_holds_all_that_a_reader_needs_and_nothing_of_the_way() -> None:
    candidates = [query("b", agreement=500), query("a", agreement=1000)]
    choice = choose(candidates, 1, [Quota({"origin": "github_pr"}, 1)], SEED, ["agreement"])
    found = record(choice, reasons_in_words(choice))
    assert [one["id"] for one in found["candidates"]] == ["a", "b"]
    assert [one["chosen"] for one in found["candidates"]] == [True, False]
    assert found["levels"][0] == {"kind": "mark", "name": "agreement", "worth": 1000}
    assert {level["kind"] for level in found["levels"][1:]} <= {"draw"}
    assert found["quotas"] == [
        {
            "words": "at least 1 of origin github_pr",
            "where": {"origin": "github_pr"},
            "each": "",
            "least": 1,
            "most": None,
            "has": 1,
        }
    ]
    again = choose(candidates[::-1], 1, [Quota({"origin": "github_pr"}, 1)], SEED, ["agreement"])
    assert record(again, reasons_in_words(again)) == found
