"""The key: whatever changes the question changes it, and nothing else does."""

from typing import Any

import pytest

from pipeline.llm.request import body_of, content_of, key_of
from tests.pipeline.llm.chosen import Chosen, question

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}, "why": {"type": "string"}}}


def test_the_same_question_has_the_same_key_every_time() -> None:
    assert key_of(question(), Chosen()) == key_of(question(), Chosen())
    assert key_of(question(), Chosen()) == "f123b071c890ab011b4a26030f027ea5658c428ced927bbfe1ddee1cf6cf2880"


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gpt-5-mini"},
        {"messages": ({"role": "system", "content": "Answer!"}, {"role": "user", "content": "Is it?"})},
        {"messages": ({"role": "user", "content": "Answer."}, {"role": "user", "content": "Is it?"})},
        {"messages": ({"role": "user", "content": "Is it?"},)},
        {"schema": SCHEMA, "schema_name": "answer"},
        {"max_output_tokens": 101},
        {"temperature": 0.0},
        {"reasoning_effort": "low"},
        {"sample": 1},
    ],
)
def test_whatever_changes_the_question_changes_the_key(changes: dict[str, Any]) -> None:
    assert key_of(question(**changes), Chosen()) != key_of(question(), Chosen())


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "https://api.openai.com/v2"},
        {"structured": "json_object"},
        {"structured": "off"},
        {"limit_field": "max_tokens"},
    ],
)
def test_whatever_changes_how_it_is_sent_changes_the_key(changes: dict[str, Any]) -> None:
    asked = question(schema=SCHEMA, schema_name="answer")
    assert key_of(asked, Chosen(**changes)) != key_of(asked, Chosen())


def test_the_order_of_a_schemas_fields_is_sent_and_changes_the_key() -> None:
    turned = {"type": "object", "properties": dict(reversed(SCHEMA["properties"].items()))}
    ours, theirs = question(schema=SCHEMA, schema_name="a"), question(schema=turned, schema_name="a")
    assert key_of(ours, Chosen()) != key_of(theirs, Chosen())
    assert content_of(ours, Chosen()).index(b'"query"') < content_of(ours, Chosen()).index(b'"why"')


@pytest.mark.parametrize(
    "changes", [{"concurrency": 3}, {"max_usd": 5.0}, {"tries": 9}, {"timeout_seconds": 1}, {"mode": "batch"}]
)
def test_what_the_server_never_sees_does_not_change_the_key(changes: dict[str, Any]) -> None:
    assert key_of(question(), Chosen(**changes)) == key_of(question(), Chosen())


def test_a_slash_at_the_end_of_the_address_does_not_change_the_key() -> None:
    assert key_of(question(), Chosen(endpoint="http://localhost:1/v1/")) == key_of(
        question(), Chosen(endpoint="http://localhost:1/v1")
    )


def test_only_what_was_chosen_is_sent() -> None:
    assert body_of(question(), Chosen()) == {
        "model": "gpt-5",
        "messages": list(question().messages),
        "max_completion_tokens": 100,
    }
    full = question(temperature=0.5, reasoning_effort="low", schema=SCHEMA, schema_name="answer")
    assert body_of(full, Chosen(limit_field="max_tokens")) == {
        "model": "gpt-5",
        "messages": list(question().messages),
        "max_tokens": 100,
        "temperature": 0.5,
        "reasoning_effort": "low",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
    }
    assert body_of(full, Chosen(structured="json_object"))["response_format"] == {"type": "json_object"}
    assert "response_format" not in body_of(full, Chosen(structured="off"))


def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    assert b'"a?b \xc3\xbc"' in content_of(question("a\ud800b ü"), Chosen())
