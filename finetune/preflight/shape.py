"""What of a model's configuration decides how much memory it takes; parameters are counted from it, no weight is read. Imports no torch."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shape:
    """A decoder with grouped-query attention and a gated MLP, dense or with routed experts."""

    hidden: int
    layers: int
    vocabulary: int
    queries: int  # heads x size of a head
    keys: int  # of keys, and as many of values
    heads: int
    wide: int  # what a token passes through in an MLP: of the experts, those that it is sent to
    layer: int  # parameters of the largest layer
    experts: int  # of them, those of the routed experts; 0 where there are none
    routed: int  # experts that a token is sent to; 0 where there are none
    parameters: int
    adapter: int  # weights of a LoRA adapter of rank 1, of the layers that finetune/training/model.py names
    tied: bool  # the output shares its weights with the embeddings
    normed: bool  # queries and keys have a norm for each head
    partial: bool  # positions turn a part of each head only, and attention's output is in memory twice by it
    stored: int  # bytes of a number as the model is published

    def lora_parameters(self, rank: int) -> int:
        """Parameters of an adapter of this rank: `rank x (inputs + outputs)` for each weight (https://arxiv.org/abs/2106.09685)."""
        return rank * self.adapter


def shape_of(config: Any) -> Shape | None:
    """The shape of a configuration of transformers; None for a family that is not known here. Held against the models by a test."""
    known = {"qwen3": _qwen3, "glm4_moe": _glm4_moe}.get(config.model_type)
    return known(config) if known else None


def _qwen3(config: Any) -> Shape:
    hidden, queries, keys = _attention(config)
    mlp = 3 * hidden * config.intermediate_size
    attention = hidden * (queries + 2 * keys) + queries * hidden + 2 * config.head_dim
    layer = attention + mlp + 2 * hidden
    adapter = hidden * 3 + queries + 2 * keys + (queries + hidden) + 3 * (hidden + config.intermediate_size)
    return _whole(
        config,
        queries,
        keys,
        config.intermediate_size,
        layer,
        layer * config.num_hidden_layers,
        adapter * config.num_hidden_layers,
        experts=0,
        routed=0,
        normed=True,
        partial=False,
    )


def _glm4_moe(config: Any) -> Shape:
    hidden, queries, keys = _attention(config)
    biases = (queries + 2 * keys) if config.attention_bias else 0
    norms = 2 * config.head_dim if config.use_qk_norm else 0
    attention = hidden * (queries + 2 * keys) + queries * hidden + biases + norms + 2 * hidden
    one = 3 * hidden * config.moe_intermediate_size
    shared = config.n_shared_experts * one
    # The router's correction of each expert is a buffer, no parameter.
    sparse = attention + config.n_routed_experts * (one + hidden) + shared
    dense = attention + 3 * hidden * config.intermediate_size
    first = min(config.first_k_dense_replace, config.num_hidden_layers)
    many = config.num_hidden_layers - first
    wide = (config.num_experts_per_tok + config.n_shared_experts) * config.moe_intermediate_size
    # peft 0.21 adapts attention and routed experts (gate and up, which are one tensor, at twice the rank), and leaves dense and shared MLPs
    # as they are; finetune/training/model.py leaves the router out.
    experts = config.n_routed_experts * (
        2 * (hidden + 2 * config.moe_intermediate_size) + config.moe_intermediate_size + hidden
    )
    adapter = config.num_hidden_layers * (hidden * 3 + queries + 2 * keys + (queries + hidden))
    adapter += many * experts
    return _whole(
        config,
        queries,
        keys,
        wide,
        max(sparse, dense),
        first * dense + many * sparse,
        adapter,
        experts=config.n_routed_experts * one,
        routed=config.num_experts_per_tok,
        normed=config.use_qk_norm,
        partial=True,
    )


def _attention(config: Any) -> tuple[int, int, int]:
    size = config.head_dim
    return config.hidden_size, config.num_attention_heads * size, config.num_key_value_heads * size


def _whole(
    config: Any,
    queries: int,
    keys: int,
    wide: int,
    layer: int,
    layers: int,
    adapter: int,
    experts: int,
    routed: int,
    normed: bool,
    partial: bool,
) -> Shape:
    tied = bool(config.tie_word_embeddings)
    around = config.vocab_size * config.hidden_size * (1 if tied else 2) + config.hidden_size
    return Shape(
        hidden=config.hidden_size,
        layers=config.num_hidden_layers,
        vocabulary=config.vocab_size,
        queries=queries,
        keys=keys,
        heads=config.num_attention_heads,
        wide=wide,
        layer=layer,
        experts=experts,
        routed=routed,
        parameters=layers + around,
        adapter=adapter,
        tied=tied,
        normed=normed,
        partial=partial,
        stored=2 if str(config.dtype).endswith("float16") else 4,  # torch.bfloat16, or its name where there is no torch
    )
