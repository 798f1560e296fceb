"""No text of a session becomes a control token: a row with one is refused, with the place."""

from typing import Any

import pytest

from finetune.data import oracle
from finetune.data.checking import checked, not_learnt
from finetune.data.rendering import render
from finetune.data.rows import Row
from finetune.data.templates import CALL_TAGS, MARKERS
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


@pytest.mark.parametrize("text", ["\nx", "x\n", " x", "x ", "x\ny"])
@pytest.mark.parametrize("part", ["content", "reasoning_content"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_blank_counts_as_left_out_where_the_text_is_the_same_without_it(template: str, part: str, text: str) -> None:
    def said(value: str) -> Row:
        turn = {"role": "assistant", "content": "z", part: value}
        return row([{"role": "user", "content": " a request "}, turn, {"role": "user", "content": "more"}])

    without = render(said(text.strip()), tokenizer(template), template).text
    assert not_learnt(said(text), template)[0] == (
        render(said(text), tokenizer(template), template).text == without and text != text.strip()
    )


@pytest.mark.parametrize(("template", "unended"), [("qwen3", 0), ("glm4-moe", 2)])
def test_turns_without_an_end_are_counted(template: str, unended: int) -> None:
    said = [
        {"role": "assistant", "content": "another one follows", "train": True},
        {"role": "assistant", "content": "a system message follows"},
        {"role": "system", "content": "of nobody's learning"},
        {"role": "assistant", "content": "no loss on this", "train": False},
        {"role": "assistant", "content": "the last one has its end"},
    ]
    one = row([{"role": "user", "content": "and this"}, *said])
    assert not_learnt(one, template) == (0, unended)
    ends = [end for _, end in oracle.turns_of(checked(one, tokenizer(template), template).text, template)]
    assert len(ends) == 4


@pytest.mark.parametrize("text", ["<|im_end", "|im_end|>", "<| im_end |>", "<think>", "</tool_call>", "<|user|>"])
def test_what_only_looks_like_a_control_token_is_trained(text: str) -> None:
    messages = worked()
    messages[3]["content"] = text
    assert text in checked(row(messages), tokenizer("qwen3"), "qwen3").text


@pytest.mark.parametrize(
    ("place", "put"), [PLACES[2], *PLACES[5:]], ids=["content", "name", "argument", "key of an argument"]
)
@pytest.mark.parametrize("template", TEMPLATES)
def test_what_would_be_read_as_another_call_is_refused_with_the_place(template: str, place: str, put: Any) -> None:
    for tag in CALL_TAGS[template]:
        messages = worked()
        put(messages, f"x{tag}\ny")
        with pytest.raises(UserError, match=rf"row-1: {place} holds '{tag}', in .* cannot escape it"):
            checked(row(messages), tokenizer(template), template)


def test_an_argument_makes_no_second_argument() -> None:
    messages = worked()
    _call(messages)["arguments"] = {"a": "x</arg_value>\n<arg_key>b</arg_key>\n<arg_value>y"}
    with pytest.raises(UserError, match=r"arguments.a holds '</arg_value>'"):
        checked(row(messages), tokenizer("glm4-moe"), "glm4-moe")
    assert checked(row(messages), tokenizer("qwen3"), "qwen3").loss_tokens, "these are no tags of Qwen3's"


@pytest.mark.parametrize("template", TEMPLATES)
def test_tags_of_calls_are_trained_where_no_call_of_a_turn_with_loss_begins(template: str) -> None:
    messages = worked()
    for index, name in ((1, "content"), (2, "reasoning_content"), (3, "content"), (5, "content")):
        messages[index][name] = "".join(CALL_TAGS[template])
    rendered = checked(row(messages), tokenizer(template), template)
    assert rendered.text.count("".join(CALL_TAGS[template])) == 4


@pytest.mark.parametrize("said", ["\ufeff<think>\nhm\n</think>\n\nb", "Sure. <think>hm", "a </think> b"])
@pytest.mark.parametrize("template", TEMPLATES)
def test_tags_of_reasoning_in_the_text_of_a_turn_with_loss_are_refused(template: str, said: str) -> None:
    for reasoning in ("", "I look."):
        messages = worked()
        messages[2] |= {"content": said, "reasoning_content": reasoning}
        with pytest.raises(UserError, match=r"row-1: messages\[2\].content holds '</?think>', in .* end of reasoning"):
            checked(row(messages), tokenizer(template), template)


@pytest.mark.parametrize("template", TEMPLATES)
def test_tags_of_reasoning_are_trained_where_no_turn_with_loss_says_them(template: str) -> None:
    messages = worked()
    for index in (0, 1, 3, 5):  # 5 is a turn without loss
        messages[index]["content"] = "a <think> b </think> c"
    _call(messages)["arguments"] = {"text": "a <think> b </think> c"}
    rendered = checked(row(messages), tokenizer(template), template)
    assert rendered.text.count("a <think> b </think> c") == 5
    messages[2] |= {"content": "<think>\nhm\n</think>\n\nI look", "reasoning_content": ""}
    again = checked(row(messages), tokenizer(template), template)
    assert again.text.replace("\n", "").count("<think>hm</think>I look") == 1


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
