"""Parameters are counted exactly, memory is estimated as the figures that were worked out by hand, and every recipe fits its hardware."""

import gc
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from peft import get_peft_model
from transformers import AutoModelForCausalLM, Glm4MoeConfig, LlamaConfig, PretrainedConfig, Qwen3Config

from finetune.launch.launches import read_launch
from finetune.preflight import memory
from finetune.preflight.shape import Shape, shape_of
from finetune.runs.final import check_weights
from finetune.training.model import lora_config
from pipeline.train_sections import Train
from tests.conftest import ROOT
from tests.finetune.made import train
from tests.finetune.preflight.made import MODELS

RECIPES = sorted((ROOT / "finetune/recipes").glob("*.yaml"))
GIGABYTE = 10**9


def section(recipe: str) -> Train:
    text = (ROOT / f"finetune/recipes/{recipe}.yaml").read_text(encoding="utf-8")
    return Train.model_validate(yaml.safe_load(text)["train"])


def shape(model: str) -> Shape:
    found = shape_of(MODELS[model])
    assert found is not None
    return found


SMALL: dict[str, PretrainedConfig] = {
    "qwen3": Qwen3Config(
        vocab_size=500, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16,
    ),
    "qwen3, tied": Qwen3Config(
        vocab_size=500, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=8,
        num_key_value_heads=2, head_dim=32, tie_word_embeddings=True,
    ),
    "glm": Glm4MoeConfig(
        vocab_size=500, hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, head_dim=16,
        num_key_value_heads=2, n_routed_experts=8, n_shared_experts=1, moe_intermediate_size=32, num_experts_per_tok=2,
        first_k_dense_replace=1, attention_bias=True,
    ),
    "glm, normed": Glm4MoeConfig(
        vocab_size=500, hidden_size=64, intermediate_size=96, num_hidden_layers=4, num_attention_heads=4, head_dim=16,
        num_key_value_heads=2, n_routed_experts=4, n_shared_experts=2, moe_intermediate_size=24, num_experts_per_tok=2,
        first_k_dense_replace=2, attention_bias=False, use_qk_norm=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.filterwarnings("ignore")  # peft's own
def test_weights_and_adapters_are_counted_as_the_models_have_them(name: str) -> None:
    found = shape_of(SMALL[name])
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(SMALL[name])
    assert found is not None
    experts = [weight.numel() for path, weight in model.model.layers[-1].named_parameters() if ".experts." in path]
    assert (found.experts, found.routed) == (sum(experts), getattr(SMALL[name], "num_experts_per_tok", 0))
    assert found.parameters == sum(weight.numel() for weight in model.parameters())
    assert found.layer == max(sum(weight.numel() for weight in one.parameters()) for one in model.model.layers)
    chosen = section("qwen3-8b-lora").lora.model_copy(update={"rank": 4})
    adapted = get_peft_model(model, lora_config(chosen))
    assert found.lora_parameters(4) == sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)


def test_the_recipes_models_have_as_many_weights_as_their_names_say() -> None:
    counted = {name: round(shape(name).parameters / 1e9, 1) for name in MODELS}
    assert counted == {"Qwen/Qwen3-4B": 4.0, "Qwen/Qwen3-8B": 8.2, "Qwen/Qwen3-32B": 32.8, "zai-org/GLM-4.5-Air": 106.9}


def test_a_family_that_is_not_known_is_not_guessed() -> None:
    assert shape_of(LlamaConfig()) is None


# Worked out by hand for 152,000 tokens on eight GPUs that share each row, fp32 masters; two-nodes as the range 56 to 68.
BY_HAND = [
    ("Qwen/Qwen3-4B", "eight-gpus", 24),
    ("Qwen/Qwen3-8B", "eight-gpus", 38),
    ("Qwen/Qwen3-32B", "eight-gpus", 101),
    ("Qwen/Qwen3-32B", "two-nodes", 62),
]


@pytest.mark.parametrize(("model", "launch", "gigabytes"), BY_HAND)
def test_the_estimate_is_that_which_was_worked_out_by_hand(model: str, launch: str, gigabytes: int) -> None:
    found = memory.estimate(shape(model), section("qwen3-8b"), read_launch(launch), 152_000)
    assert found.gpu_total / GIGABYTE == pytest.approx(gigabytes, rel=0.12)


def test_weights_gradients_and_adam_are_16_bytes_a_weight_shared_by_all_gpus() -> None:
    model = shape("Qwen/Qwen3-8B")
    found = memory.estimate(model, section("qwen3-8b"), read_launch("eight-gpus"), 152_000)
    state = sum(size for name, size in found.gpu.items() if name.endswith("fp32") and "output" not in name)
    assert state == pytest.approx(16 * model.parameters / 8, rel=1e-6)


def test_lora_leaves_the_frozen_weights_in_bf16_and_keeps_state_for_the_adapter_alone() -> None:
    model, chosen = shape("Qwen/Qwen3-8B"), section("qwen3-8b-lora")
    found = memory.estimate(model, chosen, read_launch("one-gpu"), 32_768)
    assert found.gpu["weights, frozen"] == 2 * model.parameters
    assert found.gpu["Adam's two moments, fp32"] == 8 * model.lora_parameters(chosen.lora.rank)


@pytest.mark.parametrize(
    ("changed", "more"),
    [({"attention": "eager"}, "scores of attention, which eager keeps"), ({"attention": "sdpa"}, "")],
)
def test_eager_attention_keeps_scores_that_grow_with_the_square(changed: dict[str, str], more: str) -> None:
    chosen = section("qwen3-8b-lora").model_copy(
        update={"base": section("qwen3-8b-lora").base.model_copy(update=changed)}
    )
    found = memory.estimate(shape("Qwen/Qwen3-8B"), chosen, read_launch("one-gpu"), 32_768)
    assert ({name for name in found.gpu if "scores" in name} or {""}) == {more}


def test_without_recomputing_every_layers_activations_stay() -> None:
    # cpu keeps them all, one-gpu computes them again
    model = shape("Qwen/Qwen3-4B")
    kept = memory.estimate(model, train(), read_launch("cpu"), 4_096).gpu["activations and their gradients"]
    again = memory.estimate(model, train(), read_launch("one-gpu"), 4_096).gpu[
        "activations of a layer and their gradients"
    ]
    assert kept > 20 * again


def test_adams_roots_are_counted_where_the_passes_hold_less_than_they_take() -> None:
    model, chosen = shape("Qwen/Qwen3-4B"), section("qwen3-4b-one-gpu")
    name = "the roots of Adam's second moments, more than the passes hold"
    short, long = (memory.estimate(model, chosen, read_launch("one-gpu"), length).gpu for length in (512, 131_072))
    passing = ("weights, a copy in", "the output's gradient", "logits,", "activations of a layer")
    assert short[name] + sum(size for term, size in short.items() if term.startswith(passing)) == 4 * model.parameters
    assert name not in long


def test_offloaded_or_on_the_cpu_adam_takes_a_root_at_a_time_and_none_is_counted() -> None:
    known = torch.utils._foreach_utils._get_foreach_kernels_supported_devices()
    assert "cuda" in known and "cpu" not in known  # else torch's Adam would go by all weights at once there too
    model, launch = shape("Qwen/Qwen3-32B"), replace(read_launch("eight-gpus"), offloaded=True)
    found = memory.estimate(model, section("qwen3-32b"), launch, 512)
    assert not [name for name in (*found.gpu, *found.host) if "roots" in name]
    found = memory.estimate(model, section("qwen3-32b"), read_launch("cpu"), 512)
    assert not [name for name in (*found.gpu, *found.host) if "roots" in name]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_node_holds_what_is_there_when_model_final_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    config = deepcopy(SMALL["qwen3"])
    config.dtype = dtype
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.save_pretrained(tmp_path)
    before, seen, equal = alive(), [], torch.equal

    def look(one: torch.Tensor, other: torch.Tensor) -> bool:
        if not seen:
            seen.append(alive())
        return equal(one, other)

    monkeypatch.setattr(torch, "equal", look)
    check_weights(tmp_path, model.state_dict(), model.config)
    found = shape_of(config)
    assert found is not None
    told = memory.estimate(found, section("qwen3-4b"), read_launch("one-gpu"), 512).host
    held = found.parameters * dtype.itemsize  # what is compared with, which was there before
    assert told["the whole model, when it is read and in the end"] == pytest.approx(seen[0] - before + held, rel=0.01)


def alive() -> int:
    gc.collect()
    storages = {
        one.untyped_storage().data_ptr(): one.untyped_storage().nbytes()
        for one in gc.get_objects()
        if type(one) in (torch.Tensor, torch.nn.Parameter) and one.device.type == "cpu"
    }
    return sum(storages.values())


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_fits_the_hardware_that_it_names_and_reaches_its_longest_row(path: Path) -> None:
    chosen = section(path.stem)
    config, hardware = MODELS[chosen.base.name], chosen.hardware
    found = memory.estimate(shape(chosen.base.name), chosen, read_launch(hardware.launch), chosen.rows.max_tokens)
    assert found.gpu_total <= 0.9 * hardware.gpu_memory_gb * memory.GIB  # a tenth for what was measured nowhere
    assert found.host_total <= hardware.host_memory_gb * memory.GIB
    native = 32_768 if config.model_type == "qwen3" else config.max_position_embeddings
    assert chosen.rows.max_tokens <= native * chosen.base.yarn_factor


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_has_the_papers_hyperparameters(path: Path) -> None:
    chosen = section(path.stem)
    optimizer, schedule = chosen.optimizer, chosen.schedule
    assert (optimizer.weight_decay, optimizer.beta1, optimizer.beta2) == (0.1, 0.9, 0.98)
    assert (schedule.epochs, schedule.global_batch, chosen.rows.over_length) == (4, 64, "refuse")
    rates = (1e-4, 1e-5) if chosen.lora.rank else (1e-5, 1e-6)
    assert (optimizer.learning_rate, optimizer.min_learning_rate) == rates


def test_32b_on_one_node_is_what_the_estimate_must_refuse() -> None:
    found = memory.estimate(shape("Qwen/Qwen3-32B"), section("qwen3-8b"), read_launch("eight-gpus"), 152_000)
    assert found.gpu_total > 80 * memory.GIB
