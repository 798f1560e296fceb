"""How much arithmetic a step is, and what share of the GPU's peak that makes: MFU, model FLOPs utilization.

The count is that of PaLM (https://arxiv.org/abs/2204.02311, appendix B): 6 FLOPs for each token and weight of a matrix, 2 of them forward
and 4 backward, and the attention's own products beside them. Two things differ from it, both downwards: a causal model needs half of the
products (a token looks only back), and a frozen weight (LoRA) needs no gradient of its own, so 4 in place of 6. What is computed a second
time to save memory does not count.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

# Dense bf16 with accumulation in fp32, FLOPs a second, from the vendors' data sheets; those that print the figure with sparsity are halved.
# The first name that stands as a word in what the driver says counts: an A10G is no A10.
PEAK: tuple[tuple[str, float], ...] = (
    ("B200", 2250e12),
    ("H200", 989e12),
    ("GH200", 989e12),
    ("H100 PCIe", 756e12),
    ("H100 NVL", 835e12),
    ("H100", 989e12),
    ("H800", 989e12),
    ("A100", 312e12),
    ("A800", 312e12),
    ("L40S", 362e12),
    ("L4", 121e12),
    ("A10", 125e12),
    ("RTX 4090", 165e12),
    ("RTX 3090", 71e12),
    ("MI300X", 1307e12),
    ("MI250X", 383e12),
)


@dataclass(frozen=True)
class Arithmetic:
    """What of a model decides how much a step computes."""

    trained: float  # weights in matrices that every token goes through and that learn
    frozen: float  # those that do not learn
    layers: int
    attention_width: int  # heads x dimensions of one

    def flops(self, lengths: Iterable[int]) -> float:
        """FLOPs of training once on rows of so many tokens each."""
        lengths = list(lengths)
        matrices = (6 * self.trained + 4 * self.frozen) * sum(lengths)
        attention = 6 * self.layers * self.attention_width * sum(length * length for length in lengths)
        return matrices + attention


def arithmetic_of(parameters: Iterable[tuple[str, Any]], config: Any) -> Arithmetic:
    """The shape of a model from its named parameters and its configuration.

    A token looks its embedding up, which is no product; where the output uses the same matrix, that is one, and counts. Of a mixture of
    experts each token goes through as many as the configuration says.
    """
    tied = bool(getattr(config, "tie_word_embeddings", False))
    experts = getattr(config, "n_routed_experts", None) or getattr(config, "num_experts", None)
    share = config.num_experts_per_tok / experts if experts else 1.0
    trained = frozen = 0.0
    for name, parameter in parameters:
        if parameter.ndim < 2 or ("embed_tokens" in name and not tied):
            continue
        weights = parameter.numel() * (share if ".experts." in name else 1.0)
        if parameter.requires_grad:
            trained += weights
        else:
            frozen += weights
    heads = config.num_attention_heads
    width = heads * (getattr(config, "head_dim", None) or config.hidden_size // heads)
    return Arithmetic(trained, frozen, config.num_hidden_layers, width)


def peak_flops(device: str, precision: str) -> float | None:
    """What a GPU can do in a second at most; None for one that the table does not have, and for another precision than bf16."""
    if precision != "bf16":
        return None
    return next((peak for name, peak in PEAK if re.search(rf"\b{name}\b", device)), None)


@dataclass(frozen=True)
class Seen:
    """What a run has seen up to a step."""

    tokens: int
    loss_tokens: int


class Progress:
    """The rows of every step, known before it is taken: the order is of seed and epoch alone (finetune/training/order.py).

    The Trainer's own count of tokens begins at 0 after a resume, and counts padding.
    """

    def __init__(self, orders: Any, tokens: Sequence[int], loss_tokens: Sequence[int], global_batch: int) -> None:
        """`orders` gives the rows of an epoch, by its number; `tokens` and `loss_tokens` are of each row."""
        self._orders, self._tokens, self._loss_tokens = orders, tokens, loss_tokens
        self._batch = global_batch
        self._per_epoch = -(-len(tokens) // global_batch)

    def rows(self, step: int) -> list[int]:
        """The rows that step `step` (from 1) saw; fewer than a batch at the end of an epoch."""
        epoch, place = divmod(step - 1, self._per_epoch)
        order: list[int] = self._orders(epoch)
        return order[place * self._batch : (place + 1) * self._batch]

    def lengths(self, step: int) -> list[int]:
        """The lengths of these rows, in tokens."""
        return [self._tokens[row] for row in self.rows(step)]

    def seen(self, step: int) -> Seen:
        """All that was seen from the first step to this one, both with it."""
        epochs, places = divmod(step, self._per_epoch)
        part = self._orders(epochs)[: places * self._batch]
        return Seen(
            epochs * sum(self._tokens) + sum(self._tokens[row] for row in part),
            epochs * sum(self._loss_tokens) + sum(self._loss_tokens[row] for row in part),
        )
