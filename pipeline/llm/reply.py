"""Read a model's answer: its text, why it ended, and what it cost, from the raw bytes that the store keeps."""

import json
from dataclasses import dataclass
from typing import Any

MOST_TOKENS = 10**9  # a server that claims more in one answer counts something else


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `cost` is in billionths of a dollar; `cached` says that it came from the store and was paid earlier."""

    key: str
    text: str
    finish_reason: str
    refusal: str
    input_tokens: int
    output_tokens: int
    cost: int
    cached: bool


@dataclass(frozen=True, slots=True)
class Completion:
    """What an answer's bytes say. `counted` is false where the server did not say how many tokens it took."""

    text: str
    finish_reason: str
    refusal: str
    input_tokens: int
    cached_tokens: int  # of the input tokens, those that the server had read before and sells cheaper
    output_tokens: int
    counted: bool


def read_completion(raw: bytes) -> Completion | None:
    """The chat completion in an answer with status 200; None if there is none (an error page, cut JSON, another object)."""
    try:
        answer = json.loads(raw)
        choice = answer["choices"][0]
        message = choice["message"]
        text, refusal = message.get("content"), message.get("refusal")
        finish_reason = choice.get("finish_reason")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    if not isinstance(text, str | None) or not isinstance(refusal, str | None):
        return None
    if text is None and refusal is None and not isinstance(finish_reason, str):
        return None  # nothing was answered at all
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    cached = _count(details, "cached_tokens") or 0
    taken, given = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Completion(
        _whole(text or ""),
        _whole(finish_reason) if isinstance(finish_reason, str) else "",
        _whole(refusal or ""),
        taken or 0,
        min(cached, taken or 0),
        given or 0,
        taken is not None and given is not None,
    )


def _count(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _whole(text: str) -> str:
    """The text with a question mark for half a surrogate pair, which JSON can spell and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
