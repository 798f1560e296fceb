"""The door to the model: nothing is paid twice, every answer is kept before it is read, and each kind of trouble has one end."""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import pipeline.llm.direct
from pipeline.errors import UserError
from pipeline.llm.client import ModelDoor, ModelRefusesError, NoReplyError, Reply, TooManyFailuresError
from pipeline.llm.clock import SystemClock
from pipeline.llm.request import key_of
from pipeline.llm.store import Store
from tests.pipeline.llm.chosen import SECRET, Chosen, door_to, question, run
from tests.pipeline.llm.loopback import CUT, Asked, completion, error, http, serving

GPT_5 = 10 * 1_250 + 5 * 10_000  # billionths of a dollar for the loopback server's 10 tokens in and 5 out


async def yes(asked: Asked) -> bytes:
    return http(200, completion(f"yes to {asked.question}"))


def rows(folder: Path, statement: str) -> list[Any]:
    with sqlite3.connect(folder / "calls.sqlite") as file:
        found = file.execute(statement).fetchall()
    file.close()
    return found


def test_a_question_is_paid_for_once_over_runs(tmp_path: Path) -> None:
    async def two_runs() -> tuple[Reply, Reply, int]:
        async with serving(yes) as server:
            async with door_to(server, tmp_path) as door:
                first = await door.ask(question())
            async with door_to(server, tmp_path) as door:
                again = await door.ask(question())
                assert (door.spend().calls, door.spend().cached, door.spend().cost) == (0, 1, 0)
            return first, again, len(server.asked)

    first, again, asked = run(two_runs())
    assert (first.text, first.cost, first.cached, first.finish_reason) == ("yes to Is it?", GPT_5, False, "stop")
    assert (again.text, again.cost, again.cached) == ("yes to Is it?", GPT_5, True)
    assert asked == 1


def test_who_asks_the_same_at_the_same_time_waits_for_the_one_answer(tmp_path: Path) -> None:
    async def crowd() -> int:
        async with serving(yes) as server, door_to(server, tmp_path) as door:
            replies = await asyncio.gather(*(door.ask(question()) for _ in range(20)))
            assert [reply.cached for reply in replies].count(False) == 1
            assert (door.spend().calls, door.spend().cached, door.spend().spent) == (1, 19, GPT_5)
            return len(server.asked)

    assert run(crowd()) == 1


def test_samples_of_one_question_are_answers_of_their_own(tmp_path: Path) -> None:
    async def three() -> list[bytes]:
        async with serving(yes) as server, door_to(server, tmp_path) as door:
            replies = [await door.ask(question(sample=at)) for at in range(3)]
            assert len({reply.key for reply in replies}) == 3
            return [asked.body for asked in server.asked]

    bodies = run(three())
    assert len(bodies) == 3
    assert len(set(bodies)) == 1, "the server does not see which one it is"


def test_the_money_is_on_disk_before_the_request_is_sent(tmp_path: Path) -> None:
    seen: list[Any] = []

    async def looking(asked: Asked) -> bytes:
        seen.extend(rows(tmp_path, "SELECT reserved, settled, outcome FROM attempts"))
        return await yes(asked)

    async def once() -> int:
        async with serving(looking) as server, door_to(server, tmp_path) as door:
            await door.ask(question())
            return len(server.asked[0].body)

    body = run(once())
    assert seen == [(body * 1_250 + 100 * 10_000, None, "")]
    assert rows(tmp_path, "SELECT settled, outcome FROM attempts") == [(GPT_5, "reply")]


def test_the_raw_answer_is_on_disk_before_anybody_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that fails loses nothing: the next run reads what was kept, and pays nothing."""

    def broken(raw: bytes) -> None:
        raise RuntimeError("the reader is broken")

    async def once(server: Any) -> Reply:
        async with door_to(server, tmp_path) as door:
            return await door.ask(question())

    async def two_runs() -> tuple[int, Reply]:
        async with serving(yes) as server:
            with monkeypatch.context() as patched, pytest.raises(RuntimeError):
                patched.setattr(pipeline.llm.direct, "read_completion", broken)
                await once(server)
            return len(server.asked), await once(server)

    asked, reply = run(two_runs())
    assert (asked, reply.text, reply.cached, reply.cost) == (1, "yes to Is it?", True, GPT_5)
    assert rows(tmp_path, "SELECT sum(coalesce(settled, reserved)) FROM attempts") == [(GPT_5,)]


def test_a_better_reader_reads_what_an_older_one_could_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def two_runs() -> tuple[int, Reply]:
        async with serving(yes) as server:
            with monkeypatch.context() as patched, pytest.raises(NoReplyError):
                patched.setattr(pipeline.llm.direct, "read_completion", lambda raw: None)
                async with door_to(server, tmp_path, tries=1) as door:
                    await door.ask(question())
            async with door_to(server, tmp_path) as door:
                return len(server.asked), await door.ask(question())

    asked, reply = run(two_runs())
    assert (asked, reply.cached, reply.cost) == (1, True, GPT_5)


@pytest.mark.parametrize(
    "changes", [{"finish_reason": "content_filter"}, {"refusal": "I can't"}, {"finish_reason": "length"}]
)
def test_a_refusal_is_a_reply_and_is_never_asked_again(tmp_path: Path, changes: dict[str, Any]) -> None:
    async def refuse(asked: Asked) -> bytes:
        return http(200, completion(None, **changes) if "refusal" in changes else completion("half", **changes))

    async def twice() -> int:
        async with serving(refuse) as server:
            for _ in range(2):
                async with door_to(server, tmp_path) as door:
                    reply = await door.ask(question())
                    assert (reply.refusal or reply.finish_reason) in changes.values()
            return len(server.asked)

    assert run(twice()) == 1


def test_a_model_without_a_price_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(UserError, match=r"has no price for model.name own"):
        ModelDoor(Chosen(name="own"), store, SECRET)
    store.close()


def test_a_model_of_this_machine_costs_nothing_and_needs_no_budget(tmp_path: Path) -> None:
    async def once() -> int:
        async with serving(yes) as server, door_to(server, tmp_path, name="own", max_usd=0.0) as door:
            return (await door.ask(question(model="own"))).cost

    assert run(once()) == 0


def test_the_key_is_sent_and_kept_nowhere(tmp_path: Path) -> None:
    async def once() -> str:
        async with serving(yes) as server, door_to(server, tmp_path) as door:
            await door.ask(question())
            return server.asked[0].headers["authorization"]

    assert SECRET in run(once())
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_no_log_holds_the_key_or_the_prompt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def trouble(asked: Asked) -> bytes:
        return [error(500), http(200, b"<html>"), CUT, await yes(asked)][asked.number]

    async def once() -> None:
        async with serving(trouble) as server, door_to(server, tmp_path, tries=5) as door:
            await door.ask(question("a prompt of its own"))

    caplog.set_level(logging.DEBUG)
    run(once())
    assert caplog.records, "the package does log at this level"
    assert SECRET not in caplog.text
    assert "a prompt of its own" not in caplog.text


def test_who_stops_waiting_does_not_lose_what_is_paid_for(tmp_path: Path) -> None:
    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(0.1)
        return await yes(asked)

    async def impatient() -> int:
        async with serving(slow) as server:
            async with door_to(server, tmp_path) as door:
                asking = asyncio.create_task(door.ask(question()))
                await asyncio.sleep(0.03)
                asking.cancel()
            async with door_to(server, tmp_path) as door:
                assert (await door.ask(question())).cached
            return len(server.asked)

    assert run(impatient()) == 1


def test_a_run_that_ends_does_not_wait_for_rests(tmp_path: Path) -> None:
    async def down(asked: Asked) -> bytes:
        return error(500, Retry_After="50")

    async def impatient() -> float:
        clock = SystemClock()
        async with serving(down) as server:
            async with door_to(server, tmp_path, clock) as door:
                asking = asyncio.create_task(door.ask(question()))
                await asyncio.sleep(0.05)
                began = clock.now()
            with pytest.raises(asyncio.CancelledError):
                await asking
            return clock.now() - began

    assert run(impatient()) < 1


def test_replies_hold_the_key_of_their_request(tmp_path: Path) -> None:
    async def once() -> tuple[str, str]:
        async with serving(yes) as server, door_to(server, tmp_path) as door:
            return (await door.ask(question())).key, key_of(question(), Chosen(endpoint=server.endpoint))

    key, expected = run(once())
    assert key == expected


def test_a_stopped_run_stops_for_all(tmp_path: Path) -> None:
    """Each of many that wait is told, in an exception of its own."""

    async def refuse(asked: Asked) -> bytes:
        return error(401, message=f"Incorrect API key provided: {SECRET}")

    async def crowd() -> tuple[list[Any], int]:
        async with serving(refuse) as server, door_to(server, tmp_path, concurrency=2) as door:
            asking = (door.ask(question(str(at))) for at in range(30))
            return await asyncio.gather(*asking, return_exceptions=True), len(server.asked)

    errors, asked = run(crowd())
    assert {type(found) for found in errors} == {ModelRefusesError}
    assert asked <= 2
    assert all("OPENAI_API_KEY" in str(found) and SECRET not in str(found) for found in errors)
    assert rows(tmp_path, "SELECT sum(settled), count(*) FROM attempts WHERE settled IS NOT NULL")[0][0] == 0


def test_a_dead_server_is_not_asked_for_ever(tmp_path: Path) -> None:
    async def dead(asked: Asked) -> bytes:
        return CUT

    async def crowd() -> tuple[list[Any], int]:
        async with serving(dead) as server, door_to(server, tmp_path, max_usd=1_000.0) as door:
            asking = (door.ask(question(str(at))) for at in range(200))
            return await asyncio.gather(*asking, return_exceptions=True), len(server.asked)

    errors, asked = run(crowd())
    assert TooManyFailuresError in {type(found) for found in errors}
    assert {type(found) for found in errors} <= {TooManyFailuresError, NoReplyError}
    assert 20 <= asked <= 40
