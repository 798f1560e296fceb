"""The arithmetic of a step is PaLM's, halved where a causal model needs half; the rows of a step are known before it is taken."""

from functools import partial

import pytest
import torch
from transformers import AutoModelForCausalLM, Glm4MoeConfig, Qwen3Config

from finetune.runs.speed import Arithmetic, Progress, Seen, arithmetic_of, peak_flops
from finetune.training.order import rows_of_epoch


def hollow(config: Qwen3Config | Glm4MoeConfig) -> torch.nn.Module:
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def dense(**changed: object) -> Qwen3Config:
    told = {
        "vocab_size": 1000,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
    }
    return Qwen3Config(**told | changed)


LAYER = 64 * (4 * 16) * 2 + 64 * (2 * 16) * 2 + 3 * 64 * 128  # queries and outputs, keys and values, the MLP's three


@pytest.mark.parametrize("tied", [False, True])
def test_each_matrix_counts_once_and_looking_an_embedding_up_is_no_product(tied: bool) -> None:
    config = dense(tie_word_embeddings=tied)
    assert arithmetic_of(hollow(config).named_parameters(), config) == Arithmetic(3 * LAYER + 1000 * 64, 0, 3, 64)


def test_flops_are_six_for_each_weight_and_token_and_the_attention_beside() -> None:
    arithmetic = Arithmetic(trained=1000, frozen=0, layers=3, attention_width=64)
    assert arithmetic.flops([10, 20]) == 6 * 1000 * 30 + 6 * 3 * 64 * (10 * 10 + 20 * 20)


def test_one_long_row_is_more_than_two_of_half_its_length() -> None:
    arithmetic = Arithmetic(trained=1000, frozen=0, layers=3, attention_width=64)
    assert arithmetic.flops([20]) > arithmetic.flops([10, 10])


def test_a_frozen_weight_needs_no_gradient_of_its_own() -> None:
    model = hollow(dense())
    for name, parameter in model.named_parameters():
        parameter.requires_grad = "lm_head" in name
    arithmetic = arithmetic_of(model.named_parameters(), dense())
    assert (arithmetic.trained, arithmetic.frozen) == (1000 * 64, 3 * LAYER)
    assert arithmetic.flops([1]) == 6 * 1000 * 64 + 4 * 3 * LAYER + 6 * 3 * 64


def test_of_experts_a_token_goes_through_those_that_it_is_sent_to() -> None:
    config = Glm4MoeConfig(
        vocab_size=1000,
        hidden_size=64,
        intermediate_size=128,
        moe_intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        n_routed_experts=8,
        num_experts_per_tok=2,
        n_shared_experts=1,
        first_k_dense_replace=1,
        tie_word_embeddings=False,
    )
    attention = 64 * 64 * 2 + 64 * 32 * 2
    routed, shared, router = 2 * 3 * 64 * 32, 3 * 64 * 32, 8 * 64
    expected = 2 * attention + 3 * 64 * 128 + routed + shared + router + 1000 * 64
    assert arithmetic_of(hollow(config).named_parameters(), config).trained == expected


@pytest.mark.parametrize(
    ("device", "peak"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H100 NVL", 835e12),
        ("NVIDIA H200", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA L40S", 362e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA A10G", None),
        ("NVIDIA B200", 2250e12),
        ("NVIDIA GeForce RTX 2080", None),
        ("", None),
    ],
)
def test_the_peak_is_the_data_sheets_and_an_unknown_gpu_has_none(device: str, peak: float | None) -> None:
    assert peak_flops(device, "bf16") == peak


def test_in_fp32_no_peak_is_told() -> None:
    assert peak_flops("NVIDIA H100 80GB HBM3", "fp32") is None


TOKENS, LOSS = [10, 20, 30, 40, 50], [1, 2, 3, 4, 5]


@pytest.fixture
def progress() -> Progress:
    return Progress(partial(rows_of_epoch, 5, 7), TOKENS, LOSS, global_batch=2)


def test_an_epoch_sees_every_row_once_and_its_last_step_is_short(progress: Progress) -> None:
    steps = [progress.rows(step) for step in (1, 2, 3)]
    assert [len(rows) for rows in steps] == [2, 2, 1]
    assert sorted(row for rows in steps for row in rows) == [0, 1, 2, 3, 4]
    assert progress.lengths(1) == [TOKENS[row] for row in steps[0]]


def test_what_was_seen_is_the_sum_of_the_steps(progress: Progress) -> None:
    for step in range(1, 8):
        rows = [row for taken in range(1, step + 1) for row in progress.rows(taken)]
        assert progress.seen(step) == Seen(sum(TOKENS[row] for row in rows), sum(LOSS[row] for row in rows))


def test_another_epoch_has_another_order(progress: Progress) -> None:
    assert [progress.rows(step) for step in (1, 2, 3)] != [progress.rows(step) for step in (4, 5, 6)]
