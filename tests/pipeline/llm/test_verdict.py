"""What each answer means, and that no sentence holds what must not be told."""

import json
from typing import Any

import pytest

from pipeline.llm.verdict import Answer, error_word, refusal_sentence, shown, verdict


def answer(status: int, error: Any = None, **headers: str) -> Answer:
    return Answer(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        json.dumps({"error": error}).encode(),
    )


@pytest.mark.parametrize(
    ("status", "what"),
    [(200, "done"), (201, "done"), (429, "wait"), (408, "again"), (409, "again"), (425, "again"), (500, "again"), (502, "again"),
     (503, "again"), (504, "again"), (529, "again"), (501, "stop"), (400, "refused"), (413, "refused"), (422, "refused"),
     (401, "stop"), (402, "stop"), (403, "stop"), (404, "stop"), (405, "stop"), (307, "stop"), (301, "stop")],
)  # fmt: skip
def test_a_status_has_one_meaning(status: int, what: str) -> None:
    assert verdict(answer(status)) == what


def test_a_busy_server_that_says_how_long_is_waited_for_by_all() -> None:
    assert verdict(answer(503, retry_after="3")) == "wait"


def test_an_empty_account_is_not_waited_for() -> None:
    assert verdict(answer(429, {"code": "insufficient_quota"})) == "stop"
    assert verdict(answer(429, {"type": "insufficient_quota", "code": None, "param": "x"})) == "stop"
    assert verdict(answer(429, {"code": "rate_limit_exceeded"})) == "wait"


def test_the_servers_code_and_field_are_told_and_its_message_never() -> None:
    told = answer(400, {"code": "unsupported_parameter", "param": "max_tokens", "message": "key sk-secret, prompt P"})
    assert error_word(told) == "unsupported_parameter max_tokens"
    assert "secret" not in refusal_sentence(told, "m", "https://a.b/v1")


@pytest.mark.parametrize(
    "error",
    [
        None,
        "text",
        5,
        [],
        {"code": "Bearer sk-AB cd"},
        {"code": "<script>"},
        {"code": "x" * 61},
        {"code": {"a": 1}},
        {"code": "a\nb"},
    ],
)
def test_a_code_that_is_no_code_is_not_told(error: Any) -> None:
    assert error_word(answer(400, error)) == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"[1]", b"\xff"])
def test_an_error_page_has_no_code(body: bytes) -> None:
    assert error_word(Answer(400, {}, body)) == ""


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "OPENAI_API_KEY"), (403, "may not use gpt-5"), (404, "model.name or model.endpoint"), (402, "no credit"), (429, "no credit"),
     (308, "put the new address into model.endpoint"), (400, "to every question; do model.limit_field")],
)  # fmt: skip
def test_each_refusal_says_what_to_do(status: int, said: str) -> None:
    assert said in refusal_sentence(answer(status), "gpt-5", "https://api.openai.com/v1")


def test_an_address_is_shown_without_what_may_be_a_secret() -> None:
    assert shown("https://ada:pass@host.example:8443/v1?key=s#t") == "https://host.example:8443/v1"
    assert shown("http://[") == "model.endpoint"
