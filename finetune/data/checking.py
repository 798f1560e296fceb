"""A row on its way to the trainer, checked: no text poses as a marker, all that was said is rendered, two readings agree on the loss."""

import re
from itertools import pairwise

from finetune.data import oracle
from finetune.data.messages import carries_loss, texts_of
from finetune.data.rendering import NO_LOSS, Rendered, Tokenizer, render
from finetune.data.rows import Row
from finetune.data.templates import CALL_TAGS, MARKERS, REASONING_TAGS
from pipeline.errors import UserError

# Roles after a turn of GLM-4.5 between which and the turn its template writes nothing that would end it.
_UNENDED = ("assistant", "system")
_AROUND = 40  # characters of the text on each side, in a refusal
_HALF = re.compile("[\ud800-\udfff]")  # a surrogate alone, which UTF-8 can't hold


def checked(row: Row, tokenizer: Tokenizer, template: str) -> Rendered:
    """What is trained of a row. Raises UserError, with the row and the place, for a row that can't be trained as it is."""
    try:
        refuse_control_tokens(row, tokenizer, template)
        refuse_other_calls(row, template)
        refuse_other_reasoning(row, template)
        rendered = render(row, tokenizer, template)
        refuse_lost(row, rendered, template)
        refuse_other_loss(row, rendered, template)
    except RecursionError:
        raise UserError(f"{row.row_id}: its arguments or tools are nested too deeply to be rendered") from None
    return rendered


def refuse_control_tokens(row: Row, tokenizer: Tokenizer, template: str) -> None:
    """Raises UserError if a text holds a token that steers a model, such as <|im_end|>: a tokenizer can't tell it from a real one."""
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    controls = re.compile("|".join(re.escape(token) for token in sorted(special.union(MARKERS[template]))))
    for part, value in (("messages", row.messages), ("tools", row.tools)):
        for place, text in texts_of(value, part):
            if found := controls.search(text):
                raise UserError(
                    f"{row.row_id}: {place} holds {found[0]!r}, in {_around(text, *found.span())}. The tokenizer would make a real "
                    "control token of it, which ends a turn or begins one. Leave the row out, or write it in another way in the session"
                )
            if not text.isascii() and (found := _HALF.search(text)):
                raise UserError(
                    f"{row.row_id}: {place} holds half a character (a lone surrogate), in {_around(text, *found.span())}; "
                    "mend it in the session"
                )


def refuse_other_calls(row: Row, template: str) -> None:
    """Raises UserError if a turn with loss would teach other calls than it made, as its text or a call of it holds a tag of calls.

    In a result, a request or reasoning such a tag is trained as it is: there is no loss on the first two, and no call begins in the third.
    """
    tags = re.compile("|".join(map(re.escape, CALL_TAGS[template])))
    for index, message in enumerate(row.messages):
        if not carries_loss(message):
            continue
        written = {"content": message["content"], "tool_calls": message.get("tool_calls", [])}
        for part, value in written.items():
            for place, text in texts_of(value, f"messages[{index}].{part}"):
                if found := tags.search(text):
                    raise UserError(
                        f"{row.row_id}: {place} holds {found[0]!r}, in {_around(text, *found.span())}. The template {template} cannot "
                        "escape it, so it would be read as the begin or end of a call. Leave the row out, or have the turn carry no loss "
                        "(`train: false`)"
                    )


def refuse_other_reasoning(row: Row, template: str) -> None:
    """Raises UserError if a turn with loss would teach a second block of reasoning, as its text holds a tag of one.

    Other texts may speak of the tags: there is no loss on them, or a call stands around them.
    """
    tags = re.compile("|".join(REASONING_TAGS))
    for index, message in enumerate(row.messages):
        if carries_loss(message) and (found := tags.search(message["content"])):
            raise UserError(
                f"{row.row_id}: messages[{index}].content holds {found[0]!r}, in {_around(message['content'], *found.span())}. The "
                f"template {template} cannot escape it, so it would be read as the begin or end of reasoning, which belongs into "
                "`reasoning_content`. Move it there, leave the row out, or have the turn carry no loss (`train: false`)"
            )


def not_learnt(row: Row, template: str) -> tuple[int, int]:
    """What the template leaves out of turns with loss, as the model's own does: blanks at the ends of texts, and ends of turns; counts."""
    turns = [message for message in row.messages if carries_loss(message)]
    following = [after["role"] for before, after in pairwise(row.messages) if carries_loss(before)]
    unended = sum(role in _UNENDED for role in following) if template == "glm4-moe" else 0
    return oracle.taken_away(turns, template), unended


def refuse_lost(row: Row, rendered: Rendered, template: str) -> None:
    """Raises UserError if something that the messages say is not in the text, each after what was said before."""
    if place := oracle.first_lost(rendered.text, row.messages, template):
        raise UserError(
            f"{row.row_id}: {place} is not in what the template {template} renders, so it would not be trained; leave the row out"
        )


def refuse_other_loss(row: Row, rendered: Rendered, template: str) -> None:
    """Raises UserError, with token and place, unless the tokens with loss are those that the text tells, each labelled with itself."""
    trained = [carries_loss(message) for message in row.messages if message["role"] == "assistant"]
    try:
        expected = oracle.loss_mask(rendered.text, rendered.spans, trained, template)
    except UserError as error:
        raise UserError(f"{row.row_id}: {error}") from None
    wanted = [token if loss else NO_LOSS for token, loss in zip(rendered.input_ids, expected, strict=True)]
    if rendered.labels == wanted:
        return
    pairs = enumerate(zip(rendered.labels, wanted, strict=True))
    index = next(index for index, (label, want) in pairs if label != want)
    start, end = rendered.spans[index]
    raise UserError(
        f"{row.row_id}: token {index} of {len(wanted)}, {rendered.text[start:end]!r}, has the label {rendered.labels[index]} by the "
        f"template and {wanted[index]} by the text, in {_around(rendered.text, start, end)}; the template {template} or the reading "
        f"of it is wrong, so nothing is trained ({NO_LOSS}: no loss)"
    )


def _around(text: str, start: int, end: int) -> str:
    return repr(text[max(0, start - _AROUND) : end + _AROUND])
