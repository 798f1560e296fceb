"""The estimate: what is there already costs nothing, what is asked twice is counted once, and the most is really the most."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.llm.budget import NANO
from pipeline.llm.client import BudgetSpentError
from pipeline.llm.estimate import estimate
from pipeline.llm.store import Store
from tests.pipeline.llm.chosen import Chosen, door_to, question, run
from tests.pipeline.llm.loopback import Asked, completion, http, serving

DAY = date(2026, 11, 21)


def test_an_estimate_counts_each_question_once_and_halves_it_for_batches(tmp_path: Path) -> None:
    store = Store(tmp_path)
    found = estimate([question("a"), question("b"), question("a")], Chosen(), store, DAY)
    assert (found.requests, found.stored, found.to_pay) == (2, 0, 2)
    once = estimate([question("a"), question("b")], Chosen(), store, DAY)
    assert found == once
    assert 0 < found.expected < found.most
    assert found.most_by_batch == found.most // 2
    assert abs(found.expected_by_batch - found.expected / 2) <= 2
    store.close()


def test_what_is_in_the_store_costs_nothing_and_its_length_is_learned_from(tmp_path: Path) -> None:
    async def yes(asked: Asked) -> bytes:
        return http(200, completion(given=8))

    async def some(number: int) -> Chosen:
        async with serving(yes) as server, door_to(server, tmp_path) as door:
            for at in range(number):
                await door.ask(question(str(at)))
            return Chosen(endpoint=server.endpoint)

    chosen = run(some(20))
    store = Store(tmp_path)
    found = estimate((question(str(at)) for at in range(25)), chosen, store, DAY)
    assert (found.requests, found.stored, found.to_pay) == (25, 20, 5)
    unknown = estimate([question("20")], Chosen(endpoint="https://elsewhere.example/v1", name="gpt-5"), store, DAY)
    per_call = found.expected / 5
    assert per_call < 100 * 10_000 / 2, "eight tokens of output each, not half of the limit"
    assert unknown.stored == 0
    store.close()


def test_the_most_is_a_budget_that_is_never_too_small(tmp_path: Path) -> None:
    """With exactly that much, all are asked though each takes all it may; with a nano-dollar less, the last is not."""

    async def costly(asked: Asked) -> bytes:
        return http(200, completion(taken=len(asked.body), given=100))

    async def all_of(folder: Path, less: int) -> None:
        async with serving(costly) as server:
            store = Store(folder / "plan")
            most = estimate((question(str(at)) for at in range(5)), Chosen(endpoint=server.endpoint), store, DAY).most
            store.close()
            async with door_to(server, folder, max_usd=(most - less + 0.5) / NANO) as door:
                for at in range(5):
                    await door.ask(question(str(at)))

    run(all_of(tmp_path / "enough", 0))
    with pytest.raises(BudgetSpentError):
        run(all_of(tmp_path / "less", 1))


def test_no_price_no_estimate(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(UserError, match="has no price"):
        estimate([question(model="own")], Chosen(), store, DAY)
    store.close()
