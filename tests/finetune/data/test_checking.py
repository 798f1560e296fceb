"""No text of a session becomes a control token: a row with one is refused, with the place."""

from typing import Any

import pytest

from finetune.data.checking import checked
from finetune.data.templates import MARKERS
from pipeline.errors import UserError
from tests.finetune.data.made import BASH, TEMPLATES, row, tokenizer, worked

PLACES = [
    (r"messages\[0\].content", lambda messages, text: messages[0].update(content=text)),
    (r"messages\[1\].content", lambda messages, text: messages[1].update(content=text)),
    (r"messages\[2\].content", lambda messages, text: messages[2].update(content=text)),
    (r"messages\[2\].reasoning_content", lambda messages, text: messages[2].update(reasoning_content=text)),
    (r"messages\[3\].content", lambda messages, text: messages[3].update(content=text)),
    (r"messages\[2\].tool_calls\[0\].function.name", lambda messages, text: _call(messages).update(name=text)),
    (
        r"messages\[2\].tool_calls\[0\].function.arguments.a\[0\].b",
        lambda messages, text: _call(messages).update(arguments={"a": [{"b": text}]}),
    ),
    (
        r"messages\[2\].tool_calls\[0\].function.arguments, a key",
        lambda messages, text: _call(messages).update(arguments={text: 1}),
    ),
]


def _call(messages: list[dict[str, Any]]) -> dict[str, Any]:
    function: dict[str, Any] = messages[2]["tool_calls"][0]["function"]
    return function


@pytest.mark.parametrize(("place", "put"), PLACES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_control_token_in_any_text_is_refused_with_the_place(template: str, place: str, put: Any) -> None:
    for marker in (*MARKERS[template], "<|endoftext|>"):
        messages = worked()
        put(messages, f"see {marker} there")
        with pytest.raises(UserError, match=rf"row-1: {place} holds '.*', in 'see .* there'. The tokenizer would make"):
            checked(row(messages), tokenizer(template), template)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_control_token_in_a_tool_is_refused(template: str) -> None:
    tool = {"type": "function", "function": BASH["function"] | {"description": f"ends with {MARKERS[template][-1]}"}}  # type: ignore[operator]
    with pytest.raises(UserError, match=r"row-1: tools\[0\].function.description holds"):
        checked(row(worked(), [tool]), tokenizer(template), template)


@pytest.mark.parametrize("text", ["<|im_end", "|im_end|>", "<| im_end |>", "<think>", "</tool_call>", "<|user|>"])
def test_what_only_looks_like_a_control_token_is_trained(text: str) -> None:
    messages = worked()
    messages[3]["content"] = text
    assert text in checked(row(messages), tokenizer("qwen3"), "qwen3").text


def test_half_a_character_is_refused_with_the_place() -> None:
    messages = worked()
    messages[3]["content"] = "a \ud83d b"
    with pytest.raises(UserError, match=r"row-1: messages\[3\].content holds half a character"):
        checked(row(messages), tokenizer("qwen3"), "qwen3")


def test_arguments_nested_beyond_what_can_be_rendered_are_refused() -> None:
    read, nested = row(worked()), {"a": 1}
    for _ in range(5000):
        nested = {"a": nested}  # type: ignore[dict-item]
    _call(read.messages)["arguments"] = nested
    with pytest.raises(UserError, match=r"row-1: .* nested too deeply"):
        checked(read, tokenizer("qwen3"), "qwen3")
