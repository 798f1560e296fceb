"""Reading an answer: what is a chat completion, and what a server may send instead."""

import json

import pytest

from pipeline.llm.reply import read_completion
from tests.pipeline.llm.loopback import completion


def test_a_completion_is_read_with_its_tokens() -> None:
    details = {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 7}}
    said = read_completion(completion("it is", usage=details))
    assert said is not None
    assert (said.text, said.finish_reason, said.refusal, said.counted) == ("it is", "stop", "", True)
    assert (said.input_tokens, said.cached_tokens, said.output_tokens) == (9, 7, 4)


def test_a_refusal_and_filtered_content_are_replies() -> None:
    refused = read_completion(completion(None, refusal="I can't"))
    assert refused is not None
    assert (refused.text, refused.refusal) == ("", "I can't")
    filtered = read_completion(completion(None, finish_reason="content_filter"))
    assert filtered is not None
    assert filtered.finish_reason == "content_filter"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>busy</html>",
        completion()[:-9],
        b"null",
        b"[]",
        b'"text"',
        b'{"choices": []}',
        b'{"choices": [{"message": null}]}',
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {}}]}',
        b'{"choices": {"0": {}}}',
        b'{"error": {"message": "overloaded"}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_no_completion(raw: bytes) -> None:
    assert read_completion(raw) is None


@pytest.mark.parametrize(
    "usage",
    [None, {}, {"prompt_tokens": -1, "completion_tokens": 1}, {"prompt_tokens": "9", "completion_tokens": 1},
     {"prompt_tokens": True, "completion_tokens": 1}, {"prompt_tokens": 10**30, "completion_tokens": 1}, {"prompt_tokens": 3}, [5]],
)  # fmt: skip
def test_a_count_of_tokens_that_is_none_is_not_believed(usage: object) -> None:
    said = read_completion(completion(usage=usage))
    assert said is not None
    assert not said.counted


def test_cached_tokens_are_never_more_than_all() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 99}}
    said = read_completion(completion(usage=usage))
    assert said is not None
    assert said.cached_tokens == 3


def test_half_a_surrogate_pair_becomes_text_that_a_file_can_hold() -> None:
    raw = json.dumps({"choices": [{"message": {"content": "a\ud800ü"}, "finish_reason": "stop"}]}).encode()
    said = read_completion(raw)
    assert said is not None
    assert said.text == "a?ü"
