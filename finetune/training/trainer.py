"""TRL's SFTTrainer with our order of rows, our learning rate and our end."""

from collections.abc import Sequence
from typing import Any

import datasets
import torch
from torch.distributed.fsdp import MixedPrecisionPolicy
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from finetune.data.rendering import NO_LOSS
from finetune.launch.launches import read_launch
from finetune.plan import Plan
from finetune.training.buffers import Buffers
from finetune.training.learning_rate import learning_rate
from finetune.training.model import lora_config
from finetune.training.order import Order
from finetune.training.ranks import Held
from finetune.training.telling import Telling
from pipeline.errors import LimiError


class Trainer(SFTTrainer):
    """Trains on rows that are tokens and labels already, each as it is."""

    optimizer: Any
    lr_scheduler: Any

    def __init__(
        self,
        plan: Plan,
        arguments: SFTConfig,
        model: Any,
        tokenizer: Any,
        rows: datasets.Dataset,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        self.plan = plan
        self.order = Order(len(rows), plan.seed, plan.data_parallel)
        ours = [Held(plan, self), EachEpoch(self.order), Finite(), Telling()]
        if read_launch(plan.train.hardware.launch).sharded:
            ours.append(Buffers(model))
        super().__init__(
            model=model,
            args=arguments,
            train_dataset=with_filler(rows),
            processing_class=tokenizer,
            peft_config=lora_config(plan.train.lora),
            callbacks=[*ours, *callbacks],
        )
        self.remove_callback(PrinterCallback)
        if self.is_fsdp_enabled:
            self.accelerator.state.fsdp_plugin.mixed_precision_policy = sharded_precision(plan)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.order

    def _init_training_state(
        self, max_steps: int, num_update_steps_per_epoch: int, num_train_epochs: int, *others: Any
    ) -> tuple[int, int]:
        """Where a resumed run begins: the epochs, and the rows of the next one, that are done.

        transformers 5.23 looks for the end after a step only. Resumed after the last one, in the middle of an epoch, it would take one
        more each time. With all epochs done there is none to enter; every rank reads the same state, so all of them enter none.
        """
        begin: tuple[int, int] = super()._init_training_state(
            max_steps, num_update_steps_per_epoch, num_train_epochs, *others
        )
        return (num_train_epochs, 0) if self.state.global_step >= max_steps else begin

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> Any:
        """The learning rate of finetune/training/learning_rate.py."""
        if self.lr_scheduler is None:
            highest = self.plan.train.optimizer.learning_rate
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer,
                lambda step: learning_rate(step, self.plan.steps, self.plan.train.optimizer) / highest,
            )
            self._created_lr_scheduler = True
        return self.lr_scheduler


def sharded_precision(plan: Plan) -> MixedPrecisionPolicy:
    """What FSDP2 computes in which precision: gradients are summed over the ranks in fp32, and the loss is not rounded.

    accelerate's own policy for bf16 sums them in bf16 and rounds what the model gives to it, the tokens' log-probabilities with it.
    """
    if plan.train.hardware.precision == "fp32":
        return MixedPrecisionPolicy()
    return MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


class EachEpoch(TrainerCallback):
    """Tells the sampler which epoch begins; accelerate does not reach it in an epoch that a resumed run goes on with."""

    def __init__(self, order: Order) -> None:
        self.order = order

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """`state.epoch` is the share of epochs that are done."""
        self.order.set_epoch(int(state.epoch or 0))


class Finite(TrainerCallback):
    """Ends a run whose loss or gradient is no number any more: whatever it would save is lost."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Raises LimiError."""
        for name in ("loss", "grad_norm"):
            value = (logs or {}).get(name, 0.0)
            if not torch.isfinite(torch.as_tensor(value)):
                raise LimiError(
                    f"step {state.global_step}: {name} is {value}. The run is ended and this step is not saved. The same "
                    "parameters would come here again: train anew with a lower train.optimizer.learning_rate or a longer warmup"
                )


def with_filler(rows: datasets.Dataset) -> datasets.Dataset:
    """The rows and one more at the end that carries no loss (finetune/training/order.py says when it is seen)."""
    first = rows[0]["input_ids"][:2]
    filler = datasets.Dataset.from_dict(
        {"input_ids": [first], "labels": [[NO_LOSS] * len(first)]}, features=rows.features
    )
    return datasets.concatenate_datasets([rows, filler])
