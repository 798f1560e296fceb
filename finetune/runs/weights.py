"""The trained weights in one piece, as the base model's are published: gathered from all ranks, LoRA merged, cast to the base's dtype."""

from collections.abc import Mapping
from typing import Any

import torch
from peft import get_peft_model
from peft.tuners.lora import LoraLayer
from transformers import PreTrainedModel

from finetune.plan import Plan
from finetune.training.model import lora_config
from pipeline.errors import LimiError

Weights = dict[str, torch.Tensor]


def gathered(trainer: Any) -> Weights:
    """All weights on the CPU, on rank 0; nothing on the others. Every rank must call it.

    Under FSDP2 each parameter is put together from the ranks' parts, whatever the checkpoints are written as.
    """
    state: Weights = trainer.accelerator.get_state_dict(trainer.model)
    if not trainer.accelerator.is_main_process:
        return {}
    return {name: value.detach().to("cpu") for name, value in state.items()}


def merged(state: Weights, plan: Plan, hollow: PreTrainedModel, dtype: torch.dtype) -> Weights:
    """The weights with LoRA's added to them in fp32, under the base model's names; without LoRA as they were.

    peft itself merges, in a model that has only these weights. A weight of an adapter that it does not know is an error of torch's, so
    none is left out in silence. One module at a time is in fp32, and in `dtype` after it, and `state` is emptied: 106B weights take 198 GiB
    in bf16, and would take 396 more.
    """
    adapter = lora_config(plan.train.lora)
    if adapter is None:
        return state
    with torch.device("meta"):
        model = get_peft_model(hollow, adapter)
    model.load_state_dict(state, strict=True, assign=True)
    state.clear()
    for module in model.modules():
        if isinstance(module, LoraLayer):
            for weight in module.parameters():
                weight.data = weight.data.float()
            module.merge()
            for weight in module.get_base_layer().parameters():
                weight.data = weight.data.to(dtype)
    found: Weights = model.unload().state_dict()
    return found


def cast(state: Weights, dtype: torch.dtype, kept: tuple[str, ...]) -> Weights:
    """The weights in a dtype; what holds one of the names `kept` stays in fp32, as in the base model (a router's biases).

    They are taken out of `state` one by one, so that not all of them are in memory twice.
    """
    found = {}
    for name in list(state):
        value = state.pop(name)
        stays = not value.is_floating_point() or any(part in name for part in kept)
        found[name] = value if stays else value.to(dtype)
    return found


def untied(state: Weights, tied: Mapping[str, str]) -> Weights:
    """The weights without those that are another one's by the model's configuration: `tied` has both names.

    FSDP2 gives them as two, and both would be published. Raises LimiError if they are not the same any more.
    """
    for name, source in tied.items():
        if name in state and not torch.equal(state[name], state[source]):
            raise LimiError(
                f"{name} and {source} are one weight in this model and have become two in training; the checkpoints are whole. This is a "
                "defect, please report it"
            )
    return {name: weight for name, weight in state.items() if name not in tied}
