"""What lets FSDP2 and context parallelism run for real on two CPU ranks with gloo. For tests alone: nothing in finetune/ loads this.

`fsdp_on_cpu`: accelerate takes FSDP for GPUs only and falls back to DDP on CPU without a word. Told that the ranks have GPUs, it shards
with torch's own `fully_shard`, which works on gloo.

`context_parallel_on_cpu`: torch's ring attention knows CUDA kernels only. In its place, keys and values are gathered from all ranks, and
each rank attends to what stands before its own tokens. torch's cutting of a row, where each rank gets an early and a late part,
accelerate's mesh, FSDP2 over dp_shard_cp, shift_labels, position_ids and TRL's normalisation of the loss stay real.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as functional
from accelerate.state import PartialState
from accelerate.utils import DistributedType
from torch.distributed.tensor import experimental
from torch.distributed.tensor.experimental._context_parallel._attention import _context_parallel_buffers
from torch.distributed.tensor.experimental._context_parallel._load_balancer import _create_default_load_balancer
from transformers import training_args


@contextmanager
def fsdp_on_cpu() -> Iterator[None]:
    """Accelerate believes in GPUs while the block runs."""
    made = PartialState.__init__

    def make(self: PartialState, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        if PartialState._shared_state.get("distributed_type") == DistributedType.MULTI_CPU:
            PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU

    asked = training_args.is_torch_bf16_gpu_available
    PartialState.__init__ = make
    training_args.is_torch_bf16_gpu_available = lambda: True
    try:
        yield
    finally:
        PartialState.__init__ = made
        training_args.is_torch_bf16_gpu_available = asked


@contextmanager
def gpus_not_counted() -> Iterator[None]:
    """A launch for eight GPUs is run by two processes that have none, so the ranks do not hold that against it while the block runs."""
    from finetune.training import run

    theirs = run.hold_gpus
    run.hold_gpus = lambda plan: None
    try:
        yield
    finally:
        run.hold_gpus = theirs


@contextmanager
def context_parallel_on_cpu(reduced: bool = True) -> Iterator[None]:
    """torch's context_parallel is replaced while the block runs. Without `reduced`, a rank forgets what the others' queries say about
    its keys: the loss of a step is right and its gradient is not, which a test must see."""
    theirs = experimental.context_parallel
    experimental.context_parallel = _context_parallel(reduced)
    try:
        yield
    finally:
        experimental.context_parallel = theirs


def _context_parallel(reduced: bool) -> Any:
    @contextmanager
    def context_parallel(
        mesh: Any, *, buffers: list[torch.Tensor], buffer_seq_dims: list[int], no_restore_buffers: set[torch.Tensor]
    ) -> Iterator[None]:
        group = mesh.get_group()
        rank, size = dist.get_rank(group), dist.get_world_size(group)
        length = buffers[0].shape[buffer_seq_dims[0]]
        balancer = _create_default_load_balancer(length, size, buffers[0].device)
        assert balancer is not None, "torch gives each rank an early and a late part of a row"
        order = balancer._generate_indices()[0]
        parts = _context_parallel_buffers(mesh, list(buffers), buffer_seq_dims, balancer)
        for buffer, part in zip(buffers, parts, strict=True):
            assert isinstance(part, torch.Tensor)
            part = part.clone()
            buffer.resize_(part.shape).copy_(part)
        mine = order.chunk(size)[rank]
        whole = functional.scaled_dot_product_attention

        def attention(
            query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *args: Any, is_causal: bool, **kwargs: Any
        ) -> torch.Tensor:
            assert is_causal, "accelerate's hooks make every mask a causal one"
            key, value = (_Gathered.apply(part, group, reduced) for part in (key, value))
            seen = mine[:, None] >= order[None, :]
            kwargs.pop("attn_mask", None)
            return whole(query, key, value, attn_mask=seen, **kwargs)

        functional.scaled_dot_product_attention = attention
        try:
            yield
        finally:
            functional.scaled_dot_product_attention = whole

    return context_parallel


class _Gathered(torch.autograd.Function):
    """All ranks' parts of the sequence, one after the other; back comes the sum of what all ranks' queries say about this part."""

    @staticmethod
    def forward(context: Any, part: torch.Tensor, group: Any, reduced: bool) -> torch.Tensor:
        context.group, context.reduced = group, reduced
        parts = [torch.empty_like(part) for _ in range(dist.get_world_size(group))]
        dist.all_gather(parts, part.contiguous(), group=group)
        return torch.cat(parts, dim=2)

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> Any:
        gradient = gradients[0].contiguous()
        if context.reduced:
            dist.all_reduce(gradient, group=context.group)
        size, rank = dist.get_world_size(context.group), dist.get_rank(context.group)
        return gradient.chunk(size, dim=2)[rank], None, None
