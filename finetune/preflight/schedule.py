"""How many optimizer steps a run takes: the one place that counts them, for the preflight that tells and the trainer that takes them.

An optimizer step sees `global_batch` rows over all GPUs, one row on each at a time, so each group of GPUs that shares a row (context
parallelism) accumulates `global_batch / groups` rows. The last step of an epoch sees the rows that are left: no row is dropped, none is
seen twice (finetune/training/order.py), and the Trainer of transformers counts it as a step as well.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from finetune.data.rendering import Rendered
from finetune.runs.speed import Progress, Seen
from finetune.training.order import rows_of_epoch
from pipeline.errors import UserError
from pipeline.train_sections import Schedule

FEW = 10  # optimizer steps; below, warmup, betas and the ends of the cosine weigh more than what the data say
# Shares of the tokens that were asked for: whole steps that miss them by more are told, and refused.
NEAR, FAR = 0.02, 0.1


@dataclass(frozen=True)
class Steps:
    """The optimizer steps of a run."""

    per_epoch: int
    total: int
    accumulation: int  # rows that each group of GPUs sees in a step
    epochs: float  # times that a row is seen, in the mean
    seen: Seen  # tokens of the whole run, each as often as it is seen


def steps(rows: Sequence[Rendered], seed: int, schedule: Schedule, groups: int) -> Steps:
    """The steps of a run over these rows, seen in the order of that seed, on `groups` groups of GPUs.

    With `schedule.loss_tokens` they are as many as come nearest to it. Steps are not equally large, and neither are rows, so each is
    counted. Raises UserError where the groups cannot share a batch evenly, or where nothing carries loss.
    """
    tokens, loss_tokens = [len(row.input_ids) for row in rows], [row.loss_tokens for row in rows]
    if not sum(loss_tokens):
        raise UserError(
            f"there is nothing to train on: {len(rows)} rows without a token that carries loss; train.rows says which rows are taken"
        )
    if schedule.global_batch % groups:
        raise UserError(
            f"train.schedule.global_batch {schedule.global_batch} cannot be shared by {groups} groups of GPUs that each see rows of "
            f"their own; make it a multiple of {groups}"
        )
    per_epoch = -(-len(rows) // schedule.global_batch)
    progress = Progress(partial(rows_of_epoch, len(rows), seed), tokens, loss_tokens, schedule.global_batch)
    total = per_epoch * schedule.epochs
    if schedule.loss_tokens:
        enough = per_epoch * (schedule.loss_tokens // sum(loss_tokens) + 1)
        total = _nearest(progress, schedule.loss_tokens, enough)
    whole, part = divmod(total, per_epoch)
    return Steps(
        per_epoch=per_epoch,
        total=total,
        accumulation=schedule.global_batch // groups,
        epochs=round(whole + part * schedule.global_batch / len(rows), 3),
        seen=progress.seen(total),
    )


def _nearest(progress: Progress, wanted: int, most: int) -> int:
    """How many steps, from one to `most`, see nearest to so many tokens with loss; of two that are as near the fewer."""

    def seen(step: int) -> int:
        return progress.seen(step).loss_tokens

    above = bisect_left(range(most), wanted, key=seen)
    return min((step for step in (above - 1, above) if step > 0), key=lambda step: abs(seen(step) - wanted))
