"""How many optimizer steps a run takes: the one place that counts them, for the preflight that tells and the trainer that takes them.

An optimizer step sees `global_batch` rows over all GPUs, one row on each at a time, so each group of GPUs that shares a row (context
parallelism) accumulates `global_batch / groups` rows. The last step of an epoch sees the rows that are left: no row is dropped, none is
seen twice (finetune/training/order.py), and the Trainer of transformers counts it as a step as well.
"""

from dataclasses import dataclass

from pipeline.errors import UserError
from pipeline.train_sections import Schedule

FEW = 10  # optimizer steps; below, warmup, betas and the ends of the cosine weigh more than what the data say


@dataclass(frozen=True)
class Steps:
    """The optimizer steps of a run."""

    per_epoch: int
    total: int
    accumulation: int  # rows that each group of GPUs sees in a step
    epochs: float  # times that every row is seen
    row_passes: int  # rows that are seen in all, each as often as it is seen


def steps(rows: int, loss_tokens: int, schedule: Schedule, groups: int) -> Steps:
    """The steps of a run over `rows` rows with `loss_tokens` tokens that carry loss, on `groups` groups of GPUs.

    Raises UserError where the groups cannot share a batch evenly, where they are more than the rows, or where nothing carries loss.
    """
    if not rows or not loss_tokens:
        raise UserError(
            f"there is nothing to train on: {rows} rows, {loss_tokens} tokens that carry loss; train.rows says which rows are taken"
        )
    if schedule.global_batch % groups:
        raise UserError(
            f"train.schedule.global_batch {schedule.global_batch} cannot be shared by {groups} groups of GPUs that each see rows of "
            f"their own; make it a multiple of {groups}"
        )
    per_epoch = -(-rows // schedule.global_batch)
    by_tokens = round(schedule.loss_tokens * per_epoch / loss_tokens)
    total = max(1, by_tokens) if schedule.loss_tokens else per_epoch * schedule.epochs
    whole, part = divmod(total, per_epoch)
    return Steps(
        per_epoch=per_epoch,
        total=total,
        accumulation=schedule.global_batch // groups,
        epochs=round(total / per_epoch, 3),
        row_passes=whole * rows + min(part * schedule.global_batch, rows),
    )
