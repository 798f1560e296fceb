"""The cap: set aside before, settled after, and never over it by a cent."""

import asyncio
from pathlib import Path

import pytest

from pipeline.llm.budget import NANO, Budget, Question, dollars
from pipeline.llm.prices import Price
from pipeline.llm.reply import Completion
from pipeline.llm.store import Store
from pipeline.llm.verdict import BudgetSpentError
from tests.pipeline.llm.chosen import run

CENT = Price(NANO // 100 * 10**6, 0, 0)  # a cent a token of input


def ask(key: str, tokens: int) -> Question:
    return Question(key, b"x" * tokens, 0, CENT)


def said(tokens: int, counted: bool = True) -> Completion:
    return Completion("a", "stop", "", tokens, 0, 0, counted)


def test_the_most_of_a_call_is_its_bytes_and_the_limit_of_its_answer() -> None:
    assert Question("k", b"x" * 1_000, 50, Price(2 * NANO, NANO, 10 * NANO)).most() == 2_500_000
    assert Question("k", b"x" * 1_000, 50, Price(2 * NANO, NANO, 10 * NANO)).most(batch=True) == 1_250_000


def test_the_reserve_is_on_disk_before_the_call_and_the_true_cost_after(tmp_path: Path) -> None:
    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    attempt = run(budget.reserve(ask("k", 40)))
    assert store.reserved(attempt) == (40 * NANO // 100, "")
    assert (budget.spent, budget.left) == (40 * NANO // 100, 60 * NANO // 100)
    store.keep_answer(attempt, b"raw")
    assert budget.settle(attempt, 200, b"raw", said(3), ask("k", 40)).cost == 3 * NANO // 100
    assert budget.spent == 3 * NANO // 100
    store.close()


def test_an_answer_without_a_count_costs_what_was_set_aside(tmp_path: Path) -> None:
    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    attempt = run(budget.reserve(ask("k", 40)))
    assert budget.settle(attempt, 200, b"raw", said(0, counted=False), ask("k", 40)).cost == 40 * NANO // 100
    store.close()


def test_a_refused_call_is_given_back_and_a_lost_one_is_not(tmp_path: Path) -> None:
    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    budget.release(run(budget.reserve(ask("a", 40))), "http 500")
    assert budget.spent == 0
    budget.lose(run(budget.reserve(ask("b", 40))), "nothing came")
    assert budget.spent == 40 * NANO // 100
    store.close()


def test_at_the_cap_to_the_last_cent_and_not_over_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    budget.lose(run(budget.reserve(ask("a", 100))), "nothing came")
    with pytest.raises(
        BudgetSpentError, match=r"model.max_usd is 1: 1.0000 dollars are spent.* 0.0000 are left.* up to 0.0100"
    ):
        run(budget.reserve(ask("b", 1)))
    store.close()


def test_the_cap_holds_over_runs_and_over_several_doors_of_a_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run(Budget(store, 1.0).reserve(ask("a", 60)))
    with pytest.raises(BudgetSpentError):
        run(Budget(store, 1.0).reserve(ask("b", 41)))
    store.close()
    again = Store(tmp_path)
    with pytest.raises(BudgetSpentError, match=r"0.4000 are left"):
        run(Budget(again, 1.0).reserve(ask("b", 41)))
    assert run(Budget(again, 1.0).reserve(ask("b", 40)))
    again.close()


def test_a_call_that_does_not_fit_waits_while_others_may_give_money_back(tmp_path: Path) -> None:
    async def two_at_once() -> list[str]:
        first = await budget.reserve(ask("a", 90))
        second = asyncio.create_task(budget.reserve(ask("b", 90)))
        await asyncio.sleep(0.01)
        assert not second.done()
        budget.release(first, "http 500")
        budget.lose(await second, "nothing came")
        with pytest.raises(BudgetSpentError):
            await budget.reserve(ask("c", 90))
        return ["both"]

    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    assert run(two_at_once()) == ["both"]
    store.close()


def test_a_call_that_no_other_can_make_room_for_does_not_wait(tmp_path: Path) -> None:
    async def too_large() -> None:
        await budget.reserve(ask("a", 10))
        await budget.reserve(ask("b", 101))

    store = Store(tmp_path)
    budget = Budget(store, 1.0)
    with pytest.raises(BudgetSpentError):
        run(too_large())
    store.close()


def test_an_attempt_of_a_batch_costs_half_whoever_settles_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    half = Price(CENT.input, 0, 0)
    question = Question("k", b"x" * 40, 0, half)
    attempt = Budget(store, 1.0).reserve_now(question, batch="b-1")
    assert attempt is not None
    assert store.spent == 20 * NANO // 100
    assert Budget(store, 1.0).settle(attempt, 200, b"raw", said(10), question).cost == 5 * NANO // 100
    store.close()


def test_dollars_are_rounded_up() -> None:
    assert [dollars(0), dollars(1), dollars(NANO), dollars(1_234_500_001)] == ["0.0000", "0.0001", "1.0000", "1.2346"]
