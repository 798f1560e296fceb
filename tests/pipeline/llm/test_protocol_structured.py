"""Against a server of the model API that nobody here wrote: a value by its schema, one repair, and no more requests than that."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.llm.structured import Structured, Unusable, ask_for, schema_of
from pipeline.synthesis.records import WrittenQuery
from tests.pipeline.llm.protocol_run import COST, USAGE, Run, error
from tests.servers.model.server import Fixture, ModelServer

MESSAGES = [{"role": "system", "content": "Write a query."}, {"role": "user", "content": "a change to a tree"}]
REPAIR = "That answer cannot be used"
WRITTEN: dict[str, Any] = {
    "query": "The tree loses its leaves when I sort them, can you mend that?",
    "domain": "vibe-coding",
    "sub_domain": "debugging",
    "acceptance_criteria": ["Sorting keeps every leaf of the tree"],
    "needed_context": [],
    "difficulty": "easy",
    "rationale": "It tells the symptom and not the cause",
}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def run(server: ModelServer, tmp_path: Path) -> Run:
    return Run(server.base_url, tmp_path / "store", max_output_tokens=2000)


def written(run: Run) -> Structured[WrittenQuery] | Unusable:
    return run.through(lambda door: ask_for(WrittenQuery, door, MESSAGES, run.chosen))


def answers(first: object, second: object = None, reason: str = "stop") -> list[Fixture]:
    """Fixtures for the first request and for the repair, both with a text that ends for the same reason."""
    said = [("a change to a tree", first), (REPAIR, second)]
    return [
        {
            "match": {"userMessage": asked, "responseFormat": "json_schema"},
            "response": {
                "content": text if isinstance(text, str) else json.dumps(text),
                "finishReason": reason,
                "usage": USAGE,
            },
        }
        for asked, text in said
        if text is not None
    ]


def test_the_schema_that_is_sent_is_the_one_that_the_reply_is_held_to(server: ModelServer, run: Run) -> None:
    server.start(answers(WRITTEN))
    found = written(run)
    assert isinstance(found, Structured)
    assert found.value.model_dump() == WRITTEN
    (seen,) = server.journal()
    assert seen.body is not None
    form = {"name": "WrittenQuery", "strict": True, "schema": schema_of(WrittenQuery)}
    assert seen.body["response_format"] == {"type": "json_schema", "json_schema": form}


@pytest.mark.parametrize(
    ("first", "failure"),
    [
        ("Sure! Here is your query.", "not one JSON object"),
        (json.dumps(WRITTEN)[:90], "not one JSON object"),
        ({**WRITTEN, "domain": "gardening"}, "domain"),
        ({**WRITTEN, "query_id": "their-own"}, "query_id"),
        ({name: value for name, value in WRITTEN.items() if name != "difficulty"}, "difficulty"),
    ],
)
def test_a_reply_that_does_not_fit_is_repaired_once(server: ModelServer, run: Run, first: object, failure: str) -> None:
    server.start(answers(first, WRITTEN))
    found = written(run)
    assert isinstance(found, Structured)
    assert len(found.replies) == 2
    asked = [seen.body["messages"] for seen in server.journal() if seen.body]
    assert [len(messages) for messages in asked] == [2, 4]
    assert [message["role"] for message in asked[1]] == ["system", "user", "assistant", "user"]
    assert failure in asked[1][3]["content"]
    assert run.spent == 2 * COST


def test_a_reply_that_was_cut_off_is_asked_for_again_and_shorter(server: ModelServer, run: Run) -> None:
    server.start(answers(json.dumps(WRITTEN)[:50], json.dumps(WRITTEN), reason="length"))
    assert isinstance(written(run), Structured)
    repair = server.journal()[1].body
    assert repair is not None
    assert "cut off at the output limit" in repair["messages"][3]["content"]


def test_after_one_repair_the_value_is_unusable_and_its_raw_reply_kept(server: ModelServer, run: Run) -> None:
    server.start(answers("no", "no again"))
    found = written(run)
    assert isinstance(found, Unusable)
    assert (found.raw, found.failure, len(found.replies)) == ("no again", "not_json", 2)
    assert [seen.status for seen in server.journal()] == [200, 200]


def test_what_failed_once_is_not_paid_again(server: ModelServer, run: Run) -> None:
    server.start(answers("no", "no again"))
    assert [reply.cached for _ in range(2) for reply in written(run).replies] == [False, False, True, True]
    assert (len(server.journal()), run.spent) == (2, 2 * COST)


def test_a_server_that_fails_is_told_apart_from_a_reply_that_does(server: ModelServer, run: Run) -> None:
    server.start([{"match": {"userMessage": "a change to a tree"}, "response": error(500)}])
    found = written(run)
    assert isinstance(found, Unusable)
    assert (found.failure, found.replies) == ("no_reply", [])
    assert [seen.status for seen in server.journal()] == [500] * run.chosen.tries


def test_an_answer_without_a_schema_is_held_to_it_all_the_same(server: ModelServer, tmp_path: Path) -> None:
    run = Run(server.base_url, tmp_path / "store", max_output_tokens=2000, structured="off")
    server.start([{"match": {"systemMessage": "valid by this JSON schema"}, "response": {"content": WRITTEN}}])
    assert isinstance(written(run), Structured)
    (seen,) = server.journal()
    assert seen.body is not None
    assert "response_format" not in seen.body
