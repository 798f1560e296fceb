"""How many tokens a row has for the model that will be trained on it: what is counted is the rendered export, not the archive.

Without a tokenizer of the target model, o200k_base counts a plain rendering: the tools, and each message with its role, reasoning, content
and calls on lines of their own. That is near what chat templates give for English and code, but not a model's own figure. `OfTemplate`
is, with that model's tokenizer and chat template (optional: `pip install transformers`).
"""

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol

from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.tokens import count_up_to
from trajectories.export.messages import Message, Tool

Counting = Callable[[list[Message], list[Tool]], int]
_NO_LIMIT = 10**9  # tokens


class Tokenizer(Protocol):
    """What is asked of a tokenizer of transformers."""

    def apply_chat_template(self, conversation: Any, **settings: Any) -> Any:
        """The tokens of a conversation by the model's template."""


def tokens_of(text: str) -> int:
    """Tokens of a text by o200k_base, exact."""
    return count_up_to(text, _NO_LIMIT)


def plainly(count: Callable[[str], int] = tokens_of) -> Counting:
    """Counts the plain rendering by what counts a text."""

    def counted(messages: list[Message], tools: list[Tool]) -> int:
        return sum(count(piece) for piece in _plain(messages, tools))

    return counted


class OfTemplate:
    """Counts what a tokenizer's chat template renders; `template` takes the place of its own."""

    def __init__(self, tokenizer: Tokenizer, template: str | None = None) -> None:
        self._tokenizer = tokenizer
        self._chosen = {} if template is None else {"chat_template": template}

    def __call__(self, messages: list[Message], tools: list[Tool]) -> int:
        """Tokens of the rendered row. Raises UserError if the template refuses it."""
        return len(self._rendered(messages, tools, tokenize=True))

    def unrendered(self, messages: list[Message], tools: list[Tool]) -> int:
        """In how many turns that carry loss the template leaves out the reasoning. Raises UserError if it refuses the row.

        Many show the reasoning after the last user message alone, so that each further turn of the human takes away what came before.
        """
        marks = {
            at: f"[reasoning of message {at} of {len(messages)}, {sha256_text(str(at))}]"
            for at, message in enumerate(messages)
            if message.get("reasoning_content", "").strip() and message.get("train", True)
        }
        if not marks:
            return 0
        marked = [
            message | {"reasoning_content": marks[at]} if at in marks else message
            for at, message in enumerate(messages)
        ]
        text = self._rendered(marked, tools, tokenize=False)
        return sum(mark not in text for mark in marks.values())

    def _rendered(self, messages: list[Message], tools: list[Tool], tokenize: bool) -> Any:
        told = [_with_objects(message) for message in messages]
        try:
            # Newer versions of transformers give a dictionary by default, whose length is the number of its keys.
            settings = {"tokenize": tokenize, "return_dict": False, **self._chosen}
            return self._tokenizer.apply_chat_template(told, tools=tools or None, **settings)
        except Exception as error:
            if not type(error).__module__.startswith("jinja2"):
                raise
            raise UserError(f"the model's chat template can't render it: {error}") from None


class Once:
    """Counts a row once where it is asked for again at once, as by the checks and then by the export."""

    def __init__(self, counting: Counting) -> None:
        self.counting = counting
        self._asked, self._tokens = "", 0

    def __call__(self, messages: list[Message], tools: list[Tool]) -> int:
        """Tokens of the row."""
        asked = json.dumps([messages, tools])
        if asked != self._asked:
            self._tokens = self.counting(messages, tools)
            self._asked = asked
        return self._tokens


def unrendered(counting: Counting, messages: list[Message], tools: list[Tool]) -> int:
    """In how many turns a model's template leaves out the reasoning; 0 where none counts. Raises UserError if it refuses the row."""
    by = counting.counting if isinstance(counting, Once) else counting
    return by.unrendered(messages, tools) if isinstance(by, OfTemplate) else 0


def tokenizer_of(model: str) -> Tokenizer:
    """The tokenizer of a folder, or of a name on the Hub. Raises UserError without transformers, or if there is none such."""
    try:
        transformers = import_module("transformers")
    except ImportError:
        raise UserError("counting by a model's own template needs transformers: `pip install transformers`") from None
    try:
        tokenizer: Tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise UserError(f"there is no tokenizer in {model}: {str(error).splitlines()[0]}") from None
    return tokenizer


def _plain(messages: list[Message], tools: list[Tool]) -> Iterator[str]:
    if tools:
        yield _written(tools)
    for message in messages:
        yield f"{message['role']}\n"
        for key in ("reasoning_content", "content"):
            if message.get(key):
                yield f"{message[key]}\n"
        if message.get("tool_calls"):
            yield _written([call["function"] for call in message["tool_calls"]])


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _with_objects(message: Message) -> Message:
    """The message with its calls' arguments as objects, which some templates need; text that is no JSON object stays."""
    if "tool_calls" not in message:
        return message
    calls = [
        {**call, "function": {**call["function"], "arguments": _object(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def _object(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return value if isinstance(value, dict) else arguments
