"""What is asked of a model, as one value: the bytes that are sent, and the key under which their answer is kept.

The key is a hash of the address and of the very bytes, so whatever changes the question (a prompt, a schema and the order of
its fields, a parameter, the model, the base URL) changes the key, and nothing else does.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pipeline.sections import Model

Message = dict[str, str]  # {"role": "system" | "user" | "assistant", "content": text}


BYTES_PER_TOKEN = 4  # of English text and code, about; servers reckon with it for their limits by the minute


@dataclass(frozen=True)
class Request:
    """One question. `schema` is the JSON schema of the answer, None for plain text; `sample` tells answers to the same question apart."""

    model: str
    messages: tuple[Message, ...]
    schema_name: str
    schema: dict[str, Any] | None
    max_output_tokens: int
    temperature: float | None
    reasoning_effort: str
    sample: int = 0


def body_of(request: Request, chosen: Model) -> dict[str, Any]:
    """Exactly what is sent as the JSON body of POST /chat/completions, in the order in which it is sent."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": list(request.messages),
        chosen.limit_field: request.max_output_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.reasoning_effort:
        body["reasoning_effort"] = request.reasoning_effort
    if request.schema is not None and chosen.structured == "json_schema":
        form = {"name": request.schema_name, "strict": True, "schema": request.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    elif request.schema is not None and chosen.structured == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def content_of(request: Request, chosen: Model) -> bytes:
    """The bytes of the body.

    Keys are not sorted: a model fills a schema's fields in the order in which they are sent. Half a surrogate pair, which is no
    text, becomes a question mark.
    """
    text = json.dumps(body_of(request, chosen), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def key_of(request: Request, chosen: Model) -> str:
    """Under which the answer is kept: the hex sha256 of the JSON list [endpoint, body, sample]. No secret and no time is in it."""
    return key_of_content(chosen.endpoint, content_of(request, chosen), request.sample)


def key_of_content(endpoint: str, content: bytes, sample: int) -> str:
    """`key_of`, for who has the bytes already."""
    address = json.dumps(endpoint.rstrip("/")).encode()
    return hashlib.sha256(b"[%b,%b,%d]" % (address, content, sample)).hexdigest()
