"""What each rank holds against the plan before it trains: how many ranks there are, who shares a row, whether the weights are in parts.

accelerate falls back without a word where it cannot do what it was asked: one process in place of several, DDP in place of FSDP, whole rows
in place of shared ones. Each would train something, at another batch or out of memory hours later.
"""

from typing import Any

import torch
from accelerate import PartialState
from torch.distributed.tensor import DTensor
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.launch.launches import read_launch
from finetune.plan import Plan
from pipeline.errors import LimiError, UserError


def hold_gpus(plan: Plan) -> None:
    """Before the arguments are made, which refuse bf16 without a GPU, and a rank whose GPU is not there, in words of torch's.

    Raises UserError where the ranks of a node are more than the GPUs that torch finds.
    """
    launch = read_launch(plan.train.hardware.launch)
    found, wanted = torch.cuda.device_count(), launch.per_machine
    if launch.cpu or found >= wanted:
        return
    raise UserError(
        f"train.hardware.launch is {plan.train.hardware.launch}, for {wanted} GPU{'s' * (wanted > 1)} on a node, and torch finds "
        f"{found or 'none'} here; look at nvidia-smi and CUDA_VISIBLE_DEVICES, or take a launch for fewer; cpu needs none"
    )


def hold_to(plan: Plan) -> None:
    """Right after the ranks have joined, before anything is loaded. Raises LimiError."""
    state, launch = PartialState(), plan.train.hardware.launch
    if state.num_processes != plan.processes:
        raise LimiError(
            f"{plan.processes} processes were planned, this is one of {state.num_processes}: the run would have another batch than was "
            f"planned. Start it by `limi train`, or as finetune/cluster shows; finetune/launch/{launch}.yaml is the configuration"
        )
    if plan.processes == 1 and not read_launch(launch).cpu and torch.cuda.device_count() > 1:
        raise LimiError(
            f"train.hardware.launch is {launch}, and torch finds {torch.cuda.device_count()} GPUs here: the Trainer would put the whole "
            "model on each. `limi train` shows it one; without it, set CUDA_VISIBLE_DEVICES to one"
        )


class Held(TrainerCallback):
    """When the model is wrapped and about to be trained: who shares rows, and whether every weight is in parts."""

    def __init__(self, plan: Plan, trainer: Any) -> None:
        self.plan, self.trainer = plan, trainer

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Raises LimiError."""
        hold_wrapped(self.plan, self.trainer.accelerator, self.trainer.model_wrapped)


def hold_wrapped(plan: Plan, accelerator: Any, model: torch.nn.Module) -> None:
    """See Held. Raises LimiError."""
    shared = accelerator.parallelism_config.cp_size if accelerator.parallelism_config else 1
    if shared != plan.context_parallel:
        raise LimiError(
            f"{plan.context_parallel} ranks were planned to share a row, and {shared} do: accelerate did not take "
            f"parallelism_config of finetune/launch/{plan.train.hardware.launch}.yaml"
        )
    weights = list(model.parameters())
    parts = sum(isinstance(weight, DTensor) for weight in weights)
    sharded = read_launch(plan.train.hardware.launch).sharded
    if parts != (len(weights) if sharded else 0):
        raise LimiError(
            f"{parts} of {len(weights)} weights are in parts over the ranks, and finetune/launch/{plan.train.hardware.launch}.yaml asks "
            f"for {'all' if sharded else 'none'}: accelerate fell back to another way of training"
        )
