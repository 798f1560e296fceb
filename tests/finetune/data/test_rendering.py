"""Text, tokens and labels belong together: the tokens are the text, each has its characters, and the labels are transformers' own mask."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from tokenizers import Tokenizer, normalizers, processors
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

from finetune.data.checking import checked
from finetune.data.rendering import NO_LOSS, render, render_by
from finetune.data.templates import MARKERS, training_template
from pipeline.errors import UserError
from tests.finetune.data.made import TEMPLATES, conversations, row, tokenizer, tools, worked


def changed(**parts: Any) -> PreTrainedTokenizerFast:
    """The demo's tokenizer with other parts."""
    backend = Tokenizer.from_str(tokenizer("qwen3").backend_tokenizer.to_str())
    for name, part in parts.items():
        setattr(backend, name, part)
    return PreTrainedTokenizerFast(tokenizer_object=backend)


@settings(max_examples=30, deadline=None)
@given(messages=conversations(), defined=tools)
@pytest.mark.parametrize("template", TEMPLATES)
def test_tokens_and_loss_are_what_transformers_makes_of_the_same_template(
    template: str, messages: list[dict[str, Any]], defined: list[Any]
) -> None:
    read, chosen = row(messages, defined), tokenizer(template)
    # A turn that ends without a stop token: there transformers 5.23 is wrong (the test below).
    assume(
        template == "qwen3"
        or not any(one["role"] == two["role"] == "assistant" for one, two in pairwise(read.messages))
    )
    rendered = render(read, chosen, template)
    of_transformers = chosen.apply_chat_template(
        read.messages,
        tools=defined or None,
        chat_template=training_template(template),
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    assert rendered.input_ids == of_transformers["input_ids"]
    assert [int(label != NO_LOSS) for label in rendered.labels] == of_transformers["assistant_masks"]


def test_the_characters_of_the_tokens_are_the_whole_text_also_where_one_has_several_tokens() -> None:
    read = row([{"role": "user", "content": "e\u0301 👩‍👩‍👧 \u212b"}, {"role": "assistant", "content": "क्षि e\u0301"}])
    rendered = render(read, tokenizer("qwen3"), "qwen3")
    reached = 0
    for start, end in rendered.spans:
        assert start <= reached <= end and start < end
        reached = end
    assert reached == len(rendered.text)
    assert len(set(rendered.spans)) < len(rendered.spans)


@pytest.mark.parametrize("content", ["e\u0301", "\u212b", "👩‍👩‍👧"])
def test_a_turn_without_a_stop_token_has_loss_to_the_last_token_of_its_last_character_and_no_further(
    content: str,
) -> None:
    """Here transformers 5.23 leaves a token out, or takes all the rest of the row in where the tokenizer joins an accent to its letter."""
    turns = [{"role": "assistant", "content": content}, {"role": "assistant", "content": "b"}]
    rendered = render(row([{"role": "user", "content": "a"}, *turns]), tokenizer("glm4-moe"), "glm4-moe")
    last = rendered.text.rindex("<|assistant|>")
    with_loss = [span for span, label in zip(rendered.spans, rendered.labels, strict=True) if label != NO_LOSS]
    assert [end for start, end in with_loss if start < last][-1] == last
    assert not [start for start, _ in with_loss if last <= start < last + len("<|assistant|>")]
    assert sum(end > last - len(content) for start, end in with_loss if start < last) == len(
        tokenizer("glm4-moe").encode(content)
    )


def test_a_long_row_is_not_cut() -> None:
    messages = worked()
    messages[3]["content"] = "line of a log\n" * 30_000
    rendered = render(row(messages), tokenizer("qwen3"), "qwen3")
    assert len(rendered.input_ids) > 150_000
    assert rendered.text.endswith("Done.<|im_end|>\n") and rendered.labels[-2] == rendered.input_ids[-2]


def test_blanks_that_a_tokenizer_counts_to_no_token_change_no_loss() -> None:
    whole = render(row(worked()), tokenizer("qwen3"), "qwen3")
    trimmed = changed(post_processor=processors.ByteLevel(trim_offsets=True))
    found = checked(row(worked()), trimmed, "qwen3")
    assert (found.input_ids, found.labels) == (whole.input_ids, whole.labels)
    assert "".join(found.text[start:end] for start, end in found.spans) == found.text


def test_a_tokenizer_that_loses_text_is_refused() -> None:
    with pytest.raises(UserError, match=r"row-1: the tokenizer loses text: 'You.* becomes 'you"):
        render(row(worked()), changed(normalizer=normalizers.Lowercase()), "qwen3")


def test_a_token_across_the_border_of_a_turn_is_refused() -> None:
    template = training_template("qwen3").replace("'<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' +", "")
    read = row([{"role": "user", "content": "a"}, {"role": "assistant", "content": "x"}])
    joined = changed()
    render_by(template, read, joined)
    joined.add_tokens(["\nx"])
    with pytest.raises(UserError, match=r"row-1: the token '\\nx' joins what the assistant wrote to what it did not"):
        render_by(template, read, joined)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_tokenizer_of_another_model_is_refused(template: str) -> None:
    (other,) = set(TEMPLATES) - {template}
    with pytest.raises(
        UserError,
        match=f"train.base.template is {template}, and the tokenizer has no token .*{MARKERS[template][-1][2:-2]}",
    ):
        render(row(worked()), tokenizer(other), template)


def test_a_tokenizer_that_tells_no_characters_is_refused() -> None:
    with pytest.raises(UserError, match="does not tell which characters a token is of"):
        render(row(worked()), ByT5Tokenizer(), "qwen3")


def test_a_row_that_the_template_refuses_is_told() -> None:
    with pytest.raises(UserError, match="row-1: the chat template can't render it \\(no\\)"):
        render_by("{{ raise_exception('no') }}", row(worked()), tokenizer("qwen3"))


def test_loss_tokens_are_counted() -> None:
    rendered = render(row(worked()), tokenizer("qwen3"), "qwen3")
    assert 0 < rendered.loss_tokens == sum(label != NO_LOSS for label in rendered.labels) < len(rendered.labels)
