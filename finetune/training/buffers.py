"""Buffers that a checkpoint holds and no gradient reaches, such as the expert biases of GLM-4.5's routers, under FSDP2.

accelerate (1.15) hands weights from the first rank to the others and takes every entry of the state dict for a weight in parts, so that a
model with such a buffer ends with `'Tensor' object has no attribute 'device_mesh'`. Here they stay out of the state dict until the weights
are in parts; the first rank, which alone has read the model, gives them to the others.
"""

from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class Buffers(TrainerCallback):
    """Sets the persistent buffers of a model aside when it is made, and puts them back when the training begins."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.aside = persistent(model)
        for module, name in self.aside:
            module._non_persistent_buffers_set.add(name)
            buffer = getattr(module, name)
            known = torch.empty_like(buffer, device="cpu") if buffer.is_meta else buffer
            setattr(module, name, broadcast(known.to(PartialState().device)).cpu())

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """From here on checkpoints and the model in the end hold them again."""
        for module, name in self.aside:
            module._non_persistent_buffers_set.discard(name)


def persistent(model: torch.nn.Module) -> list[tuple[torch.nn.Module, str]]:
    """The buffers that the state dict holds, each with the module that it is of."""
    return [
        (module, name)
        for module in model.modules()
        for name in module._buffers
        if module._buffers[name] is not None and name not in module._non_persistent_buffers_set
    ]
