"""The lines of a batch: what goes out is what the direct API would get; what comes home is joined by its id and by nothing else."""

import json
from typing import Any

import pytest

from pipeline.llm.batch_lines import line_of, read_lines
from pipeline.llm.budget import Question
from pipeline.llm.prices import FREE
from pipeline.llm.request import body_of, content_of
from tests.pipeline.llm.chosen import Chosen, question


def home(*lines: Any) -> list[tuple[str, int, bytes]]:
    """`(id, status, body)` of a file of these lines; a status of 0 is no answer."""
    file = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return [
        (line.key, *((line.answer.status, line.answer.body) if line.answer else (0, b""))) for line in read_lines(file)
    ]


def answered(key: Any = "k", status: Any = 200, body: Any = "yes") -> dict[str, Any]:
    return {"custom_id": key, "response": {"status_code": status, "request_id": "r", "body": body}, "error": None}


def test_a_question_is_one_line_with_its_very_bytes() -> None:
    asked = question('one\nline \u2028 \x85 and "quotes"')
    content = content_of(asked, Chosen())
    line = line_of(Question("k" * 64, content, 100, FREE))
    assert line.count(b"\n") == 1
    assert content in line
    assert json.loads(line) == {
        "custom_id": "k" * 64,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body_of(asked, Chosen()),
    }


def test_answers_come_in_any_order_with_their_ids() -> None:
    assert home(answered("b", 200, {"a": [1, "\u00fc"]}), answered("a", 400, {"error": {"code": "x"}})) == [
        ("b", 200, b'{"a":[1,"\\u00fc"]}'),
        ("a", 400, b'{"error":{"code":"x"}}'),
    ]


def test_a_question_that_was_not_asked_has_no_answer() -> None:
    assert home({"custom_id": "k", "response": None, "error": {"code": "batch_expired"}}, {"custom_id": "j"}) == [
        ("k", 0, b""),
        ("j", 0, b""),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 1_000_000,
        b'{"custom_id": "k", "response": {"status_code": 200, "body": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"custom_id": ' + b"9" * 10_000 + b"}",
        7,
        None,
        [],
        "text",
        {},
        answered(None),
        answered(7),
        answered("k", "200"),
        answered("k", True),
        answered("k", None),
        {"custom_id": "k", "response": "yes"},
        {"custom_id": "k", "response": {}},
    ],
)
def test_a_line_that_is_broken_says_nothing_and_hides_no_other(broken: Any) -> None:
    assert home(broken, answered("good")) == [("good", 200, b'"yes"')]


def test_half_a_surrogate_pair_comes_home_as_it_went() -> None:
    ((_, _, body),) = home(b'{"custom_id": "k", "response": {"status_code": 200, "body": "\\ud800"}}')
    assert body == b'"\\ud800"'
