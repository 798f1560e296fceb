"""Ask a model for a value of a pydantic model: its JSON schema is sent, its validation decides, with one round of repair.

Many compatible servers ignore or refuse a schema, so every reply is validated here whatever the server promised. A reply that is
cut off, refused, no JSON or not valid is given back once with what was wrong; then the value is unusable and its raw text kept.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.llm.reply import Reply
from pipeline.llm.request import Message, Request
from pipeline.llm.verdict import NoReplyError
from pipeline.llm.visible import visible
from pipeline.sections import Model

Value = TypeVar("Value", bound=BaseModel)
Failure = Literal["no_reply", "refused", "truncated", "not_json", "not_valid"]

MOST_READ = 200_000  # characters of a reply; more than any output limit gives, and a bound for a hostile server
MOST_QUOTED = 8_000  # characters of a failed reply that are given back
MOST_PROBLEMS = 10
_FENCED = re.compile(r"^```(?:json)?", re.IGNORECASE)
_MOST_STEP = 60  # characters of a key that the reply made up
# OpenAI takes these with `strict` (guide "Structured outputs", supported schemas; lengths of strings since 2025, not for fine-tuned
# models), and llama.cpp's json-schema-to-grammar knows them all.
KEYWORDS = frozenset(
    """type properties required additionalProperties items enum description minLength maxLength minItems maxItems minimum
    maximum""".split()
)
# llama.cpp refuses a grammar that repeats 2,000 times or more (MAX_REPETITION_THRESHOLD).
MOST_REPEATED = 1_999
_IN_WORDS = "Answer with one JSON object and nothing else, no code fence. It has to be valid by this JSON schema:\n"


class Door(Protocol):
    """What answers: `ModelDoor`, or a stand-in."""

    async def ask(self, request: Request) -> Reply:
        """The reply to one request. Raises NoReplyError if there is none."""


@dataclass(frozen=True)
class Structured(Generic[Value]):
    """A valid value, and the one or two replies it took."""

    value: Value
    replies: list[Reply]


@dataclass(frozen=True)
class Unusable:
    """No valid value: why in one sentence, the last reply's raw text, and all replies."""

    reason: str
    raw: str
    replies: list[Reply]
    failure: Failure = "not_valid"


@dataclass(frozen=True)
class _Problem:
    failure: Failure
    sentence: str


class _NotJsonError(ValueError):
    pass


async def ask_for(
    kind: type[Value], door: Door, messages: Sequence[Message], chosen: Model, sample: int = 0
) -> Structured[Value] | Unusable:
    """A value of `kind`, or why there is none. What stops a whole stage (a spent budget, a refused key) is raised."""
    replies: list[Reply] = []
    asked = [*messages]
    while True:
        try:
            reply = await door.ask(request_of(kind, asked, chosen, sample))
        except NoReplyError as error:
            return Unusable(str(error), replies[-1].text if replies else "", replies, "no_reply")
        replies.append(reply)
        value = _read(kind, reply)
        if not isinstance(value, _Problem):
            return Structured(value, replies)
        if len(replies) == 2:
            return Unusable(value.sentence, reply.text, replies, value.failure)
        asked = [*messages, *_repair(reply, value)]


def request_of(kind: type[BaseModel], messages: Sequence[Message], chosen: Model, sample: int = 0) -> Request:
    """The request that asks for a value of `kind`; where the server takes no schema, the system message carries it in words."""
    asked = [dict(message) for message in messages]
    if chosen.structured != "json_schema":
        words = _IN_WORDS + json.dumps(schema_of(kind), ensure_ascii=False)
        if asked[0]["role"] == "system":
            asked[0]["content"] += f"\n\n{words}"
        else:
            asked.insert(0, {"role": "system", "content": words})
    return Request(
        model=chosen.name,
        messages=tuple(asked),
        schema_name=kind.__name__,
        schema=schema_of(kind),
        max_output_tokens=chosen.max_output_tokens,
        temperature=chosen.temperature,
        reasoning_effort=chosen.reasoning_effort,
        sample=sample,
    )


@cache
def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model, without titles. Raises TypeError where a server that enforces schemas would refuse it."""
    return _checked(kind.model_json_schema(), kind.__name__)


def _checked(schema: dict[str, Any], where: str) -> dict[str, Any]:
    kept = {keyword: value for keyword, value in schema.items() if keyword != "title"}
    if unknown := kept.keys() - KEYWORDS:
        raise TypeError(f"{where} uses {sorted(unknown)}, which not every server with schemas knows")
    if kept["type"] == "object":
        fields = kept.get("properties", {})
        if kept.get("additionalProperties") is not False or kept.get("required", []) != list(fields):
            raise TypeError(f"{where} must require all of its fields and forbid others")
        kept["properties"] = {name: _checked(field, f"{where}.{name}") for name, field in fields.items()}
    if kept["type"] == "array":
        _bounded(kept, "maxItems", where)
        kept["items"] = _checked(kept["items"], f"{where}[]")
    if kept["type"] == "string" and "enum" not in kept:
        _bounded(kept, "maxLength", where)
    return kept


def _bounded(schema: dict[str, Any], keyword: str, where: str) -> None:
    if not 0 < schema.get(keyword, 0) <= MOST_REPEATED:
        raise TypeError(f"{where} needs a {keyword} of 1 to {MOST_REPEATED}")


def _read(kind: type[Value], reply: Reply) -> Value | _Problem:
    """The value that a reply holds, or what is wrong with it, in words that hold nothing of it but the names of its keys."""
    if reply.refusal or reply.finish_reason == "content_filter":
        return _Problem("refused", "the model refused to answer, or a filter stopped its answer")
    try:
        return kind.model_validate(_json(reply.text))
    except ValidationError as error:
        problem = _Problem("not_valid", _sentence(error))
    except _NotJsonError as error:
        problem = _Problem("not_json", f"the reply is not one JSON object: {error}")
    if reply.finish_reason == "length":
        return _Problem("truncated", "the reply was cut off at the output limit before it was complete")
    return problem


def _json(text: str) -> object:
    """What a text says in JSON, without what some models put around it: their thoughts, a code fence. Raises _NotJsonError."""
    bare = text.strip()
    if bare.startswith("<think>"):
        bare = bare.partition("</think>")[2].strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = _FENCED.sub("", bare).removesuffix("```")
    if len(bare) > MOST_READ:
        raise _NotJsonError(f"it is longer than {MOST_READ} characters")
    try:
        return _storable(json.loads(bare, object_pairs_hook=_unrepeated, parse_constant=_no_constant))
    except _NotJsonError:
        raise
    except json.JSONDecodeError as error:
        raise _NotJsonError(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except (ValueError, RecursionError):
        raise _NotJsonError("a number is too long or its lists are too deep") from None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) < len(pairs):
        raise _NotJsonError("it gives a key twice")
    return found


def _no_constant(name: str) -> object:
    raise _NotJsonError(f"{name} is not JSON")


def _storable(value: Any) -> Any:
    """The value with halves of surrogate pairs, which JSON can spell and UTF-8 cannot, replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    told = [f"{_place(problem['loc'])}: {problem['msg']}" for problem in problems[:MOST_PROBLEMS]]
    more = len(problems) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _place(steps: tuple[int | str, ...]) -> str:
    return ".".join(visible(str(step)[:_MOST_STEP]).replace("\n", " ") for step in steps) or "the reply"


def _repair(reply: Reply, problem: _Problem) -> list[Message]:
    said = visible((reply.text or reply.refusal)[:MOST_QUOTED])
    ask = f"That answer cannot be used. What is wrong: {problem.sentence}. Answer again, the whole JSON object, with that put right."
    if problem.failure == "truncated":
        ask += " Be much shorter."
    return [{"role": "assistant", "content": said or "(no answer)"}, {"role": "user", "content": ask}]
