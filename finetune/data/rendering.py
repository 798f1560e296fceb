"""A row as the text, the tokens and the labels that are trained: rendered and tokenized once, and never touched again.

Which tokens carry loss is decided by the template alone, by its `{% generation %}` marks. `finetune.data.oracle` reads the text a second
time and in another way; this file does not know it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol
from unicodedata import normalize

from finetune.data.rows import Row
from finetune.data.templates import MARKERS, training_template
from pipeline.errors import UserError

NO_LOSS = -100  # what torch's cross entropy, and so every trainer, leaves out
Span = tuple[int, int]


class Tokenizer(Protocol):
    """What is asked of a tokenizer of transformers. It has to be a fast one: others don't tell which characters a token is of."""

    is_fast: bool
    added_tokens_decoder: dict[int, Any]

    def __call__(self, text: str, **settings: Any) -> Any:
        """The tokens of a text."""

    def decode(self, token_ids: list[int], **settings: Any) -> str:
        """The text of tokens."""


@dataclass(frozen=True)
class Rendered:
    """What is trained of a row. `labels` are the input_ids where there is loss, and else NO_LOSS; not shifted.

    `spans` are the characters of each token, in `text`; together they are the whole text.
    """

    row_id: str
    text: str
    input_ids: list[int]
    labels: list[int]
    spans: list[Span] = field(repr=False)

    @property
    def loss_tokens(self) -> int:
        """How many tokens carry loss."""
        return len(self.labels) - self.labels.count(NO_LOSS)


def render(row: Row, tokenizer: Tokenizer, template: str) -> Rendered:
    """The row by the training template of that name. Raises UserError, with the row, where template, text and tokens don't fit together."""
    text = training_template(template)
    refuse_other_tokenizer(tokenizer, template)
    return render_by(text, row, tokenizer)


def refuse_other_tokenizer(tokenizer: Tokenizer, template: str) -> None:
    """Raises UserError for a tokenizer that does not tell characters, or that is of another model than the template."""
    if not tokenizer.is_fast:
        raise UserError(
            "train.base.name: its tokenizer does not tell which characters a token is of; a model with a fast one is needed"
        )
    known = {token.content for token in tokenizer.added_tokens_decoder.values()}
    if missing := [marker for marker in MARKERS[template] if marker not in known]:
        raise UserError(
            f"train.base.template is {template}, and the tokenizer has no token {', '.join(missing)}; the template has to be the model's"
        )


def render_by(template: str, row: Row, tokenizer: Tokenizer) -> Rendered:
    """Like `render`, by the text of a template."""
    text, said = rendered_text(row, template)
    encoded = tokenizer(text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False)
    input_ids: list[int] = encoded["input_ids"]
    _refuse_other_text(tokenizer, input_ids, text, row.row_id)
    spans = _covering(encoded["offset_mapping"], text)
    kept = _inside(spans, said, text, row.row_id)
    labels = [token if loss else NO_LOSS for token, loss in zip(input_ids, kept, strict=True)]
    return Rendered(row.row_id, text, input_ids, labels, spans)


def rendered_text(row: Row, template: str) -> tuple[str, list[Span]]:
    """The row's text, and the characters of it that the template marks as the assistant's. Raises UserError if it refuses the row."""
    from jinja2 import TemplateError
    from transformers.utils.chat_template_utils import render_jinja_template

    try:
        texts, said = render_jinja_template(
            conversations=[row.messages],
            tools=row.tools or None,
            chat_template=template,
            return_assistant_tokens_mask=True,
        )
    except TemplateError as error:
        raise UserError(f"{row.row_id}: the chat template can't render it ({error})") from None
    return texts[0], said[0]


def _covering(offsets: Iterable[Span], text: str) -> list[Span]:
    """The tokens' characters without a gap: blanks that belong to none go to the token after them, accents to their letter's."""
    spans: list[Span] = []
    reached = 0
    for start, end in [*offsets, (len(text), len(text))]:
        if spans and text[reached:start].strip():
            spans[-1] = (spans[-1][0], start)
            reached = start
        spans.append((min(start, reached), max(end, reached)))
        reached = spans[-1][1]
    return spans[:-1]


def _refuse_other_text(tokenizer: Tokenizer, input_ids: list[int], text: str, row: str) -> None:
    """Raises UserError if the tokens are not the text. Tokenizers such as Qwen's write accents in one way (NFC), which is no difference."""
    told = tokenizer.decode(input_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    if told != text and normalize("NFC", told) != normalize("NFC", text):
        place = next(
            (index for index, (one, other) in enumerate(zip(told, text, strict=False)) if one != other),
            min(len(told), len(text)),
        )
        raise UserError(
            f"{row}: the tokenizer loses text: {text[place:][:40]!r} becomes {told[place:][:40]!r}, "
            "so it would not be trained; use another tokenizer"
        )


def _inside(spans: list[Span], said: list[Span], text: str, row: str) -> Iterator[bool]:
    """For each token, whether it is the assistant's. Raises UserError on one that is so in part."""
    coming = iter([*said, (len(text), len(text))])
    opens, closes = next(coming)
    for start, end in spans:
        while start >= closes and closes < len(text):
            opens, closes = next(coming)
        if start < opens < end or start < closes < end:
            around = text[max(0, start - 20) : end + 20]
            raise UserError(
                f"{row}: the token {text[start:end]!r} joins what the assistant wrote to what it did not, in {around!r}; "
                "the tokenizer does not have the template's markers as tokens of their own, so it does not belong to this template"
            )
        yield opens <= start and end <= closes
