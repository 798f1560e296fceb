"""Each way an answer can go wrong: what becomes of the question, how often it was asked, and what it cost."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.llm.client import BudgetSpentError, ModelRefusesError, NoReplyError, TooManyFailuresError
from pipeline.llm.clock import SystemClock, VirtualClock
from tests.pipeline.llm.chosen import SECRET, door_to, question, run
from tests.pipeline.llm.loopback import CUT, Asked, completion, error, http, serving
from tests.pipeline.llm.test_client import GPT_5, rows

GOOD = http(200, completion("yes"))
START = 1_790_000_000.0


def after(*answers: bytes | None, then: bytes = GOOD) -> Callable[[Asked], Any]:
    """A server that gives some answers in turn, and then always one; None is none within the time."""

    async def handler(asked: Asked) -> bytes:
        answer = answers[asked.number] if asked.number < len(answers) else then
        if answer is None:
            await asyncio.sleep(20)
        return answer or CUT

    return handler


def asked_once(
    folder: Path, handler: Callable[[Asked], Any], clock: VirtualClock | None = None, **changes: Any
) -> tuple[Any, int, int]:
    """The text or error of one question, how often the server was asked, and what is spent."""

    async def once() -> tuple[Any, int, int]:
        async with serving(handler) as server, door_to(server, folder, clock, **changes) as door:
            try:
                outcome: Any = (await door.ask(question())).text
            except (NoReplyError, ModelRefusesError, TooManyFailuresError, BudgetSpentError) as told:
                outcome = told
            return outcome, len(server.asked), door.spend().spent

    return run(once())


@pytest.mark.parametrize("status", [408, 409, 500, 502, 503, 504, 529])
def test_trouble_of_the_server_is_asked_again_and_costs_nothing(tmp_path: Path, status: int) -> None:
    assert asked_once(tmp_path, after(error(status), error(status))) == ("yes", 3, GPT_5)
    assert rows(tmp_path, "SELECT outcome, settled FROM attempts ORDER BY id") == [
        (f"http {status}", 0),
        (f"http {status}", 0),
        ("reply", GPT_5),
    ]


def test_a_question_is_given_up_after_its_tries(tmp_path: Path) -> None:
    told, asked, spent = asked_once(tmp_path, after(then=error(500)), tries=4)
    assert isinstance(told, NoReplyError)
    assert "gave no reply to one question in 4 attempts (the last: status 500); run the same command again" in str(told)
    assert (asked, spent) == (4, 0)


def test_what_was_given_up_is_asked_again_in_the_next_run(tmp_path: Path) -> None:
    asked_once(tmp_path, after(then=error(500)), tries=1)
    assert asked_once(tmp_path, after())[:2] == ("yes", 1)


@pytest.mark.parametrize("broken", [CUT, GOOD[:-30], b"HTTP/1.1 200 OK\r\n\r\n", b"nonsense\r\n\r\n"])
def test_an_answer_that_broke_off_counts_at_its_reserve_and_is_asked_again(tmp_path: Path, broken: bytes) -> None:
    text, asked, spent = asked_once(tmp_path, after(broken))
    assert (text, asked) == ("yes", 2)
    ((reserved, settled),) = rows(tmp_path, "SELECT reserved, settled FROM attempts WHERE outcome != 'reply'")
    assert settled == reserved > GPT_5
    assert spent == reserved + GPT_5


def test_a_slow_answer_counts_at_its_reserve_and_is_asked_again(tmp_path: Path) -> None:
    text, asked, spent = asked_once(tmp_path, after(None), timeout_seconds=0.2)
    assert (text, asked) == ("yes", 2)
    assert rows(tmp_path, "SELECT outcome FROM attempts")[0] == ("no answer: nothing within 0.2 s",)
    assert spent == rows(tmp_path, "SELECT reserved FROM attempts")[0][0] + GPT_5


@pytest.mark.parametrize(
    "body", [b"<html>busy</html>", b"", completion()[:-9], b'{"error": {"message": "overloaded"}}']
)
def test_an_answer_that_is_no_completion_is_kept_and_asked_again(tmp_path: Path, body: bytes) -> None:
    text, asked, spent = asked_once(tmp_path, after(http(200, body)))
    assert (text, asked) == ("yes", 2)
    (kept,) = rows(tmp_path, "SELECT answer, settled = reserved FROM attempts WHERE outcome LIKE 'no chat%'")
    assert kept == (body, 1)
    assert spent > GPT_5


def test_too_much_is_waited_for_as_the_server_says_and_is_no_try(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    busy = error(429, "rate_limit_exceeded", Retry_After="7")
    assert asked_once(tmp_path, after(busy, busy, busy, busy), clock, tries=1) == ("yes", 5, GPT_5)
    assert 28 <= clock.now() - START < 30


def test_a_server_that_is_always_too_busy_is_given_up(tmp_path: Path) -> None:
    told, asked, spent = asked_once(tmp_path, after(then=error(429)), tries=1)
    assert isinstance(told, NoReplyError)
    assert "24 times in a row" in str(told)
    assert (asked, spent) == (25, 0)


def test_waits_that_the_server_does_not_state_double_with_jitter_and_have_an_end(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    asked_once(tmp_path, after(*[error(429)] * 3), clock)
    assert 0.75 * 3.5 <= clock.now() - START <= 1.25 * 3.5
    clock = VirtualClock(START)
    asked_once(tmp_path / "long", after(*[error(429)] * 20), clock)
    assert clock.now() - START < 20 * 75


def test_a_stated_wait_after_trouble_is_kept_too(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    assert asked_once(tmp_path, after(error(500, Retry_After="30")), clock)[0] == "yes"
    assert clock.now() - START >= 30


def test_too_much_is_a_pause_for_all(tmp_path: Path) -> None:
    """One is told to wait 0.3 s: the others, who were told nothing, do not ask before."""

    async def crowd() -> list[float]:
        clock = SystemClock()
        times: list[float] = []

        async def busy_at_first(asked: Asked) -> bytes:
            times.append(clock.now())
            return error(429, Retry_After="0.3") if asked.number == 0 else GOOD

        async with serving(busy_at_first) as server, door_to(server, tmp_path, clock) as door:
            first = asyncio.create_task(door.ask(question("first")))
            await asyncio.sleep(0.1)
            await asyncio.gather(first, *(door.ask(question(str(at))) for at in range(4)))
            return times

    times = run(crowd())
    assert len(times) == 6
    assert times[1] - times[0] >= 0.29


def test_a_wait_of_hours_stops_the_run(tmp_path: Path) -> None:
    told, asked, _ = asked_once(tmp_path, after(then=error(429, Retry_After="36000")))
    assert isinstance(told, ModelRefusesError)
    assert "asks to wait 10.0 hours" in str(told)
    assert asked == 1


@pytest.mark.parametrize("status", [401, 402, 403, 404, 307])
def test_what_refuses_every_question_stops_the_run_at_once(tmp_path: Path, status: int) -> None:
    told, asked, spent = asked_once(tmp_path, after(then=error(status, message=f"{SECRET} Is it?")))
    assert isinstance(told, ModelRefusesError)
    assert SECRET not in str(told)
    assert "Is it?" not in str(told)
    assert (asked, spent) == (1, 0)


def test_an_empty_account_stops_the_run(tmp_path: Path) -> None:
    told, asked, _ = asked_once(tmp_path, after(then=error(429, "insufficient_quota")))
    assert isinstance(told, ModelRefusesError)
    assert asked == 1


def test_a_question_that_is_refused_fails_alone(tmp_path: Path) -> None:
    async def picky(asked: Asked) -> bytes:
        return error(400, "context_length_exceeded") if asked.question == "long" else GOOD

    async def three() -> list[Any]:
        async with serving(picky) as server, door_to(server, tmp_path) as door:
            asking = (door.ask(question(text)) for text in ("short", "long", "brief"))
            found = await asyncio.gather(*asking, return_exceptions=True)
            assert len(server.asked) == 3, "it is not asked again"
            return found

    found = run(three())
    assert found[0].text == found[2].text == "yes"
    assert isinstance(found[1], NoReplyError)
    assert "refused one question (400 context_length_exceeded)" in str(found[1])


def test_a_server_that_refuses_every_question_from_the_first_on_stops_the_run(tmp_path: Path) -> None:
    async def many() -> tuple[list[Any], int]:
        async with (
            serving(after(then=error(400, "unsupported_parameter"))) as server,
            door_to(server, tmp_path) as door,
        ):
            found: list[Any] = []
            for at in range(9):
                found += await asyncio.gather(door.ask(question(str(at))), return_exceptions=True)
            return found, len(server.asked)

    found, asked = run(many())
    assert asked == 5
    assert [type(one) for one in found] == [NoReplyError] * 4 + [ModelRefusesError] * 5
    assert "unsupported_parameter" in str(found[4])


@pytest.mark.parametrize("first_is_answered", [True, False])
def test_refusals_of_some_questions_do_not_stop_the_run(tmp_path: Path, first_is_answered: bool) -> None:
    """Where one was answered before, and where each is refused for its own text."""
    refusal = error(400, "unsupported_value" if first_is_answered else "context_length_exceeded")

    async def many() -> list[Any]:
        async with (
            serving(after(*[GOOD] * first_is_answered, then=refusal)) as server,
            door_to(server, tmp_path) as door,
        ):
            asking = [await asyncio.gather(door.ask(question(str(at))), return_exceptions=True) for at in range(9)]
            return [one for (one,) in asking][first_is_answered:]

    assert {type(one) for one in run(many())} == {NoReplyError}


def early_stop(folder: Path, bad: Callable[[int], bytes | None]) -> tuple[set[type], int]:
    async def one_by_one() -> tuple[set[type], int]:
        async def handler(asked: Asked) -> bytes:
            return bad(int(asked.question)) or GOOD

        async with serving(handler) as server, door_to(server, folder, tries=1, max_usd=1_000.0) as door:
            found: list[Any] = []
            for at in range(100):
                found += await asyncio.gather(door.ask(question(str(at))), return_exceptions=True)
            return {type(one) for one in found if isinstance(one, Exception)}, len(server.asked)

    return run(one_by_one())


def test_over_half_of_the_latest_failing_stops_the_run(tmp_path: Path) -> None:
    kinds, asked = early_stop(tmp_path, lambda at: error(500) if at >= 50 else None)
    assert TooManyFailuresError in kinds
    assert asked == 71, "21 of the latest 40"


def test_half_of_them_failing_does_not(tmp_path: Path) -> None:
    assert early_stop(tmp_path, lambda at: error(500) if at % 2 else None) == ({NoReplyError}, 100)


def test_what_cannot_be_read_and_what_breaks_off_count_as_failures(tmp_path: Path) -> None:
    assert early_stop(tmp_path / "a", lambda at: http(200, b"<html>"))[1] == 20
    assert early_stop(tmp_path / "b", lambda at: CUT + b"\r\n\r\n")[1] == 20


def test_being_too_much_for_now_is_no_failure(tmp_path: Path) -> None:
    seen: set[int] = set()

    def busy_once(at: int) -> bytes | None:
        if at in seen:
            return None
        seen.add(at)
        return error(429)

    assert early_stop(tmp_path, busy_once) == (set(), 200)
