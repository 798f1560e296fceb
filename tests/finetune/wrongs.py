"""What can be wrong with a training without a word, done on purpose: each must be seen by a test."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch.distributed.fsdp import MixedPrecisionPolicy

from finetune.training import arguments, order, run, trainer


@contextmanager
def replaced(owner: Any, name: str, by: Any) -> Iterator[None]:
    """One attribute is another while the block runs."""
    before = getattr(owner, name)
    setattr(owner, name, by)
    try:
        yield
    finally:
        setattr(owner, name, before)


def mean_of_ranks() -> AbstractContextManager[None]:
    """Each rank's mean over its own tokens, and then the mean of these: what a short row's token says counts for more."""

    def changed(plan: Any) -> Any:
        made = arguments.sft_config(plan)
        made.average_tokens_across_devices = False
        return made

    return replaced(run, "sft_config", changed)


def cut_rows() -> AbstractContextManager[None]:
    """TRL's limit of length, at 200 tokens: longer rows lose their ends."""

    def changed(plan: Any) -> Any:
        made = arguments.sft_config(plan)
        made.max_length, made.dataset_kwargs = 200, None
        return made

    return replaced(run, "sft_config", changed)


def repeated_rows() -> AbstractContextManager[None]:
    """No filler: accelerate gives the epoch's first rows to ranks that are out of rows."""

    def begin(self: order.Order, rows: int, seed: int, ranks: int) -> None:
        self.rows, self.seed, self.epoch, self.length = rows, seed, 0, rows

    return replaced(order.Order, "__init__", begin)


def whole_gradients() -> AbstractContextManager[None]:
    """Each rank keeps the gradients of all weights until the last row of a step, as accelerate has it by itself."""

    def changed(plan: Any) -> Any:
        made = arguments.sft_config(plan)
        made.accelerator_config.gradient_accumulation_kwargs = None
        return made

    return replaced(run, "sft_config", changed)


def rounded() -> AbstractContextManager[None]:
    """accelerate's own policy of precision: what the ranks sum, and what the model gives, in bf16."""
    bf16 = torch.bfloat16
    policy = MixedPrecisionPolicy(param_dtype=bf16, reduce_dtype=bf16, output_dtype=bf16)
    return replaced(trainer, "sharded_precision", lambda plan: policy)


def same_epochs() -> AbstractContextManager[None]:
    """Nobody tells the sampler which epoch it is, and each has the same order."""
    return replaced(order.Order, "set_epoch", lambda self, epoch: None)


WRONG: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "cut_rows": cut_rows,
    "mean_of_ranks": mean_of_ranks,
    "rounded": rounded,
    "whole_gradients": whole_gradients,
    "repeated_rows": repeated_rows,
    "same_epochs": same_epochs,
}
