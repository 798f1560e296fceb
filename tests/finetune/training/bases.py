"""Models of random weights in a folder, as somebody's own base model would lie there."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, Glm4MoeConfig, Qwen3Config, Qwen3MoeConfig

from finetune.training import demo_tokenizer

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "tie_word_embeddings": False,
}


def tiny_glm(folder: Path) -> Path:
    """A GLM-4.5 of one dense layer and two of experts, whose routers' biases are not zero."""
    tokenizer = demo_tokenizer.build("glm4-moe")
    experts = {"n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1, "moe_intermediate_size": 16}
    layers = {"num_hidden_layers": 3, "first_k_dense_replace": 1, "use_qk_norm": True, "max_position_embeddings": 1024}
    model = _made(Glm4MoeConfig(vocab_size=len(tokenizer), n_group=1, topk_group=1, **SHAPE, **experts, **layers))
    for name, buffer in model.named_buffers():
        if name.endswith("e_score_correction_bias"):
            buffer.copy_(torch.linspace(-0.05, 0.05, len(buffer)))
    return _saved(model, tokenizer, folder)


def tiny_qwen_moe(folder: Path) -> Path:
    """A Qwen3 of experts, whose configuration has a loss that balances them, as Qwen3-30B-A3B's has."""
    tokenizer = demo_tokenizer.build("qwen3")
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "router_aux_loss_coef": 0.001}
    settings = SHAPE | {"num_hidden_layers": 2, "max_position_embeddings": 512} | experts
    return _saved(_made(Qwen3MoeConfig(vocab_size=len(tokenizer), **settings)), tokenizer, folder)


def tiny_qwen(folder: Path, **changed: Any) -> Path:
    """A Qwen3 of two layers with 512 positions."""
    tokenizer = demo_tokenizer.build("qwen3")
    settings = SHAPE | {"num_hidden_layers": 2, "max_position_embeddings": 512} | changed
    return _saved(_made(Qwen3Config(vocab_size=len(tokenizer), **settings)), tokenizer, folder)


def _made(config: Any) -> Any:
    state = torch.random.get_rng_state()
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    torch.random.set_rng_state(state)
    return model


def _saved(model: Any, tokenizer: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
