"""The weights that are trained: read from the base model, or made at random for the demo."""

import shutil
import uuid
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState, init_empty_weights
from accelerate.utils import parse_flag_from_env
from peft import LoraConfig
from transformers import AutoModelForCausalLM, PreTrainedModel, set_seed

from finetune.training.base import DEMO, DEMO_FOLDER, config_of, tokenizer_of
from pipeline.errors import UserError
from pipeline.files import canonical_json, sha256_text
from pipeline.train_sections import Base, Lora, Train

# Attention and MLP. In a GLM-4.5, peft (0.21) takes the last three for its routed experts and leaves its dense and shared MLPs as they are.
# The router is no name here: trained without a loss that balances the experts, it may send all tokens to few of them.
LORA_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def load(train: Train, seed: int) -> PreTrainedModel:
    """The base model, ready to be trained.

    All weights are trained in fp32, since a step at a learning rate of 1e-5 is too small for bf16 to hold; bf16 is what accelerate
    casts to for the forward and backward pass. With LoRA the base stays as it is, so it is read in the precision of the pass.
    """
    base = train.base
    frozen_bf16 = train.lora.rank and train.hardware.precision == "bf16"
    folder = base.name
    if base.name == DEMO:
        with PartialState().main_process_first():  # the others find it; transformers lets only the first rank save
            folder = str(demo_folder(base, seed))
    made: dict[str, Any] = {
        "config": config_of(base),
        "dtype": torch.bfloat16 if frozen_bf16 else torch.float32,
        "attn_implementation": base.attention,
    }
    try:
        if filled_by_the_first_rank():
            model = room_for(**made)
        else:
            model = AutoModelForCausalLM.from_pretrained(folder, revision=base.revision or None, **made)
    except (OSError, ValueError, ImportError) as error:
        raise UserError(f"train.base: {base.name} cannot be loaded: {error}") from error
    model.config.use_cache = False
    return model


def filled_by_the_first_rank() -> bool:
    """Whether this rank gets its parts of the weights from the first one, so that what it reads itself would be thrown away.

    transformers (5.23) reads the model on every rank all the same: eight times 128 GB of a node's memory, for 32B in fp32.
    """
    asked = parse_flag_from_env("ACCELERATE_USE_FSDP") and parse_flag_from_env("FSDP_CPU_RAM_EFFICIENT_LOADING")
    return bool(asked) and not PartialState().is_main_process


def room_for(config: Any, **made: Any) -> PreTrainedModel:
    """A model whose weights are room that nothing was written to, so that it takes addresses and no memory; its buffers are as computed.

    Weights of torch's device `meta` would not do: accelerate tells an optimizer's weights apart by their addresses.
    """
    with init_empty_weights(include_buffers=False):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config, **made)
    for module in model.modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                room = torch.empty(weight.shape, dtype=weight.dtype)
                module._parameters[name] = torch.nn.Parameter(room, requires_grad=weight.requires_grad)
    model.tie_weights()
    return model


def stored_dtype(base: Base) -> torch.dtype:
    """The dtype that the base model's weights are published in; fp32 if it does not say."""
    if base.name == DEMO:
        return torch.float32
    dtype = config_of(base).dtype
    return dtype if isinstance(dtype, torch.dtype) else getattr(torch, str(dtype or "float32").removeprefix("torch."))


def lora_config(lora: Lora) -> LoraConfig | None:
    """LoRA on LORA_LAYERS, of a Qwen3 every linear layer but the output (https://arxiv.org/abs/2305.14314, section 4); None for rank 0."""
    if not lora.rank:
        return None
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(LORA_LAYERS),
        task_type="CAUSAL_LM",
    )


def demo_folder(base: Base, seed: int) -> Path:
    """The folder of the demo's model; made if it is not there. The same seed gives the same bytes.

    Two runs may make it at once: each in a folder of its own, and the first rename counts.
    """
    config = config_of(base.model_copy(update={"yarn_factor": 1.0}))
    folder = DEMO_FOLDER / sha256_text(canonical_json([config.to_dict(), seed]).decode())[:16]
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    _make_demo(config, seed, unfinished)
    tokenizer_of(base).save_pretrained(unfinished)
    try:
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished)
        if not folder.is_dir():
            raise
    return folder


def _make_demo(config: Any, seed: int, folder: Path) -> None:
    state = torch.random.get_rng_state()
    set_seed(seed)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    torch.random.set_rng_state(state)
