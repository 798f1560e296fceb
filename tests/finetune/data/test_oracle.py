"""The template's marks and the second reading of the text agree, on any conversation; and each is known to see what is wrong."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from finetune.data import oracle
from finetune.data.checking import refuse_lost, refuse_other_loss
from finetune.data.messages import carries_loss
from finetune.data.rendering import NO_LOSS, render, render_by
from finetune.data.templates import STOP_TOKENS, training_template
from pipeline.errors import UserError
from tests.finetune.data.made import TEMPLATES, conversations, row, tokenizer, tools, worked


@settings(max_examples=100, deadline=None)
@given(messages=conversations(), defined=tools)
@pytest.mark.parametrize("template", TEMPLATES)
def test_the_templates_loss_is_that_of_the_text(
    template: str, messages: list[dict[str, Any]], defined: list[Any]
) -> None:
    read = row(messages, defined)
    rendered = render(read, tokenizer(template), template)
    refuse_lost(read, rendered, template)
    refuse_other_loss(read, rendered, template)
    trained = [carries_loss(message) for message in read.messages if message["role"] == "assistant"]
    mask = oracle.loss_mask(rendered.text, rendered.spans, trained, template)
    assert [label != NO_LOSS for label in rendered.labels] == mask
    assert any(mask)


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_loss_is_on_reasoning_content_calls_and_stop_tokens_of_the_trained_turns_alone(template: str) -> None:
    rendered = render(row(worked()), tokenizer(template), template)
    said = "".join(
        rendered.text[start:end]
        for (start, end), label in zip(rendered.spans, rendered.labels, strict=True)
        if label != NO_LOSS
    )
    for trained in ("Where is the search?", "I look first.", "bash", "read", "Done."):
        assert trained in said
    for other in ("You solve", "Make the search", "src", "I remove it.", "Not that", "def search"):
        assert other not in said and other in rendered.text
    stops = [token for token in re.findall(r"<\|\w+\|>", said) if token in STOP_TOKENS[template]]
    assert stops == (["<|im_end|>"] * 2 if template == "qwen3" else ["<|observation|>", "<|user|>"])


def broken(template: str, old: str, new: str) -> str:
    text = training_template(template)
    assert text.count(old) == 1
    return text.replace(old, new)


ENDS = "            {{- turn }}\n            {%- endgeneration %}"
LOSS = "message.train is defined and message.train is false"
RESULT = "{{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}"


@pytest.mark.parametrize(
    ("template", "old", "new"),
    [
        # the stop token after the mark, as LIMI's release had it
        ("qwen3", ENDS, ENDS.replace("turn", "turn[:-10]", 1) + "{{- turn[-10:] }}"),
        # the newline after it inside, as TRL has it
        ("qwen3", ENDS, ENDS.replace("turn", "turn + '\\n'", 1)),
        # the role inside
        ("qwen3", "{%- generation %}", "{%- generation %}{{- '<|im_start|>assistant\\n' }}"),
        # `train` not read
        ("qwen3", LOSS, "false"),
        ("glm4-moe", LOSS, "false"),
        # no loss on the first turn
        ("qwen3", LOSS, "loop.index0 < 3"),
        ("glm4-moe", LOSS, "loop.index0 < 3"),
        # a tool's results inside
        ("glm4-moe", RESULT, "{% generation %}" + RESULT + "{% endgeneration %}"),
    ],
)
def test_a_template_with_another_loss_is_refused_with_the_token_and_the_text_around(
    template: str, old: str, new: str
) -> None:
    read = row(worked())
    refuse_other_loss(read, render(read, tokenizer(template), template), template)
    rendered = render_by(broken(template, old, new), read, tokenizer(template))
    with pytest.raises(UserError, match=r"row-1: (token \d+ of \d+, .* in '|\d turns of the assistant)"):
        refuse_other_loss(read, rendered, template)


@pytest.mark.parametrize(
    ("template", "old", "new", "lost"),
    [
        ("qwen3", "+ reasoning.strip('\\n') +", "+ (reasoning.strip('\\n') if loop.last else '') +", r"messages\[2\].reasoning"),
        ("glm4-moe", "+ reasoning.strip() +", "+ (reasoning.strip() if loop.last else '') +", r"messages\[2\].reasoning"),
        ("qwen3", "for call in message.tool_calls or []", "for call in (message.tool_calls or [])[:1]", r"tool_calls\[1\]"),
        ("glm4-moe", "for call in message.tool_calls or []", "for call in (message.tool_calls or [])[:1]", r"tool_calls\[1\]"),
        ("qwen3", "message.role == 'tool'", "message.role == 'none'", r"messages\[3\].content"),
        ("glm4-moe", "message.role == 'system'", "message.role == 'none'", r"messages\[0\].content"),
        ("glm4-moe", "in function.arguments.items()", "in []", r"messages\[2\].*a key"),
    ],
)  # fmt: skip
def test_a_template_that_loses_what_was_said_is_refused_with_the_place(
    template: str, old: str, new: str, lost: str
) -> None:
    read = row(worked())
    refuse_lost(read, render(read, tokenizer(template), template), template)
    with pytest.raises(UserError, match=f"row-1: .*{lost}.* is not in what the template"):
        refuse_lost(read, render_by(broken(template, old, new), read, tokenizer(template)), template)


def test_what_is_said_twice_has_to_be_there_twice_and_in_the_order_it_was_said() -> None:
    said = [{"role": "user", "content": content} for content in ("a", "b", "a")]
    assert oracle.first_lost("a b a", said, "qwen3") == ""
    assert oracle.first_lost("a b", said, "qwen3") == "messages[2].content"
    assert oracle.first_lost("b a a", said, "qwen3") == "messages[1].content"


def test_blanks_that_the_template_does_not_take_away_have_to_be_there() -> None:
    said = [{"role": "user", "content": "\n  def f():\n"}]
    assert oracle.first_lost("x\n  def f():", said, "qwen3") == ""
    assert oracle.first_lost("x\ndef f():", said, "qwen3") == "messages[0].content"
    assert oracle.first_lost("x\ndef f():", said, "glm4-moe") == ""


def test_labels_shifted_by_one_are_refused() -> None:
    read = row(worked())
    rendered = render(read, tokenizer("qwen3"), "qwen3")
    shifted = replace(rendered, labels=[*rendered.labels[1:], NO_LOSS])
    with pytest.raises(UserError, match="row-1: token"):
        refuse_other_loss(read, shifted, "qwen3")


def test_a_text_with_another_number_of_turns_is_refused() -> None:
    read = row(worked())
    rendered = render(read, tokenizer("qwen3"), "qwen3")
    with pytest.raises(UserError, match="row-1: 2 turns of the assistant are told by the messages, and 3 by the text"):
        refuse_other_loss(replace_messages(read, 5), rendered, "qwen3")


def replace_messages(read: Any, without: int) -> Any:
    return replace(read, messages=[message for index, message in enumerate(read.messages) if index != without])
