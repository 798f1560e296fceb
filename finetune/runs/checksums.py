"""What a rank trains, in two numbers: taken when a checkpoint is written and when it was read, they show what did not come back.

accelerate and peft leave out what they do not find. An adapter of LoRA that FSDP2 had sharded was so read as a fresh one, without a word
(accelerate 1.15, peft 0.21), and the training went on with it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.distributed.tensor import DTensor

_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def checksums(model: torch.nn.Module, optimizer: Any) -> list[int]:
    """Of this rank's parts of the weights that learn, and of the optimizer's state."""
    return [
        bits(weight for weight in model.parameters() if weight.requires_grad),
        bits(_tensors(optimizer.state)),
    ]


def bits(tensors: Iterable[torch.Tensor]) -> int:
    """The sum of all elements' bits, read as whole numbers: exact, in any order, and another one if any bit is."""
    total = 0
    for tensor in tensors:
        here = (tensor.to_local() if isinstance(tensor, DTensor) else tensor).detach()
        total += int(here.contiguous().view(_INTEGERS[here.element_size()]).sum(dtype=torch.int64))
    return total % 2**63


def _tensors(state: Any) -> Iterator[torch.Tensor]:
    for of_weight in state.values():
        yield from (value for value in of_weight.values() if isinstance(value, torch.Tensor))
