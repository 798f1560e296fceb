"""A second reading of what carries loss, from the rendered text alone: no template, no mark and nothing of `finetune.data.rendering`.

The text is split at the markers of who speaks. What follows an assistant's marker, up to and with the token that ends its turn,
carries loss, unless the turn has `train: false`. `finetune.data.checking` holds this against the template's own marks.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from finetune.data.messages import place_in
from pipeline.errors import UserError

Span = tuple[int, int]
_QWEN_TURN = re.compile(r"<\|im_start\|>([a-z]+)\n")
_GLM_TURN = re.compile(r"<\|(system|user|assistant|observation)\|>")
_GLM_STOPS = ("user", "observation")
_TAKEN_AWAY = {"qwen3": "\n", "glm4-moe": None}


def loss_mask(text: str, spans: Sequence[Span], trained: Sequence[bool], template: str) -> list[bool]:
    """Whether each token carries loss, by the characters that it is of. `trained` says it for each turn of the assistant, in order.

    Raises UserError if the text has another number of turns.
    """
    turns = list(turns_of(text, template))
    if len(turns) != len(trained):
        raise UserError(
            f"{len(trained)} turns of the assistant are told by the messages, and {len(turns)} by the text that was rendered"
        )
    marked = bytearray(len(text))
    for (start, end), loss in zip(turns, trained, strict=True):
        if loss:
            marked[start:end] = b"\x01" * (end - start)
    return [start < end and marked.find(0, start, end) < 0 for start, end in spans]


def turns_of(text: str, template: str) -> Iterator[Span]:
    """The characters of each turn of the assistant: from after its marker to after the token that it ends with."""
    if template == "qwen3":
        for marker in _QWEN_TURN.finditer(text):
            if marker[1] == "assistant":
                yield marker.end(), text.index("<|im_end|>", marker.end()) + len("<|im_end|>")
        return
    for marker, following in pairwise(_GLM_TURN.finditer(text)):
        if marker[1] == "assistant":
            yield marker.end(), following.end() if following[1] in _GLM_STOPS else following.start()


def first_lost(text: str, messages: list[dict[str, Any]], template: str) -> str:
    """The place of the first thing said that is not in the text at its turn, in the order of the messages; empty if all of it is there.

    What a template takes away at both ends of a text is not looked for: newlines for Qwen3's, all blanks for GLM-4.5's.
    """
    reached, away = 0, _TAKEN_AWAY[template]
    for place, said in _said(messages, template):
        said = said.strip(away)
        found = text.find(said, reached)
        if found < 0:
            return place
        reached = found + len(said)
    return ""


def taken_away(turns: list[dict[str, Any]], template: str) -> int:
    """How many characters of the assistant's reasoning and text the template takes away at their ends."""
    away, found = _TAKEN_AWAY[template], 0
    for turn in turns:
        reasoning, content = turn.get("reasoning_content", ""), turn["content"]
        found += len(reasoning) - len(reasoning.strip(away))
        # Qwen3's template leaves newlines at the end of a text where they are.
        found += len(content) - len(content.lstrip(away) if template == "qwen3" else content.strip(away))
    return found


def _said(messages: list[dict[str, Any]], template: str) -> Iterator[tuple[str, str]]:
    """Place and text of everything that the messages say, in the order in which it is rendered."""
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        yield f"{place}.reasoning_content", message.get("reasoning_content", "")
        yield f"{place}.content", message["content"]
        for number, call in enumerate(message.get("tool_calls", [])):
            place_of_call = f"{place}.tool_calls[{number}].function"
            yield f"{place_of_call}.name", call["function"]["name"]
            arguments = call["function"]["arguments"]
            if template == "qwen3":
                yield f"{place_of_call}.arguments", json.dumps(arguments, ensure_ascii=False)
            else:
                for name, value in arguments.items():
                    yield f"{place_of_call}.arguments, a key", name
                    yield (
                        place_in(f"{place_of_call}.arguments", name),
                        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False),
                    )
