"""A server that ignores what it was asked, sends back what it must not, or tells of limits that cannot be."""

import asyncio
from pathlib import Path

import pytest

from pipeline.llm.clock import VirtualClock
from pipeline.llm.limits import LONGEST_RESET, Limiter
from pipeline.llm.verdict import ModelRefusesError
from tests.pipeline.llm.chosen import SECRET, door_to, question, run
from tests.pipeline.llm.loopback import Asked, completion, error, http, serving


def test_an_answer_longer_than_allowed_is_kept_and_stops_the_run(tmp_path: Path) -> None:
    async def long(asked: Asked) -> bytes:
        return http(200, completion(given=100_000))

    async def work() -> None:
        async with serving(long) as server, door_to(server, tmp_path, max_usd=100.0) as door:
            assert (await door.ask(question("one"))).output_tokens == 100_000
            with pytest.raises(
                ModelRefusesError, match=r"took 100,000 tokens for an answer of at most 100.*model\.limit_field"
            ):
                await door.ask(question("two"))
            assert len(server.asked) == 1
            assert (await door.ask(question("one"))).cached

    run(work())


@pytest.mark.parametrize("status", [200, 400])
def test_a_key_that_comes_back_is_kept_nowhere(tmp_path: Path, status: int) -> None:
    async def echo(asked: Asked) -> bytes:
        said = f"You sent {asked.headers['authorization']}."
        return http(200, completion(said)) if status == 200 else error(400, SECRET)

    async def work() -> str:
        async with serving(echo) as server, door_to(server, tmp_path) as door:
            try:
                return (await door.ask(question())).text
            except Exception as refused:
                return str(refused)

    said = run(work())
    assert SECRET not in said
    assert "[key]" in said or status == 400
    assert [path.name for path in tmp_path.iterdir() if SECRET.encode() in path.read_bytes()] == []


def test_only_who_has_a_turn_has_money_set_aside(tmp_path: Path) -> None:
    async def work() -> None:
        came, go_on = asyncio.Semaphore(0), asyncio.Event()

        async def waits(asked: Asked) -> bytes:
            came.release()
            await go_on.wait()
            return http(200, completion())

        async with serving(waits) as server, door_to(server, tmp_path, concurrency=2) as door:
            asking = [asyncio.create_task(door.ask(question(str(number)))) for number in range(10)]
            for _ in range(2):
                await came.acquire()
            await asyncio.sleep(0.05)
            one = door.budget.spent / 2
            assert one > 0
            go_on.set()
            await asyncio.gather(*asking)
            assert len(server.asked) == 10
            assert one >= 100 * 10_000  # billionths of a dollar: two calls were set aside, and not ten

    run(work())


@pytest.mark.parametrize(
    ("reset", "waits"), [(1_790_000_030, 30.0), (10**11, 0.0), (int(LONGEST_RESET) + 1, 0.0), (40, 40.0)]
)
def test_a_reset_is_a_span_or_a_time_and_never_years_away(reset: int, waits: float) -> None:
    async def work() -> float:
        clock = VirtualClock(1_790_000_000.0)
        limiter = Limiter(clock, 1, 0, 0)
        told = {name: {"limit": "1", "remaining": "0", "reset": str(reset)} for name in ("requests",)}
        headers = {f"x-ratelimit-{what}-{name}": value for name, one in told.items() for what, value in one.items()}
        limiter.done(await limiter.turn(1), headers, too_much=False)
        await limiter.turn(1)
        return clock.now() - 1_790_000_000.0

    assert run(work()) == pytest.approx(waits, abs=0.5)
