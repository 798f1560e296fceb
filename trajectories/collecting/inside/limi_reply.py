"""What a model's reply must be so that the archive can hold the session. Needs nothing of mini-swe-agent."""

import json
import math
from typing import Any

MOST_REPLY = 4 * 2**20  # characters of a reply as JSON; a reply of 128,000 tokens has less than one million
MOST_VALUES = 10_000  # texts, numbers, lists and so on in a reply; one with ten calls has about a hundred
# A recording ends before it is more than the archive takes of one session (trajectories/archive/file.py), which is 64 MiB and 500,000
# values: one more reply, which is recorded twice, and the commands' outputs still have room.
MOST_RECORDED = 24 * 2**20
MOST_VALUES_RECORDED = 200_000
_MOST_NESTED = 32  # levels; the archive takes 64, of which its own come off
_LARGEST = 2**63
_TEXTS = ("role", "content", "reasoning_content")


def checked(text: str) -> dict[str, Any]:
    """A reply in which all that mini-swe-agent reads has the form that it expects, and that the archive can hold.

    Raises ValueError with the reason.
    """
    try:
        reply: dict[str, Any] = json.loads(text, parse_constant=_refuse)
    except (RecursionError, ValueError):
        raise ValueError("it is no JSON") from None
    if values_in(reply, _MOST_NESTED) > MOST_VALUES:
        raise ValueError(f"it holds more than {MOST_VALUES} values")
    if len(json.dumps(reply)) > MOST_REPLY:
        raise ValueError(f"it has more than {MOST_REPLY} characters")
    try:
        message = reply["choices"][0]["message"]
        whole = all(isinstance(message.get(name), str | None) for name in _TEXTS)
        whole = whole and message.get("role") in (None, "assistant") and "output" not in message
        for call in message.get("tool_calls") or []:
            told = call["id"], call["function"]["name"], call["function"]["arguments"]
            whole = whole and all(isinstance(one, str) for one in told)
    except (AttributeError, IndexError, KeyError, TypeError):
        whole = False
    if not whole:
        raise ValueError("it has not the form of one")
    message["role"] = "assistant"
    message.setdefault("content", None)
    return reply


def values_in(value: Any, most_nested: int = 2 * _MOST_NESTED) -> int:
    """How many values there are within a JSON value, without recursion.

    Raises ValueError if it is nested deeper than `most_nested` levels, or for a number that the archive can't hold.
    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    counted = 0
    while waiting:
        part, depth = waiting.pop()
        counted += 1
        if isinstance(part, dict | list):
            if depth > most_nested:
                raise ValueError(f"it is nested more than {most_nested} levels")
            waiting += ((one, depth + 1) for one in (part.values() if isinstance(part, dict) else part))
        elif isinstance(part, float) and not math.isfinite(part):
            raise ValueError("it holds a number that is not finite")
        elif isinstance(part, int) and not -_LARGEST <= part < _LARGEST:
            raise ValueError("it holds a whole number of more than 64 bits")
    return counted


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")
