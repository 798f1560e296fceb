"""The stand-in for the model API does what its README says, seen with the plain openai client: no code of this project is between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest

from tests.servers.model.relay import AGENT, Faults, Relay
from tests.servers.model.server import Fixture, ModelServer

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


def client(base_url: str, key: str = "any", timeout: float = 30) -> openai.OpenAI:
    return openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout)


def ask(asking: openai.OpenAI, text: str) -> Any:
    with asking:
        return asking.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": text}])


def on(text: str, response: dict[str, object], **more: object) -> Fixture:
    return {"match": {"userMessage": text}, "response": response, **more}


def test_it_answers_by_a_fixture_and_writes_down_what_it_was_asked(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green", "usage": {"prompt_tokens": 7, "completion_tokens": 3}})])
    answer = ask(client(server.base_url), "what colour is a tree")
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("green", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (7, 3)
    (seen,) = server.journal()
    assert (seen.method, seen.path, seen.status, seen.fault) == ("POST", "/v1/chat/completions", 200, "")
    assert seen.body is not None
    assert seen.body["messages"] == [{"role": "user", "content": "what colour is a tree"}]


def test_what_no_fixture_foresees_is_answered_with_503(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"})])
    with pytest.raises(openai.InternalServerError, match="Strict mode: no fixture matched"):
        ask(client(server.base_url), "what colour is the sea")
    assert [seen.status for seen in server.journal()] == [503]


def test_a_new_start_forgets_answers_and_journal(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"})])
    ask(client(server.base_url), "a tree")
    server.start([on("the sea", {"content": "blue"})])
    assert server.journal() == []
    with pytest.raises(openai.InternalServerError):
        ask(client(server.base_url), "a tree")


def test_answers_can_follow_one_another(server: ModelServer) -> None:
    slow_down = {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 7}
    server.start(
        [
            {"match": {"userMessage": "a tree", "sequenceIndex": 0}, "response": slow_down},
            {"match": {"userMessage": "a tree", "sequenceIndex": 1}, "response": {"content": "green"}},
        ]
    )
    with pytest.raises(openai.RateLimitError) as limited:
        ask(client(server.base_url), "a tree")
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.response.headers["x-ratelimit-remaining-requests"] == "0"
    assert ask(client(server.base_url), "a tree").choices[0].message.content == "green"
    assert [seen.status for seen in server.journal()] == [429, 200]


def test_it_cuts_a_text_short_as_a_token_limit_does(server: ModelServer) -> None:
    server.start([on("a tree", {"content": '{"colour": "gr', "finishReason": "length"})])
    answer = ask(client(server.base_url), "a tree")
    assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("length", '{"colour": "gr')


def test_it_answers_with_what_is_not_json(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"}, chaos={"malformedRate": 1})])
    asking = client(server.base_url)
    with asking:
        raw = asking.with_raw_response.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "a tree"}]
        )
    assert (raw.status_code, raw.text) == (200, "{malformed json: <<<chaos>>>")
    assert [(seen.status, seen.fault) for seen in server.journal()] == [(200, "malformed")]


def test_it_ends_a_connection_without_an_answer(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"}, chaos={"disconnectRate": 1})])
    with pytest.raises(openai.APIConnectionError):
        ask(client(server.base_url), "a tree")
    assert [(seen.status, seen.fault) for seen in server.journal()] == [(0, "disconnect")]
    assert server.unanswered() == 1


def test_a_client_that_does_not_wait_is_counted_though_not_in_the_journal(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"}, chaos={"latencyMs": 20_000})])
    with pytest.raises(openai.APITimeoutError):
        ask(client(server.base_url, timeout=0.2), "a tree")
    assert (server.journal(), server.unanswered()) == ([], 1)


def test_a_wrong_key_is_refused() -> None:
    with ModelServer([on("a tree", {"content": "green"})], keys=["right"]) as guarded:
        with pytest.raises(openai.AuthenticationError):
            ask(client(guarded.base_url, "wrong"), "a tree")
        assert ask(client(guarded.base_url, "right"), "a tree").choices[0].message.content == "green"


def test_an_answer_can_end_in_the_middle(server: ModelServer) -> None:
    server.start([on("a tree", {"content": "green"})])
    with Relay(server.url, Faults(cut=1)) as relay:
        with pytest.raises(openai.APIConnectionError):
            ask(client(relay.base_url), "a tree")
        assert ask(client(relay.base_url), "a tree").choices[0].message.content == "green"
    assert [seen.status for seen in server.journal()] == [200, 200]


def lines_of(asking: openai.OpenAI, file_id: str | None) -> list[Any]:
    return [json.loads(line) for line in asking.files.content(file_id).text.splitlines()] if file_id else []


def batch_of(asking: openai.OpenAI, count: int, polls: int = 2) -> Any:
    """Send a batch of `count` questions and poll it so many times."""
    questions = [
        {
            "custom_id": f"number-{number}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "gpt-5", "messages": [{"role": "user", "content": f"number <{number}>"}]},
        }
        for number in range(count)
    ]
    content = "".join(json.dumps(question) + "\n" for question in questions).encode()
    sent = asking.files.create(file=("questions.jsonl", content), purpose="batch")
    batch = asking.batches.create(input_file_id=sent.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert batch.status == "validating"
    for _ in range(polls):
        batch = asking.batches.retrieve(batch.id)
    return batch


def numbers(*failing: int) -> list[Fixture]:
    """Fixtures that answer `number <N>` with N, and some with an error."""
    error = {"error": {"message": "no such number", "type": "invalid_request_error"}, "status": 400}
    return [on(f"<{number}>", error if number in failing else {"content": str(number)}) for number in range(20)]


def test_a_batch_of_aimock_alone_goes_through_its_states_with_one_answer_for_all(server: ModelServer) -> None:
    server.start(numbers())
    with client(server.base_url) as asking:
        assert batch_of(asking, 3, polls=1).status == "in_progress"
        batch = batch_of(asking, 3)
        lines = lines_of(asking, batch.output_file_id)
    assert batch.status == "completed"
    assert [line["custom_id"] for line in lines] == ["number-0", "number-1", "number-2"]
    assert {line["response"]["body"]["choices"][0]["message"]["content"] for line in lines} == {"Mock batch completion"}
    assert server.journal() == []


def test_behind_the_relay_a_batch_is_shuffled_and_has_true_answers(server: ModelServer) -> None:
    server.start(numbers())
    with Relay(server.url, Faults(seed=1)) as relay, client(relay.base_url) as asking:
        batch = batch_of(asking, 20)
        lines = lines_of(asking, batch.output_file_id)
    said = {line["custom_id"]: line["response"]["body"]["choices"][0]["message"]["content"] for line in lines}
    assert said == {f"number-{number}": str(number) for number in range(20)}
    assert list(said) != [f"number-{number}" for number in range(20)]
    assert (batch.status, batch.error_file_id, batch.request_counts.completed) == ("completed", None, 20)
    assert {seen.headers["user-agent"] for seen in server.journal()} == {AGENT}


def test_questions_that_fail_stand_in_the_error_file(server: ModelServer) -> None:
    server.start(numbers(3, 17))
    with Relay(server.url, Faults()) as relay, client(relay.base_url) as asking:
        batch = batch_of(asking, 20)
        failed = lines_of(asking, batch.error_file_id)
        assert len(lines_of(asking, batch.output_file_id)) == 18
    assert {(line["custom_id"], line["response"]["status_code"]) for line in failed} == {
        ("number-3", 400),
        ("number-17", 400),
    }
    assert (batch.request_counts.completed, batch.request_counts.failed) == (18, 2)


def test_a_batch_that_expires_keeps_what_was_done(server: ModelServer) -> None:
    server.start(numbers())
    with Relay(server.url, Faults(outcome="expired", done=8)) as relay, client(relay.base_url) as asking:
        batch = batch_of(asking, 20)
        done, late = lines_of(asking, batch.output_file_id), lines_of(asking, batch.error_file_id)
    assert (batch.status, len(done)) == ("expired", 8)
    assert {line["error"]["code"] for line in late} == {"batch_expired"}
    assert len({line["custom_id"] for line in done + late}) == 20


def test_lines_can_be_in_no_file_at_all(server: ModelServer) -> None:
    server.start(numbers())
    with Relay(server.url, Faults(lost=5)) as relay, client(relay.base_url) as asking:
        batch = batch_of(asking, 20)
        assert len(lines_of(asking, batch.output_file_id)) == 15
    assert batch.error_file_id is None


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_batch_can_end_without_an_answer(server: ModelServer, outcome: str) -> None:
    server.start(numbers())
    with Relay(server.url, Faults(outcome=outcome)) as relay, client(relay.base_url) as asking:
        batch = batch_of(asking, 3)
    assert (batch.status, batch.output_file_id) == (outcome, None)


def test_aimock_ends_with_its_context_and_with_a_test_that_fails() -> None:
    with ModelServer() as running:
        assert running.process
        process = psutil.Process(running.process.pid)
    assert not process.is_running()
    with pytest.raises(ZeroDivisionError), ModelServer() as running:
        assert running.process
        process = psutil.Process(running.process.pid)
        raise ZeroDivisionError
    assert not process.is_running()


STARTING = """
import sys, time
from tests.servers.model.server import ModelServer
with ModelServer() as running:
    print(running.process.pid, flush=True)
    time.sleep(60)
"""


def test_aimock_ends_when_the_test_process_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTING], stdout=subprocess.PIPE, cwd=HERE.parents[2]) as tests:
        assert tests.stdout
        process = psutil.Process(int(tests.stdout.readline()))
        os.kill(tests.pid, signal.SIGKILL)
    gone, _ = psutil.wait_procs([process], timeout=10)
    assert gone or process.status() == psutil.STATUS_ZOMBIE


def test_a_fixture_that_is_not_valid_is_refused(server: ModelServer) -> None:
    with pytest.raises(RuntimeError, match="Validation failed"):
        server.start([on("a tree", {"content": ""})])


def test_the_node_packages_are_pinned_and_name_no_address() -> None:
    manifest = json.loads((HERE / "package.json").read_text(encoding="utf-8"))
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]
    assert "://" not in lock
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in each for name, each in packages.items() if name)
