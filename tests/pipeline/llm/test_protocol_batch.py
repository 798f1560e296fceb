"""Batches against a server of the model API that nobody here wrote: what comes back in which way ends as it should, at half price.

How many batches there were, and what was in them, is read in the server itself, never in ours.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.llm.client import BudgetSpentError, ModelDoor, ModelRefusesError, NoReplyError, Reply
from pipeline.llm.request import key_of
from pipeline.llm.store import Store
from tests.pipeline.llm.batch_run import (
    COUNT,
    EXPECTED,
    HALF,
    Troubled,
    ask_all,
    batch_run,
    made,
    most,
    numbers,
    sent_lines,
)
from tests.pipeline.llm.chosen import question
from tests.pipeline.llm.protocol_run import KEY, Run, error
from tests.servers.model.relay import AGENT, Faults
from tests.servers.model.server import ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def test_a_shuffled_batch_gives_each_question_its_own_answer_at_half_price(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(seed=3)) as relay:
        run = batch_run(relay.base_url, tmp_path)
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)
    assert {seen.headers["user-agent"] for seen in server.journal()} == {AGENT}, "nothing was asked directly"


def test_what_came_home_is_there_in_the_next_run(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        run.through(ask_all)

        async def again(door: ModelDoor) -> tuple[list[str], int, int]:
            return await ask_all(door), door.spend().calls, door.spend().cached

        assert run.through(again) == (EXPECTED, 0, COUNT)
    assert made(server) == 1


def test_the_rows_are_those_of_the_direct_mode(server: ModelServer, tmp_path: Path) -> None:
    async def one(door: ModelDoor) -> Reply:
        return await door.ask(question("number <7>"))

    server.start(numbers())
    with Troubled(server.url) as relay:
        direct = Run(relay.base_url, tmp_path / "direct").through(one)
        batched = batch_run(relay.base_url, tmp_path / "batch").through(one)
    assert (batched.key, batched.text, batched.finish_reason) == (direct.key, direct.text, direct.finish_reason)
    assert (batched.input_tokens, batched.output_tokens) == (direct.input_tokens, direct.output_tokens)
    assert (batched.cost * 2, batched.cached) == (direct.cost, False)
    bodies = [seen.body for seen in server.journal() if seen.body]
    assert bodies[0] == bodies[1], "the server is asked the very same"


def test_lines_for_nobody_and_lines_that_come_twice_change_nothing(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        twice = key_of(question("number <3>"), run.chosen)
        body = {"choices": [{"message": {"content": "another"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 9}}
        answer = {"response": {"status_code": 200, "body": body}, "error": None}
        relay.extra = [json.dumps({"custom_id": name} | answer) for name in (twice, "nobody")] + ["{broken", "[]", "7"]
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_questions_that_are_refused_fail_alone_and_cost_nothing(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers(n3=error(400, "context_length_exceeded"), n9=error(400, "invalid_value")))
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        found = run.through(ask_all)
    assert isinstance(found[3], NoReplyError)
    assert "refused one question (400 context_length_exceeded)" in str(found[3])
    assert isinstance(found[9], NoReplyError)
    assert [text for n, text in enumerate(found) if n not in (3, 9)] == [
        t for n, t in enumerate(EXPECTED) if n not in (3, 9)
    ]
    assert (made(server), run.spent) == (1, (COUNT - 2) * HALF)
    assert KEY not in str(found[3])


@pytest.mark.parametrize("trouble", [error(429, retryAfter=1), error(500), error(503)])
def test_lines_that_failed_for_now_are_asked_again_in_a_batch_of_their_own(
    server: ModelServer, tmp_path: Path, trouble: dict[str, object]
) -> None:
    first = {"match": {"userMessage": "<3>", "sequenceIndex": 0}, "response": trouble}
    then = {"match": {"userMessage": "<3>", "sequenceIndex": 1}, "response": {**numbers()[3]["response"]}}
    server.start([first, then, *(each for n, each in enumerate(numbers()) if n != 3)])
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        assert run.through(ask_all) == EXPECTED
        third = key_of(question("number <3>"), run.chosen)
    assert [lines.total() for lines in sent_lines(server)] == [1, COUNT]
    assert sent_lines(server)[0] == {third: 1}
    assert run.spent == COUNT * HALF


def test_a_line_that_always_fails_is_asked_as_often_as_chosen(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers(n3=error(500)))
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path, tries=2)
        found = run.through(ask_all)
    assert isinstance(found[3], NoReplyError)
    assert "gave no reply to one question in 2 batches (the last: status 500)" in str(found[3])
    assert (made(server), run.spent) == (2, (COUNT - 1) * HALF)


def test_what_an_expired_batch_answered_counts_and_the_rest_is_asked_again(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(seed=2, outcome="expired", done=8), Faults()) as relay:
        run = batch_run(relay.base_url, tmp_path)
        assert run.through(ask_all) == EXPECTED
    latest, first = sent_lines(server)
    assert (first.total(), latest.total()) == (COUNT, COUNT - 8)
    assert len(server.journal()) == COUNT, "none was answered twice"
    assert run.spent == COUNT * HALF


def test_lines_that_stand_in_no_file_count_as_spent_and_are_asked_again(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(lost=5), Faults()) as relay:
        run = batch_run(relay.base_url, tmp_path)
        assert run.through(ask_all) == EXPECTED
    assert [lines.total() for lines in sent_lines(server)] == [5, COUNT]
    assert abs(run.spent - (COUNT * HALF + 5 * most(run))) <= 5 * 1_250, "some numbers have one digit less"


def test_a_batch_that_is_refused_as_a_whole_stops_the_run_and_costs_nothing(
    server: ModelServer, tmp_path: Path
) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(outcome="failed")) as relay:
        run = batch_run(relay.base_url, tmp_path, tries=1)
        found = run.through(ask_all)
        assert {type(each) for each in found} == {ModelRefusesError}
        assert "as a whole (mock_failure), and charges nothing" in str(found[0])
        assert (made(server), run.spent) == (1, 0)
        relay.faults = Faults()
        assert run.through(ask_all) == EXPECTED, "nothing is left open"
    assert (made(server), run.spent) == (2, COUNT * HALF)


def test_what_a_cancelled_batch_answered_counts_and_the_next_run_asks_the_rest(
    server: ModelServer, tmp_path: Path
) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(outcome="cancelled", done=8), Faults()) as relay:
        run = batch_run(relay.base_url, tmp_path)
        found = run.through(ask_all)
        stopped = [each for each in found if isinstance(each, ModelRefusesError)]
        assert (len(stopped), run.spent) == (COUNT - 8, 8 * HALF)
        assert "was cancelled" in str(stopped[0])
        assert made(server) == 1, "somebody wanted it to stop"
        assert run.through(ask_all) == EXPECTED
    assert [lines.total() for lines in sent_lines(server)] == [COUNT - 8, COUNT]
    assert run.spent == COUNT * HALF


def test_an_answer_that_is_no_completion_is_kept_and_asked_again(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path, tries=1)
        relay.odd = {key_of(question("number <13>"), run.chosen): {"error": {"message": "overloaded"}}}
        found = run.through(ask_all)
    assert isinstance(found[13], NoReplyError)
    assert "no chat completion came" in str(found[13])
    assert run.spent == (COUNT - 1) * HALF + most(run), "nobody knows what it cost"
    with closing(Store(tmp_path)) as store:
        (kept,) = store.unread(key_of(question("number <13>"), run.chosen))
    assert kept[1] == b'{"error":{"message":"overloaded"}}'


def test_a_key_that_is_refused_stops_the_run(tmp_path: Path) -> None:
    with ModelServer(keys=["another"]) as guarded:
        run = batch_run(guarded.base_url, tmp_path)
        (found,) = run.through(lambda door: ask_all(door, 1))
    assert isinstance(found, ModelRefusesError)
    assert "does not accept the key" in str(found)
    assert KEY not in str(found)
    assert run.spent == 0


def test_a_run_stops_at_the_cap_and_never_goes_over_it(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    one = most(batch_run(server.base_url, tmp_path))
    cap = 3.5 * one / 10**9
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path, max_usd=cap)
        found = run.through(ask_all)
    answered = [text for text in found if isinstance(text, str)]
    stopped = [each for each in found if isinstance(each, BudgetSpentError)]
    assert len(answered) + len(stopped) == COUNT
    assert run.spent == len(answered) * HALF <= cap * 10**9
    assert [lines.total() for lines in sent_lines(server)][-1] == 3, "what fitted went out first"
    assert cap * 10**9 - run.spent < one, "and as many as fitted when that was home"
    assert "raise model.max_usd" in str(stopped[0])


def test_a_question_that_fits_no_cap_stops_the_run_when_the_others_are_home(
    server: ModelServer, tmp_path: Path
) -> None:
    async def three(door: ModelDoor) -> list[object]:
        large = question("number <2>", max_output_tokens=1_000_000)
        asked = (door.ask(each) for each in (question("number <0>"), large, question("number <1>")))
        found = await asyncio.gather(*asked, return_exceptions=True)
        return [each.text if isinstance(each, Reply) else each for each in found]

    server.start(numbers())
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        first, large, last = run.through(three)
    assert first == "it is 0"
    assert isinstance(large, BudgetSpentError)
    assert isinstance(last, BudgetSpentError), "first come, first served"
    assert (made(server), run.spent) == (1, HALF)
