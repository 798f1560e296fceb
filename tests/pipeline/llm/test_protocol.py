"""Against a server of the model API that nobody here wrote: each thing that can go wrong ends as it should, after so many requests.

How often the server was asked is read in the server's own journal, never in ours. Waits are those of a virtual clock; answers are real.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.llm.client import ModelDoor, ModelRefusesError, NoReplyError, Reply
from pipeline.llm.direct import WAITS
from pipeline.llm.request import body_of
from tests.pipeline.llm.chosen import question
from tests.pipeline.llm.protocol_run import COST, GREEN, KEY, TREE, USAGE, Run, error, one_after_the_other
from tests.servers.model.relay import Faults, Relay
from tests.servers.model.server import ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def run(server: ModelServer, tmp_path: Path) -> Run:
    return Run(server.base_url, tmp_path / "store")


def statuses(server: ModelServer) -> list[int]:
    return [seen.status for seen in server.journal()]


def test_an_answer_is_asked_for_once_and_never_again(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other(GREEN))
    first, second = run.ask(), run.ask()
    assert (first.text, first.finish_reason, first.cached) == ("green", "stop", False)
    assert (first.input_tokens, first.output_tokens, first.cost) == (100, 10, COST)
    assert (second.text, second.cached) == ("green", True)
    assert (statuses(server), run.spent) == ([200], COST)


def test_what_is_sent_is_the_request_and_no_more(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other(GREEN))
    run.ask()
    (seen,) = server.journal()
    assert seen.body is not None
    ours = {
        name: value for name, value in seen.body.items() if not name.startswith("_")
    }  # the others are aimock's notes
    assert ours == body_of(TREE, run.chosen)


def test_a_question_asked_by_many_at_once_is_sent_once(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": GREEN, "chaos": {"latencyMs": 50}}])

    async def many(door: ModelDoor) -> list[Reply]:
        return await asyncio.gather(*(door.ask(TREE) for _ in range(10)))

    assert {reply.text for reply in run.through(many)} == {"green"}
    assert (statuses(server), run.spent) == ([200], COST)


def test_429_is_waited_out_as_long_as_the_server_says(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other(error(429, retryAfter=400), error(429, retryAfter=500), GREEN))
    assert run.ask().text == "green"
    assert statuses(server) == [429, 429, 200]
    assert 900 <= run.waited < 1000
    assert run.spent == COST


def test_429_without_end_fails_the_question_and_costs_nothing(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": error(429, retryAfter=1)}])
    with pytest.raises(NoReplyError, match="too much for now"):
        run.ask()
    assert statuses(server) == [429] * (WAITS + 1)
    assert run.spent == 0


def test_an_account_without_credit_stops_the_stage_at_once(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": error(429, "insufficient_quota")}])
    with pytest.raises(ModelRefusesError, match="no credit left"):
        run.ask()
    assert (statuses(server), run.spent) == ([429], 0)


def test_a_server_that_is_down_for_a_moment_is_asked_again(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other(error(503), error(500), GREEN))
    assert run.ask().text == "green"
    assert (statuses(server), run.spent) == ([503, 500, 200], COST)
    assert run.waited > 0.5


def test_a_server_that_stays_down_is_asked_as_often_as_chosen(server: ModelServer, run: Run) -> None:
    server.start([])
    with pytest.raises(NoReplyError, match="no reply to one question in 3 attempts"):
        run.ask()
    assert (statuses(server), run.spent) == ([503] * 3, 0)


@pytest.mark.parametrize(
    ("status", "what"), [(401, "does not accept the key"), (403, "may not use gpt-5"), (404, "has no model gpt-5")]
)
def test_a_refusal_of_every_question_stops_the_stage_at_once(
    server: ModelServer, run: Run, status: int, what: str
) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": error(status)}])
    with pytest.raises(ModelRefusesError, match=what) as stopped:
        run.ask()
    assert (statuses(server), run.spent) == ([status], 0)
    assert KEY not in str(stopped.value)


def test_a_wrong_key_stops_the_stage(tmp_path: Path) -> None:
    with (
        ModelServer(keys=["another"]) as guarded,
        pytest.raises(ModelRefusesError, match="does not accept the key") as told,
    ):
        Run(guarded.base_url, tmp_path / "store").ask()
    assert KEY not in str(told.value)


def test_a_question_that_is_refused_is_not_asked_again(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": error(400, "context_length_exceeded")}])
    with pytest.raises(NoReplyError, match=r"refused one question \(400 context_length_exceeded\)"):
        run.ask()
    assert (statuses(server), run.spent) == ([400], 0)


def test_a_body_that_is_no_json_is_kept_and_asked_for_again(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other({**GREEN, "chaos": {"malformedRate": 1}}, GREEN))
    assert run.ask().text == "green"
    assert [(seen.status, seen.fault) for seen in server.journal()] == [(200, "malformed"), (200, "")]
    assert b"{malformed json: <<<chaos>>>" in run.kept_unread()
    assert run.spent > COST  # nobody knows what the first one cost, so what was set aside for it counts


def test_a_connection_that_ends_is_asked_again(server: ModelServer, run: Run) -> None:
    server.start(one_after_the_other({**GREEN, "chaos": {"disconnectRate": 1}}, GREEN))
    assert run.ask().text == "green"
    assert [(seen.status, seen.fault) for seen in server.journal()] == [(0, "disconnect"), (200, "")]
    assert run.spent > COST


def test_a_connection_that_always_ends_is_tried_as_often_as_chosen(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": GREEN, "chaos": {"disconnectRate": 1}}])
    with pytest.raises(NoReplyError, match="no reply to one question in 3 attempts"):
        run.ask()
    assert server.unanswered() == 3


def test_an_answer_that_ends_in_the_middle_is_asked_for_again(server: ModelServer, tmp_path: Path) -> None:
    server.start([{"match": {"userMessage": "a tree"}, "response": GREEN}])
    with Relay(server.url, Faults(cut=1)) as relay:
        run = Run(relay.base_url, tmp_path / "store")
        assert run.ask().text == "green"
    assert statuses(server) == [200, 200]
    assert run.spent > COST


def test_a_reply_that_is_too_slow_is_given_up_and_asked_for_again(server: ModelServer, tmp_path: Path) -> None:
    server.start(one_after_the_other({**GREEN, "chaos": {"latencyMs": 20_000}}, GREEN))
    run = Run(server.base_url, tmp_path / "store", timeout_seconds=1)
    assert run.ask().text == "green"
    assert (server.unanswered(), statuses(server)) == (1, [200])
    assert run.spent > COST  # the first one may have been written, and charged, all the same


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_text_that_was_cut_or_filtered_is_a_reply_all_the_same(server: ModelServer, run: Run, reason: str) -> None:
    server.start(one_after_the_other({"content": '{"colour": "gr', "finishReason": reason, "usage": USAGE}))
    assert [(reply.text, reply.finish_reason) for reply in (run.ask(), run.ask())] == [('{"colour": "gr', reason)] * 2
    assert (statuses(server), run.spent) == ([200], COST)


FAULTS: list[dict[str, Any]] = [
    {"response": error(429, retryAfter=1)},
    {"response": error(500)},
    {"response": GREEN, "chaos": {"malformedRate": 1}},
    {"response": GREEN, "chaos": {"disconnectRate": 1}},
]


def test_among_many_questions_each_fault_costs_one_more_request_and_no_reply(server: ModelServer, run: Run) -> None:
    faulty = {number: FAULTS[number // 5 % 4] for number in range(0, 60, 5)}
    first = [{"match": {"userMessage": f"<{n}>", "sequenceIndex": 0}, **fault} for n, fault in faulty.items()]
    then = [
        {
            "match": {"userMessage": f"<{n}>", **({"sequenceIndex": 1} if n in faulty else {})},
            "response": {"content": f"it is {n}", "usage": USAGE},
        }
        for n in range(60)
    ]
    server.start(first + then)

    async def all_of_them(door: ModelDoor) -> list[Reply]:
        return await asyncio.gather(*(door.ask(question(f"number <{n}>")) for n in range(60)))

    assert [reply.text for reply in run.through(all_of_them)] == [f"it is {n}" for n in range(60)]
    asked = [seen.body["messages"][-1]["content"] for seen in server.journal() if seen.body]
    assert sorted(asked) == sorted([f"number <{n}>" for n in range(60)] + [f"number <{n}>" for n in faulty])
