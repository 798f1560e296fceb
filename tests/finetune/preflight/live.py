"""Measures what a model takes, in its own size and without its memory: torch's fake tensors have shape and dtype, and nothing behind them.

On the CPU. What is measured there is what transformers, peft and TRL ask torch for, which is the same on a GPU, down to the tensors that
flash attention saves. Not seen: what kernels use inside, CUDA's allocator, FSDP2's gathering (its policy gives layers bf16, which is all
of it here), and that of `index_put`, which torch does in place only where nobody looks on.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft import get_peft_model
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.checkpoint import checkpoint
from transformers import AutoModelForCausalLM, PretrainedConfig
from transformers.models.glm4_moe import modeling_glm4_moe
from transformers.models.qwen3 import modeling_qwen3
from trl.trainer.utils import add_fused_lm_head

from finetune.launch.launches import Launch
from finetune.training.model import lora_config
from pipeline.train_sections import Train


class Live(TorchDispatchMode):
    """Bytes of all tensors that there are, and the most there ever were."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Any] = {}
        self.now = self.peak = 0

    def note(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self.known:
            return

        def gone(_: Any) -> None:
            del self.known[key]
            self.now -= size

        self.known[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = call(*args, **(kwargs or {}))
        if call is not torch.ops.aten.index_put.default:
            for tensor in tree_iter(given):
                if isinstance(tensor, torch.Tensor):
                    self.note(tensor)
        return given


def model_of(config: PretrainedConfig, train: Train, launch: Launch, real: bool = False) -> Any:
    """The model as it computes in a launch; its weights are on `meta` unless it is to be real."""
    bf16 = train.hardware.precision == "bf16"
    halved = bf16 and (launch.sharded or bool(train.lora.rank))
    config._attn_implementation = "sdpa"
    with torch.device("cpu" if real else "meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16 if halved else torch.float32)
        if train.lora.rank:
            model = get_peft_model(model, lora_config(train.lora), autocast_adapter_dtype=not launch.sharded)
    return model


def _faked(model: Any) -> Any:
    for module in model.modules():
        for held in (module._parameters, module._buffers):
            for name, one in held.items():
                if one is not None:
                    empty = torch.empty(one.shape, dtype=one.dtype, device="cpu")
                    held[name] = torch.nn.Parameter(empty, one.requires_grad) if held is module._parameters else empty
    model.tie_weights()
    return model.train()


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


@contextmanager
def _autocast(train: Train) -> Iterator[None]:
    with torch.autocast("cpu", torch.bfloat16, enabled=train.hardware.precision == "bf16"):
        yield


@contextmanager
def _no_mask() -> Iterator[None]:
    """A row by itself has none (finetune/training/arguments.py), which transformers cannot see on fake tensors."""
    modules = (modeling_qwen3, modeling_glm4_moe)
    made = [module.create_causal_mask for module in modules]
    for module in modules:
        module.create_causal_mask = lambda **_: None
    try:
        yield
    finally:
        for module, make in zip(modules, made, strict=True):
            module.create_causal_mask = make


def inputs(config: PretrainedConfig, train: Train, launch: Launch) -> set[torch.dtype]:
    """What layers get, of the whole model."""
    found: set[torch.dtype] = set()

    def look(_: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        found.add((args[0] if args else named["hidden_states"]).dtype)

    model = model_of(config, train, launch)
    with FakeTensorMode(), _no_mask(), _autocast(train):
        for one in _base(_faked(model)).model.layers:
            one.register_forward_pre_hook(look, with_kwargs=True)
        _base(model).model(input_ids=torch.zeros(1, 64, dtype=torch.long))
    return found


def saved(model: Any, train: Train, tokens: int, given: torch.dtype) -> int:
    """Bytes that the last layer saves for its backward pass, its weights and their casts not counted."""
    found: dict[int, tuple[Any, int]] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        found[storage._cdata] = (storage, storage.nbytes())
        return tensor

    weights = {one.untyped_storage()._cdata for one in model.parameters()}
    row = torch.empty(1, tokens, _base(model).config.hidden_size, dtype=given, requires_grad=True)
    with _autocast(train), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        turned = _base(model).model.rotary_emb(row, torch.arange(tokens)[None])
        given_back = _base(model).model.layers[-1](row, position_embeddings=turned, attention_mask=None)
    assert given_back.dtype == given
    return sum(size for key, (_, size) in found.items() if key not in weights)


def most(model: Any, train: Train, tokens: int, given: torch.dtype) -> int:
    """The most bytes on top of its input and output while the last layer is computed again and backwards."""
    row = torch.empty(1, tokens, _base(model).config.hidden_size, dtype=given, requires_grad=True)
    with Live() as live, _autocast(train):
        for one in (*model.parameters(), *model.buffers()):
            live.note(one)
        turned = _base(model).model.rotary_emb(row, torch.arange(tokens)[None])
        layer = _base(model).model.layers[-1]
        given_back = checkpoint(
            lambda row: layer(row, position_embeddings=turned, attention_mask=None), row, use_reentrant=False
        )
    with live:
        before = live.peak = live.now
        given_back.backward(torch.empty_like(given_back))
    return live.peak - before


def by_the_token(measure: Any, config: PretrainedConfig, train: Train, launch: Launch, given: torch.dtype) -> float:
    """What a measure grows by with each token."""
    with FakeTensorMode():
        model = _faked(model_of(config, train, launch))
        short, long = (measure(model, train, tokens, given) for tokens in (65_536, 131_072))
    return float(long - short) / 65_536


def experts(config: PretrainedConfig, train: Train, launch: Launch) -> int:
    """The most bytes of a layer for next to no tokens: what it makes of its weights."""
    with FakeTensorMode():
        return most(_faked(model_of(config, train, launch)), train, 64, torch.bfloat16)


def step(config: PretrainedConfig, train: Train, launch: Launch, tokens: int) -> tuple[int, int]:
    """The most bytes of a forward and of a backward pass over one row, as TRL does them, on top of weights and gradients."""
    model = model_of(config, train, launch)
    with FakeTensorMode(), _no_mask(), Live() as live:
        _faked(model)
        add_fused_lm_head(_base(model), outputs=("log_probs", "entropy", "is_top1"))
        _base(model).activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
        if train.lora.rank:
            model.enable_input_require_grads()
        for one in model.parameters():
            if one.requires_grad:
                one.grad = torch.zeros_like(one)
        row, before = torch.zeros(1, tokens, dtype=torch.long), live.now
        live.peak = before
        with _autocast(train):
            loss = model(input_ids=row, labels=row, fused_lm_head=True).loss
        forward, live.peak = live.peak - before, live.now
        loss.backward()
    return forward, live.peak - before
