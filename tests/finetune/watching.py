"""What a training in a rank of tests/finetune/world.py is seen to do."""

from typing import Any

import torch
import torch.distributed as dist
from accelerate import PartialState
from accelerate.state import AcceleratorState
from accelerate.utils import reduce
from torch.distributed.tensor import DTensor
from transformers import TrainerCallback

from tests.finetune.world import Seen


class Watch(TrainerCallback):
    """Fills a Seen; each number as the Trainer has it, not as it prints it."""

    def __init__(self) -> None:
        self.seen = Seen()

    def on_train_begin(self, *_: Any, model: torch.nn.Module, **__: Any) -> None:
        """Every token goes through the embeddings once: what TRL counts leaves out the last batch where ranks do not share it evenly."""
        padding = model.config.pad_token_id

        def count(module: torch.nn.Module, given: tuple[torch.Tensor]) -> None:
            self.seen.tokens += int((given[0] != padding).sum())

        self.counting = model.get_input_embeddings().register_forward_pre_hook(count)

    def on_step_begin(self, *_: Any, model: torch.nn.Module, **__: Any) -> None:
        """From inside the ranks, at every step, torch's own count."""
        weights = list(model.parameters())
        self.seen.world_size = dist.get_world_size() if dist.is_initialized() else 1
        parallelism = AcceleratorState().parallelism_config
        self.seen.cp_size = parallelism.cp_size if parallelism else 1
        self.seen.tensors = len(weights)
        self.seen.dtensors = sum(isinstance(weight, DTensor) for weight in weights)

    def on_substep_end(self, *_: Any, model: torch.nn.Module, **__: Any) -> None:
        """Between two rows of a step: how the gradients so far are kept, each kind once."""
        kept = {
            f"{'part' if isinstance(weight.grad, DTensor) else 'whole'} {weight.grad.dtype}"
            for weight in model.parameters()
            if weight.requires_grad and weight.grad is not None
        }
        self.seen.gradients = sorted(kept | set(self.seen.gradients))

    def on_log(self, *_: Any, logs: dict[str, float] | None = None, **__: Any) -> None:
        """One log for each step."""
        if logs and "loss" in logs:
            self.seen.losses.append(logs["loss"])
            self.seen.grad_norms.append(logs["grad_norm"])
            self.seen.learning_rates.append(logs["learning_rate"])

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """The tokens that all ranks have seen."""
        self.counting.remove()
        self.seen.tokens = int(reduce(torch.tensor([self.seen.tokens]), "sum").item())
        PartialState().wait_for_everyone()
