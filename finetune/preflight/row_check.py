"""All rows of a training rendered, tokenized and checked once, and what became of each: none is lost, and none is cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from finetune.data.checking import checked, not_learnt
from finetune.data.rendering import Rendered
from finetune.data.rows import Row
from finetune.preflight.report import Counts, OverLength
from pipeline.errors import UserError
from pipeline.progress import track
from pipeline.train_sections import Train

MOST_TOLD = 20  # refused rows, one sentence each; the rest is counted


@dataclass(frozen=True)
class CheckedRows:
    """The rows that are trained on, and what became of the others: `read` = kept + over + refused.

    `blanks` and `unended` are of the kept rows: characters and ends of turns that the template leaves out (finetune/data/checking.py).
    """

    kept: list[Rendered]
    read: Counts
    over: list[OverLength]
    refused: list[str]
    blanks: int = 0
    unended: int = 0

    @property
    def longest(self) -> int:
        """Tokens of the longest kept row."""
        return max((len(row.input_ids) for row in self.kept), default=0)

    @property
    def counts(self) -> Counts:
        """Of the kept rows."""
        return Counts(rows=len(self.kept), tokens=sum(len(row.input_ids) for row in self.kept))

    @property
    def loss_tokens(self) -> int:
        """Of the kept rows."""
        return sum(row.loss_tokens for row in self.kept)


def check_rows(rows: Sequence[Row], tokenizer: Any, train: Train) -> CheckedRows:
    """Check every row; only what is trained of it is held on to. A row that cannot be trained as it is becomes a sentence in `refused`."""
    kept, over, refused = [], [], []
    tokens = blanks = unended = 0
    for row in track(rows, len(rows), "checking rows"):
        try:
            rendered = checked(row, tokenizer, train.base.template)
            if not rendered.loss_tokens:
                raise UserError(f"{row.row_id}: nothing in it carries loss; leave the row out")
        except UserError as error:
            refused.append(str(error))
            continue
        size = len(rendered.input_ids)
        tokens += size
        if size > train.rows.max_tokens:
            over.append(OverLength(row_id=rendered.row_id, tokens=size, limit=train.rows.max_tokens))
        else:
            kept.append(Rendered(rendered.row_id, "", rendered.input_ids, rendered.labels, []))
            of_row = not_learnt(row, train.base.template)
            blanks, unended = blanks + of_row[0], unended + of_row[1]
    if len(refused) > MOST_TOLD:
        refused[MOST_TOLD:] = [f"{len(refused) - MOST_TOLD} more rows cannot be trained as they are"]
    return CheckedRows(kept, Counts(rows=len(rows), tokens=tokens), over, refused, blanks, unended)
