"""The pool is the best of all that keep the quotas, whoever solves it and in whatever order the candidates come."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LimiError, UserError
from pipeline.pooling.choice import choose
from pipeline.pooling.program import Face, Program, Row, Whole
from pipeline.pooling.quotas import Quota
from pipeline.pooling.relaxation import Proposal, Relaxation
from tests.pipeline.pooling.pools import SEED, choices, every_pool, query, triangles, worth


class Liar:
    """Proposes whatever it likes: points that keep no quota, multipliers that prove nothing, and that there is no pool."""

    def __init__(self, program: Program) -> None:
        self._program, self._random = program, random.Random(program.columns)  # noqa: S311 - lies

    def add(self, row: Row) -> None:
        pass

    def propose(self, costs: Whole, face: Face) -> Proposal:
        rows = len(self._program.rows)
        multipliers = np.array([self._random.choice((-1e300, -1.5, 0, 0, 0.5, 700, float("nan"))) for _ in range(rows)])
        values = np.array([self._random.random() for _ in range(self._program.columns)])
        return Proposal(None if self._random.random() < 0.3 else values, multipliers)


def by_trying_all(case: Any) -> set[str] | None:
    candidates, size, quotas, order = case
    pools = every_pool(candidates, size, quotas)
    return {one.id for one in max(pools, key=lambda pool: worth(pool, order))} if pools else None


def chosen(case: Any, **changed: Any) -> set[str] | None:
    candidates, size, quotas, order = case
    try:
        return choose(candidates, size, quotas, SEED, order, **changed).ids
    except UserError:
        return None


@settings(max_examples=200, derandomize=True, deadline=None)
@given(choices() | triangles())
def test_the_pool_is_the_best_of_all_sets_that_keep_the_quotas(case: Any) -> None:
    assert chosen(case) == by_trying_all(case)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(choices(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_and_quotas_does_not_matter(case: Any, shuffler: random.Random) -> None:
    candidates, size, quotas, order = case
    mixed = shuffler.sample(candidates, len(candidates)), size, shuffler.sample(quotas, len(quotas)), order
    assert chosen(mixed) == chosen(case)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(choices())
def test_a_solver_that_lies_changes_nothing(case: Any) -> None:
    candidates, size, quotas, order = case
    small = candidates[:6], min(size, 3), quotas, order[:2]
    assert chosen(small, proposer_of=Liar) == by_trying_all(small)


def test_a_wrong_bound_would_be_found_by_that() -> None:
    class Sure(Relaxation):
        """Says of its first point that nothing is better, as a solver with a loose gap would."""

        def propose(self, costs: Whole, face: Face) -> Proposal:
            found = super().propose(np.zeros_like(costs), face)
            return Proposal(found.values, np.zeros_like(found.multipliers))

    candidates = [query(f"q{at}", agreement=at) for at in range(8)]
    assert choose(candidates, 3, [], SEED, proposer_of=Sure).ids == {"q5", "q6", "q7"}


def test_levels_count_in_their_order_and_the_order_can_be_changed() -> None:
    candidates = [query("a", agreement=1000, realism=1000), query("b", agreement=500, realism=5000)]
    assert choose(candidates, 1, [], SEED, ["agreement", "realism"]).ids == {"a"}
    assert choose(candidates, 1, [], SEED, ["realism", "agreement"]).ids == {"b"}


@pytest.mark.parametrize("name", ["agreement", "domain_fit", "alignment", "realism"])
def test_more_of_a_mark_is_better_and_less_leakage(name: str) -> None:
    candidates = [query("a", **{name: 1}), query("b", **{name: 2}), query("c", **{name: 0})]
    assert choose(candidates, 1, [], SEED).ids == {"b"}
    assert choose([query("a", leakage=1), query("b", leakage=2)], 1, [], SEED).ids == {"a"}


@pytest.mark.parametrize("name", ["repository", "language", "text"])
def test_of_equals_the_more_diverse_pool_is_chosen(name: str) -> None:
    candidates = [query(f"q{at}", **{name: value}) for at, value in enumerate(["x", "x", "x", "y", "z"])]
    pool = choose(candidates, 3, [], SEED).ids
    assert {"q3", "q4"} < pool


def test_those_of_no_repository_make_no_pair() -> None:
    candidates = [*(query(f"q{at}") for at in range(3)), *(query(f"r{at}", repository="o/a") for at in range(3))]
    assert {name for name in choose(candidates, 4, [], SEED, ["repository"]).ids if name[0] == "q"} == {
        "q0",
        "q1",
        "q2",
    }


def test_of_equals_the_draw_keys_decide_and_the_seed_matters() -> None:
    candidates = [query(f"q{at}") for at in range(20)]
    assert len({frozenset(choose(candidates, 3, [], seed).ids) for seed in range(8)}) > 4


def test_a_pool_of_everybody_or_nobody() -> None:
    candidates = [query("a"), query("b")]
    assert choose(candidates, 2, [], SEED).ids == {"a", "b"}
    assert choose(candidates, 0, [], SEED).ids == set()
    assert choose([], 0, [], SEED).ids == set()


def test_two_candidates_of_one_id_are_refused() -> None:
    with pytest.raises(UserError, match="two candidates have the id a"):
        choose([query("a"), query("b"), query("a", agreement=1)], 1, [], SEED)


@pytest.mark.parametrize(("order", "said"), [(["stars"], "stars is nothing"), (["text", "text"], "names text twice")])
def test_a_wrong_order_is_refused(order: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose([query("a")], 1, [], SEED, order)


def test_marks_too_large_for_exact_arithmetic_are_refused() -> None:
    with pytest.raises(LimiError, match="too large"):
        choose([query("a", agreement=2**50), query("b", agreement=1)], 1, [], SEED)


def test_every_level_is_proved_without_a_rest() -> None:
    candidates = [query(f"q{at}", agreement=at % 3, repository=f"o/{at % 5}") for at in range(40)]
    choice = choose(candidates, 9, [Quota(each="repository", most=2)], SEED)
    assert [stage.bound.total - stage.value * stage.bound.unit for stage in choice.stages] == [0] * len(choice.stages)


def test_where_fractions_would_do_better_the_search_divides_and_later_levels_keep_what_it_found() -> None:
    candidates = [
        query("a", repository="r", language="l", agreement=1000),
        query("b", repository="r", text="t", agreement=990),
        query("c", language="l", text="t", agreement=980),
        query("d", domain_fit=1000),
        query("e", domain_fit=900),
    ]
    quotas = [Quota(each=name, most=1) for name in ("repository", "language", "text")]
    choice = choose(candidates, 2, quotas, SEED, ["agreement", "domain_fit"])
    first = choice.stages[0]
    assert (first.value, first.bound.value > first.value, first.parts > 1) == (1000, True, True)
    assert choice.ids == {"a", "d"}
