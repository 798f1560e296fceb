"""The files of a batch, line by line: questions as they go out, answers as they come home in any order.

Form: "Batch API" of OpenAI's documentation (2026-11), request input and output objects.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.llm.budget import Question
from pipeline.llm.verdict import Answer

ENDPOINT = "/v1/chat/completions"
_LINE = b'{"custom_id":"%b","method":"POST","url":"%b","body":%b}\n'


@dataclass(frozen=True, slots=True)
class Line:
    """What came home for one question. `answer` is None where the server never asked it, as when the batch expired."""

    key: str
    answer: Answer | None


def line_of(question: Question) -> bytes:
    """A question as a line; its bytes are those that the direct API would be sent, and its id is its key."""
    return _LINE % (question.key.encode(), ENDPOINT.encode(), question.content)


def read_lines(file: bytes) -> Iterator[Line]:
    """The lines of an output or error file. One that is broken or has no id says nothing about any question and is left out.

    The body of an answer is the same JSON value that the server sent, written anew.
    """
    for text in io.BytesIO(file):
        try:
            line = json.loads(text)
            key, response = line["custom_id"], line.get("response")
            answer = None if response is None else Answer(response["status_code"], {}, _bytes(response.get("body")))
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            continue
        if isinstance(key, str) and (answer is None or type(answer.status) is int):
            yield Line(key, answer)


def _bytes(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
