"""The estimate is held against what torch is asked for by the models of the recipes, in their own size and by each launch's precision."""

from copy import deepcopy

import pytest
import torch
from transformers import PretrainedConfig

from finetune.launch.launches import Launch, read_launch
from finetune.preflight import memory
from finetune.preflight.shape import Shape, shape_of
from pipeline.train_sections import Train
from tests.finetune.made import train
from tests.finetune.preflight import live
from tests.finetune.preflight.made import MODELS
from tests.finetune.preflight.test_memory import section

pytestmark = [
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The following (rank|alpha)_pattern keys did not match:RuntimeWarning"),
]
FEW_PER_CENT = 0.03
DTYPES = {2: torch.bfloat16, 4: torch.float32}
# One of each kind: all weights and LoRA, on one GPU and in parts; each of other proportions; and what the demo does, fp32 on the CPU.
KINDS = "qwen3-4b-one-gpu qwen3-4b-lora qwen3-8b-lora qwen3-32b-lora qwen3-8b glm-4.5-air glm-4.5-air-lora fp32".split()


def chosen(kind: str, layers: int = 0) -> tuple[PretrainedConfig, Train, Launch]:
    """A recipe and its model with its last layers only, a sparse one of GLM-4.5-Air."""
    held = train(base={"name": "Qwen/Qwen3-4B"}) if kind == "fp32" else section(kind)
    config = deepcopy(MODELS[held.base.name])
    config.num_hidden_layers = layers or 2
    if not layers:
        config.vocab_size = 64
    config.layer_types = ["full_attention"] * config.num_hidden_layers
    return config, held, read_launch(held.hardware.launch)


def shape(config: PretrainedConfig) -> Shape:
    found = shape_of(config)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_layer_keeps_is_within_a_few_per_cent_of_what_torch_saves(kind: str) -> None:
    config, held, launch = chosen(kind)
    told = memory.layer(shape(config), held, launch)
    given = DTYPES[told.given // config.hidden_size]
    assert live.by_the_token(live.saved, config, held, launch, given) == pytest.approx(told.kept, rel=FEW_PER_CENT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_most_that_a_layer_takes_is_within_a_few_per_cent_too(kind: str) -> None:
    config, held, launch = chosen(kind)
    told = memory.layer(shape(config), held, launch)
    given = DTYPES[told.given // config.hidden_size]
    seen = live.by_the_token(live.most, config, held, launch, given)
    assert seen == pytest.approx(told.kept + told.more, rel=FEW_PER_CENT)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stays_of_a_layer_that_is_computed_again_is_its_input_in_the_dtype_that_is_told(kind: str) -> None:
    config, held, launch = chosen(kind)
    told = memory.layer(shape(config), held, launch).given
    assert live.inputs(config, held, launch) == {DTYPES[told // config.hidden_size]}


def test_a_layer_of_real_tensors_saves_what_one_of_fakes_does() -> None:
    config, held, launch = chosen("qwen3-4b-one-gpu")
    config.hidden_size, config.intermediate_size = 1_280, 4_864  # a half of each
    config.num_attention_heads, config.num_key_value_heads = 16, 4
    real = live.model_of(config, held, launch, real=True)
    short, long = (live.saved(real, held, tokens, torch.float32) for tokens in (128, 256))
    assert (long - short) / 128 == live.by_the_token(live.saved, config, held, launch, torch.float32)
    assert (long - short) / 128 == pytest.approx(memory.layer(shape(config), held, launch).kept, rel=FEW_PER_CENT)


def test_adapted_experts_are_made_in_full_and_have_the_gradient_of_two_thirds_beside() -> None:
    config, held, launch = chosen("glm-4.5-air-lora")
    told = memory.estimate(shape(config), held, launch, 152_000).gpu
    seen = live.experts(config, held, launch)
    assert seen == pytest.approx(
        told["the adapter's experts of a layer, in full, and their gradient"], rel=FEW_PER_CENT
    )


@pytest.mark.parametrize("kind", ["qwen3-4b-one-gpu", "qwen3-8b-lora"])
def test_a_whole_step_takes_no_more_than_is_told_and_little_less(kind: str) -> None:
    config, held, launch = chosen(kind, layers=4)
    told = memory.estimate(shape(config), held, launch, held.rows.max_tokens).gpu
    coming = ("activations", "inputs", "weights, a copy", "the output's gradient", "logits")
    passing = sum(size for name, size in told.items() if name.startswith(coming))
    seen = max(live.step(config, held, launch, held.rows.max_tokens))
    assert (
        seen <= passing <= 1.15 * seen
    )  # logits and the last layer's output are there before the layers' activations are
