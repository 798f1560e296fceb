"""Tokens are those of the rendered export: by o200k_base over a plain rendering, or by a model's own template."""

import json
import sys
from typing import Any

import pytest
from jinja2 import Template
from jinja2.exceptions import TemplateError

from pipeline.errors import UserError
from pipeline.tokens import count
from tests.trajectories import made
from trajectories.archive.session import session_of
from trajectories.checks.check import check
from trajectories.export.counting import OfTemplate, Once, plainly, tokenizer_of, tokens_of
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy

WORKED = session_of(made.worked(), "made")


@pytest.mark.parametrize("text", ["", "def f(x):\n    return x\n", "<|im_end|>", "日本語🎉", " " * 5_000])
def test_tokens_of_a_text_are_those_of_tiktoken(text: str) -> None:
    assert tokens_of(text) == count(text)


def test_every_text_of_the_export_is_counted() -> None:
    letters = plainly(len)
    messages = messages_of(WORKED, Policy())
    texts = [
        text for one in messages for text in (one["role"], one["content"], one.get("reasoning_content", "")) if text
    ]
    functions = [[call["function"] for call in one["tool_calls"]] for one in messages if "tool_calls" in one]
    written = [json.dumps(one) for one in [*functions, [made.BASH]]]
    assert letters(messages, [made.BASH]) == sum(len(text) + 1 for text in [*texts, *written])


def test_what_the_policy_drops_is_not_counted() -> None:
    def tokens(policy: Policy) -> int:
        return plainly()(messages_of(WORKED, policy), tools_of(WORKED))

    everything = tokens(Policy())
    for field in ("rejected", "commands", "reasoning"):
        assert tokens(Policy.model_validate({field: "drop"})) < everything


class LetterTokenizer:
    """As transformers' tokenizers are called; a token for each letter of the template's text."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def apply_chat_template(self, conversation: Any, **settings: Any) -> Any:
        self.asked = settings | {"messages": conversation}
        if settings["return_dict"]:
            return {"input_ids": [], "attention_mask": []}
        text = "".join(f"<|{one['role']}|>{one['content']}" for one in conversation)
        return list(settings.get("chat_template", "") + text)


# The rule of Qwen3's published template: reasoning is shown after the last message of the user alone.
AFTER_THE_LAST_USER = """
{%- set last = namespace(at=-1) -%}
{%- for one in messages -%}{%- if one.role == "user" -%}{%- set last.at = loop.index0 -%}{%- endif -%}{%- endfor -%}
{%- for one in messages -%}
<|{{ one.role }}|>
{%- if one.reasoning_content and loop.index0 > last.at -%}<think>{{ one.reasoning_content }}</think>{%- endif -%}
{{ one.content }}
{%- endfor -%}
"""
ALWAYS = AFTER_THE_LAST_USER.replace(" and loop.index0 > last.at", "")


class TemplateTokenizer:
    """Renders by a template, as transformers' tokenizers do; a token for each letter."""

    def __init__(self, template: str) -> None:
        self.template = Template(template)

    def apply_chat_template(self, conversation: Any, **settings: Any) -> Any:
        text = self.template.render(messages=conversation)
        return list(text) if settings["tokenize"] else text


def reasons(text: str = "Hm.", **fields: Any) -> dict[str, Any]:
    return made.said("agent", "Done.", reasoning_content=text, **fields)


def asks(text: str = "Go on.") -> dict[str, Any]:
    return made.said("user", text, limi={"kind": "request"})


def left_out(template: str, *steps: dict[str, Any], **policy: str) -> list[tuple[str, float | None]]:
    """What is found of reasoning in a session by a template: severity and number of turns."""
    counting = Once(OfTemplate(TemplateTokenizer(template)))
    findings = check(made.session(*steps), policy=Policy.model_validate(policy), counting=counting)
    return [(one.severity, one.value) for one in findings if one.rule == "reasoning_not_rendered"]


def test_reasoning_that_the_models_template_leaves_out_is_flagged_with_the_number_of_turns() -> None:
    steps = [asks(), reasons(), reasons(), asks(), reasons()]
    assert left_out(AFTER_THE_LAST_USER, *steps) == [("flagged", 2)]
    assert left_out(ALWAYS, *steps) == []


def test_reasoning_that_stands_in_another_text_too_is_left_out_all_the_same() -> None:
    assert left_out(AFTER_THE_LAST_USER, asks("Hm."), reasons(), asks(), made.said("agent", "Hm.")) == [("flagged", 1)]


def test_only_reasoning_that_would_be_trained_on_counts() -> None:
    assert left_out(AFTER_THE_LAST_USER, asks(), reasons(is_copied_context=True), reasons(" "), asks(), reasons()) == []
    assert left_out(AFTER_THE_LAST_USER, asks(), reasons(), asks(), reasons(), reasoning="drop") == []


def test_without_a_models_template_nothing_is_said_of_reasoning() -> None:
    assert not [one for one in check(made.session(asks(), reasons(), asks(), reasons())) if "reasoning" in one.rule]


def test_a_row_is_counted_once_until_another_one_comes() -> None:
    counted: list[str] = []

    def count(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> int:
        counted.append(messages[0]["content"])
        return len(counted)

    once = Once(count)
    a, b = [{"role": "user", "content": "a", "n": 1}], [{"role": "user", "content": "b"}]
    assert [once(a, []), once(a, []), once(b, []), once(b, [{}]), once(a, [])] == [1, 1, 2, 3, 4]
    assert once([a[0] | {"n": True}], []) == 5


def test_a_models_own_template_counts() -> None:
    tokenizer = LetterTokenizer()
    messages = [{"role": "user", "content": "abc"}]
    assert OfTemplate(tokenizer)(messages, []) == len("<|user|>abc")
    assert OfTemplate(tokenizer, "own")(messages, []) == len("own<|user|>abc")
    assert tokenizer.asked["tools"] is None


def test_a_template_gets_arguments_as_objects_however_they_are_exported() -> None:
    tokenizer = LetterTokenizer()
    for arguments in ("object", "text"):
        messages = messages_of(WORKED, Policy.model_validate({"arguments": arguments}))
        OfTemplate(tokenizer)(messages, tools_of(WORKED))
        first = next(one for one in tokenizer.asked["messages"] if "tool_calls" in one)
        assert first["tool_calls"][0]["function"]["arguments"] == {"command": "ls"}
        assert tokenizer.asked["tools"] == [made.BASH]


class RefusingTokenizer:
    """A template that refuses the conversation, as some do two messages of one role."""

    def apply_chat_template(self, conversation: Any, **settings: Any) -> Any:
        raise TemplateError("roles must alternate")


def test_a_template_that_refuses_a_session_is_told_by_the_checks_too() -> None:
    counting = OfTemplate(RefusingTokenizer())
    with pytest.raises(UserError, match="the model's chat template can't render it: roles must alternate"):
        counting([], [])
    assert [finding.rule for finding in check(WORKED, counting=counting)] == ["not_exportable"]


def test_without_transformers_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match="pip install transformers"):
        tokenizer_of("Qwen/Qwen3-8B")
