"""An adapter is added in fp32, and the model is in main memory once while it is."""

from pathlib import Path

import pytest
import torch
from peft import get_peft_model
from transformers import AutoModelForCausalLM, PreTrainedModel, Qwen3Config, Qwen3ForCausalLM

from finetune.runs.weights import merged
from finetune.training.base import DEMO_SHAPE
from finetune.training.model import lora_config
from tests.finetune.runs.made import plan_in
from tests.finetune.training.bases import tiny_glm

pytestmark = [
    # peft 0.21 asks transformers by a name that it has given up,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    # and says that ranks of tensors, which it takes (tests/finetune/preflight/test_memory.py counts them), are of no module.
    pytest.mark.filterwarnings("ignore:The following (rank|alpha)_pattern keys did not match:RuntimeWarning"),
]


def model_on(device: str) -> PreTrainedModel:
    with torch.device(device):
        return Qwen3ForCausalLM(Qwen3Config(**DEMO_SHAPE | {"vocab_size": 64})).to(torch.bfloat16)


def test_the_experts_of_a_layer_which_are_two_adapted_tensors_are_both_merged(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, {"lora.rank": 4})
    base = AutoModelForCausalLM.from_pretrained(tiny_glm(tmp_path / "glm"))
    with torch.device("meta"):
        hollow = AutoModelForCausalLM.from_config(base.config)
    adapted = get_peft_model(base, lora_config(plan.train.lora))
    torch.manual_seed(1)
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight)
    found = merged({name: weight.clone() for name, weight in adapted.state_dict().items()}, plan, hollow, torch.float32)
    expected = adapted.merge_and_unload().state_dict()
    assert {"model.layers.1.mlp.experts.gate_up_proj", "model.layers.1.mlp.experts.down_proj"} < found.keys()
    assert found.keys() == expected.keys()
    assert [name for name, weight in found.items() if not torch.equal(weight, expected[name])] == []


def test_a_merged_weight_is_rounded_once_and_its_parts_are_given_up(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, {"lora.rank": 4})
    torch.manual_seed(1)
    model = get_peft_model(model_on("cpu"), lora_config(plan.train.lora))
    state = {name: torch.randn_like(weight) for name, weight in model.state_dict().items()}
    given = dict(state)
    found = merged(state, plan, model_on("meta"), torch.bfloat16)
    assert not state, "else the whole model would be in memory twice"
    assert {weight.dtype for weight in found.values()} == {torch.bfloat16}, "else a model in fp32 beside one in bf16"
    stem = "model.layers.1.mlp.up_proj"
    a, b, weight = (
        given[f"base_model.model.{stem}.{part}.weight"].float()
        for part in ("lora_A.default", "lora_B.default", "base_layer")
    )
    assert torch.equal(found[f"{stem}.weight"], (weight + 32 / 4 * (b @ a)).to(torch.bfloat16))
