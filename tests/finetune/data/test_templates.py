"""The templates render what the models' own render, wherever these keep the reasoning, and reasoning is kept everywhere."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from transformers.utils.chat_template_utils import render_jinja_template

from finetune.data.rendering import rendered_text
from finetune.data.templates import MARKERS, STOP_TOKENS, inference_template, training_template
from pipeline.errors import UserError
from tests.finetune.data.made import BASH, TEMPLATES, conversations, models_own, row, tools, worked

ORIGINALS = {"qwen3": "qwen3", "glm4-moe": "glm4moe"}
Messages = list[dict[str, Any]]


def rendered(template: str, messages: Messages, tools: Messages | None = None, **settings: Any) -> str:
    texts, _ = render_jinja_template([messages], tools=tools or None, chat_template=template, **settings)
    return str(texts[0])


def rounds(messages: Messages) -> list[Messages]:
    """The messages, cut before each request but the first: to a template that looks for the last request, each is the last."""
    cut: list[Messages] = [[]]
    for message in messages:
        if message["role"] == "user" and any(earlier["role"] == "user" for earlier in cut[-1]):
            cut.append([])
        cut[-1].append(message)
    return cut


def without_last_stop(text: str, template: str) -> str:
    """GLM's own template writes the token that a turn ends with only where a message follows."""
    return re.sub(r"<\|(user|observation)\|>\Z", "", text) if template == "glm4-moe" else text


def requested(messages: Messages) -> bool:
    """Whether Qwen's own template takes each message of the user for a request, and not for a tool's answer."""
    return not any(
        message["role"] == "user" and message["content"].startswith("<tool_response>") for message in messages
    )


@settings(max_examples=60, deadline=None)
@given(messages=conversations(reasoned=True).filter(requested), defined=tools)
@pytest.mark.parametrize("template", TEMPLATES)
def test_each_round_is_rendered_as_the_models_own_template_renders_it_as_the_last(
    template: str, messages: Messages, defined: Messages
) -> None:
    read = row(messages).messages
    original = models_own(ORIGINALS[template])
    pieces = [rendered(original, part, defined if not index else None) for index, part in enumerate(rounds(read))]
    expected = pieces[0] + "".join(piece.removeprefix("[gMASK]<sop>") for piece in pieces[1:])
    assert without_last_stop(
        rendered_text(row(messages, defined), training_template(template))[0], template
    ) == without_last_stop(expected, template)


@settings(max_examples=60, deadline=None)
@given(messages=conversations(), defined=tools)
def test_qwens_text_is_that_of_trls_training_template_also_without_reasoning(
    messages: Messages, defined: Messages
) -> None:
    read = row(messages, defined)
    assert rendered_text(read, training_template("qwen3"))[0] == rendered(
        models_own("qwen3_training"), read.messages, defined
    )


def test_qwens_loss_is_that_of_trls_training_template_less_the_newline_after_the_stop_token() -> None:
    messages = [message | {"train": True} if message["role"] == "assistant" else message for message in worked()]
    text, said = rendered_text(row(messages), training_template("qwen3"))
    _, of_trl = rendered_text(row(messages), models_own("qwen3_training"))
    assert [(start, end - 1) for start, end in of_trl] == said
    assert all(text[:end].endswith("<|im_end|>") and text[end] == "\n" for _, end in said)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_models_own_template_loses_reasoning_that_ours_keeps(template: str) -> None:
    read = row(worked()).messages
    assert "Where is the search?" not in rendered(models_own(ORIGINALS[template]), read)
    assert "Where is the search?" in rendered(inference_template(template), read)


@settings(max_examples=30, deadline=None)
@given(messages=conversations(), defined=tools)
@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_rendered_at_inference_is_the_text_that_was_trained(
    template: str, messages: Messages, defined: Messages
) -> None:
    read = row(messages, defined)
    assert (
        rendered(inference_template(template), read.messages, defined)
        == rendered_text(read, training_template(template))[0]
    )


@settings(max_examples=30, deadline=None)
@given(messages=conversations(), defined=tools)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_prompt_at_inference_is_the_beginning_of_what_was_trained_up_to_each_turn(
    template: str, messages: Messages, defined: Messages
) -> None:
    read = row(messages, defined)
    text, _ = rendered_text(read, training_template(template))
    for index, message in enumerate(read.messages):
        if message["role"] == "assistant":
            prompt = rendered(inference_template(template), read.messages[:index], defined, add_generation_prompt=True)
            assert text.startswith(prompt)


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_prompt_is_the_models_own(template: str, thinking: bool) -> None:
    asked = row(worked()).messages[:2]
    chosen: dict[str, Any] = {"tools": [BASH], "add_generation_prompt": True, "enable_thinking": thinking}
    assert rendered(inference_template(template), asked, **chosen) == rendered(
        models_own(ORIGINALS[template]), asked, **chosen
    )


def test_glms_turn_stops_at_the_marker_of_who_speaks_next_and_that_carries_loss() -> None:
    messages: Messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
        {"role": "tool", "content": "c"},
        {"role": "assistant", "content": "d"},
        {"role": "user", "content": "e"},
        {"role": "assistant", "content": "f"},
        {"role": "assistant", "content": "g", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
    ]
    text, said = rendered_text(row(messages), training_template("glm4-moe"))
    assert [re.sub(r".*</?\w+>|\s", "", text[start:end], flags=re.DOTALL) for start, end in said] == [
        "<|observation|>",
        "d<|user|>",
        "f",  # nobody but the assistant speaks next: no token that generation would stop at
        "<|observation|>",
    ]


def test_glms_template_refuses_arguments_that_are_a_text() -> None:
    call = {"function": {"name": "f", "arguments": "{}"}}
    with pytest.raises(Exception, match="needs an object"):
        rendered(inference_template("glm4-moe"), [{"role": "assistant", "content": "", "tool_calls": [call]}])


@pytest.mark.parametrize("template", TEMPLATES)
def test_only_the_training_template_has_marks(template: str) -> None:
    assert len(re.findall("generation %}", training_template(template))) == 2
    assert "generation %}" not in inference_template(template)


def test_every_template_has_markers_and_stop_tokens() -> None:
    assert MARKERS.keys() == STOP_TOKENS.keys() == set(TEMPLATES)
    assert all(set(STOP_TOKENS[name]) < set(MARKERS[name]) for name in TEMPLATES)


def test_an_unknown_template_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(UserError, match="there are glm4-moe, qwen3"):
        training_template("../rows")
