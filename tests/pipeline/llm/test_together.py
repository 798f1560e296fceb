"""Many items, a few at a time: bounded, in the order in which they are ready, and ended by the first error."""

import asyncio
from collections.abc import Iterator

import pytest

from pipeline.llm.together import each
from tests.pipeline.llm.chosen import run


def test_every_item_has_its_result_and_the_fast_come_first() -> None:
    async def work(at: int) -> int:
        await asyncio.sleep(0.03 if at == 0 else 0)
        return at * at

    async def all_of_them() -> list[int]:
        return [result async for result in each(range(20), work, 3)]

    found = run(all_of_them())
    assert sorted(found) == [at * at for at in range(20)]
    assert found[0] != 0
    assert found[-1] == 0


def test_never_more_at_once_than_said_even_when_results_are_taken_slowly() -> None:
    alive = most = taken_ahead = 0
    given = [0]

    def items() -> Iterator[int]:
        for at in range(50):
            given[0] += 1
            yield at

    async def work(at: int) -> int:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        await asyncio.sleep(0)
        alive -= 1
        return at

    async def slowly() -> None:
        nonlocal taken_ahead
        taken = 0
        async for _ in each(items(), work, 4):
            taken += 1
            await asyncio.sleep(0.001)
            taken_ahead = max(taken_ahead, given[0] - taken)
        assert taken == 50

    run(slowly())
    assert most == 4
    assert taken_ahead <= 4, "items are read only as there is room"


def test_the_first_error_cancels_the_rest_and_is_raised() -> None:
    cancelled: list[int] = []
    started: list[int] = []

    async def work(at: int) -> int:
        started.append(at)
        if at == 2:
            raise ValueError("two")
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            cancelled.append(at)
            raise
        return at

    async def until_it_breaks() -> None:
        async for _ in each(range(1_000), work, 5):
            pass

    with pytest.raises(ValueError, match="two"):
        run(until_it_breaks())
    assert sorted(cancelled) == [0, 1, 3, 4]
    assert len(started) == 5


def test_leaving_early_cancels_the_rest() -> None:
    ended: list[int] = []

    async def work(at: int) -> int:
        try:
            await asyncio.sleep(0 if at == 0 else 20)
        finally:
            ended.append(at)
        return at

    async def only_the_first() -> None:
        results = each(range(9), work, 3)
        async for result in results:
            assert result == 0
            break
        await results.aclose()

    run(only_the_first())
    assert len(ended) in (3, 4)


def test_no_items_give_no_results() -> None:
    async def none() -> list[int]:
        async def work(at: int) -> int:
            return at

        return [result async for result in each([], work, 3)]

    assert run(none()) == []
