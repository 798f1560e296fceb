"""The messages and tools of a row, read so that a chat template renders all of them: what it would drop, change or misread is refused.

Chat templates are silent. Qwen3's renders a message of a role it does not know, and content that is a list, as nothing; GLM-4.5's needs
the arguments of a call as an object. So a row is brought into one form here: content and reasoning are texts, arguments are objects (both
forms are read; what a server gives the template at inference is an object too), null is left out. Nothing is invented and no text changed.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from pipeline.errors import UserError

Message = dict[str, Any]
Tool = dict[str, Any]
ROLES = ("system", "user", "assistant", "tool")
_REASONING = ("reasoning_content", "reasoning", "thinking")  # the names it goes by
_KEYS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", *_REASONING, "tool_calls", "train"},
    "tool": {"role", "content", "tool_call_id", "name"},
}
_LONG = 40  # characters of a key or a number that a sentence shows
_MANY = 5  # keys that a sentence names
_CALL_KEYS = {"id", "type", "index", "function"}


def messages_of(text: str, row: str) -> list[Message]:
    """The messages of a JSON text. Raises UserError, with row and place, on what can't be rendered whole."""
    place = f"{row}: messages"
    value = _json(text, place)
    if not isinstance(value, list) or not value:
        raise UserError(f"{place}: is no list of messages; a row needs at least a request and a reply")
    messages = [_message(message, f"{place}[{index}]") for index, message in enumerate(value)]
    if not any(carries_loss(message) for message in messages):
        raise UserError(
            f"{place}: no turn of the assistant carries loss, so there is nothing to learn; leave the row out"
        )
    return _in_order(messages)


def tools_of(text: str, row: str) -> list[Tool]:
    """The tools of a JSON text, as they are. Raises UserError, with row and place, if they are no list of objects."""
    place = f"{row}: tools"
    value = _json(text, place)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise UserError(f"{place}: is no list of tool definitions; [] says that there are none")
    return value


def carries_loss(message: Message) -> bool:
    """Whether a message is a turn of the assistant that is trained."""
    return message["role"] == "assistant" and message.get("train") is not False


def texts_of(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, keys too, with its place: `messages[3].content`."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_of(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{place}, a key", key
            yield from texts_of(item, place_in(place, key))


def place_in(place: str, key: str) -> str:
    """The place of an object's key. Keys are an agent's words, so none reaches a terminal as it is unless it is a plain name."""
    return f"{place}.{key}" if key.isidentifier() and len(key) < _LONG else f"{place}[{key[:_LONG]!r}]"


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refused_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: is no JSON that can be rendered ({error})") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"an object has the key {twice[:_LONG]!r} twice")
    return found


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _finite(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ValueError(f"the number {digits[:_LONG]} is too large")
    return number


def _message(value: Any, place: str) -> Message:
    if not isinstance(value, dict):
        raise UserError(f"{place}: is no message, which is an object with `role` and `content`")
    known = {key: item for key, item in value.items() if item is not None}
    role = known.get("role")
    if role not in ROLES:
        raise UserError(
            f"{place}: the role {_shown(role)} is unknown, so it would not be rendered; there are {', '.join(ROLES)}"
        )
    if unknown := sorted(known.keys() - _KEYS[role]):
        raise UserError(
            f"{place}: {role} messages have no {_named(unknown)} that a chat template renders, so it would be lost; "
            "move it into the content, or leave it out of the row"
        )
    message: Message = {"role": role, "content": _text(known.get("content", ""), f"{place}.content")}
    if role == "assistant":
        message |= _turn(known, place)
    if "tool_call_id" in known:
        message["tool_call_id"] = _text(known["tool_call_id"], f"{place}.tool_call_id")
    return message


def _turn(known: dict[str, Any], place: str) -> dict[str, Any]:
    """Reasoning (in place of content too, where it stands there in its tags), calls and `train` of an assistant's message.

    Some servers write the tags and, beside them, a `reasoning_content` that is empty: it says as much as none.
    """
    given = [name for name in _REASONING if name in known]
    if len(given) > 1:
        raise UserError(f"{place}: has {' and '.join(given)}; reasoning has one name, so leave one out")
    reasoning = _text(known[given[0]], f"{place}.{given[0]}") if given else ""
    turn: dict[str, Any] = {}
    if not reasoning:
        content = _text(known.get("content", ""), f"{place}.content")
        if content.lstrip().startswith("<think>"):
            before, closed, after = content.lstrip().removeprefix("<think>").partition("</think>")
            if not closed:
                raise UserError(
                    f"{place}.content: begins with <think> and has no </think>; where its reasoning ends can't be told"
                )
            # The newlines around belong to the tags, and the templates write them again.
            reasoning, turn["content"] = before.strip("\n"), after.lstrip("\n")
    if "</think>" in reasoning or "<think>" in reasoning:
        raise UserError(
            f"{place}: its reasoning holds <think> or </think>, so it would be read as if it ended there; leave the row out, "
            "or write the tag in another way"
        )
    turn["reasoning_content"] = reasoning
    calls = known.get("tool_calls", [])
    if not isinstance(calls, list):
        raise UserError(f"{place}.tool_calls: is no list")
    if calls:
        turn["tool_calls"] = [_call(call, f"{place}.tool_calls[{index}]") for index, call in enumerate(calls)]
    train = known.get("train", True)
    if not isinstance(train, bool):
        raise UserError(f"{place}.train: is {_shown(train)}; true or false says whether the turn carries loss")
    if not train:
        turn["train"] = False
    return turn


def _call(value: Any, place: str) -> dict[str, Any]:
    function = value.get("function") if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise UserError(f"{place}: is no call, which has a `function` with `name` and `arguments`")
    known = {key for key, item in value.items() if item is not None} - _CALL_KEYS
    known |= {f"function.{key}" for key, item in function.items() if item is not None} - {
        "function.name",
        "function.arguments",
    }
    if known:
        raise UserError(
            f"{place}: has {_named(sorted(known))}, which no chat template renders; leave it out of the row"
        )
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        arguments = _json(arguments, f"{place}.function.arguments")
    if not isinstance(arguments, dict):
        raise UserError(
            f"{place}.function.arguments: is no JSON object, nor the text of one; the template could not render it"
        )
    name = None if value.get("id") is None else _text(value["id"], f"{place}.id")
    return {"id": name, "function": {"name": function["name"], "arguments": arguments}}


def _shown(value: Any) -> str:
    """A value as a sentence shows it. It may be of any length, and of any characters."""
    return repr(value)[:_LONG]


def _named(keys: list[str]) -> str:
    """The first few keys, as a sentence shows them."""
    return ", ".join(_shown(key) for key in keys[:_MANY]) + (f" and {len(keys) - _MANY} more" * (len(keys) > _MANY))


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise UserError(f"{place}: is no text; a template would render it as nothing or otherwise than it was meant")
    return value


def _in_order(messages: list[Message]) -> list[Message]:
    """The results of a turn's calls in the order of the calls: templates render no ids, so the place alone tells which is whose."""
    ordered: list[Message] = []
    for are_results, run in groupby(messages, key=lambda message: message["role"] == "tool"):
        together = list(run)
        if are_results and ordered:
            calls = [call["id"] for call in ordered[-1].get("tool_calls", [])]
            answered = [result.get("tool_call_id") for result in together]
            if len(set(calls)) == len(calls) and len(set(answered)) == len(answered) and set(answered) <= set(calls):
                together = [together[answered.index(call)] for call in calls if call in answered]
        ordered += together
    return ordered
