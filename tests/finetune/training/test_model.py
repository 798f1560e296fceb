"""The weights: in which precision, with which positions, and the demo's always the same."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import PartialState
from peft import get_peft_model

from finetune.training.base import DEMO_FOLDER, config_of
from finetune.training.model import filled_by_the_first_rank, load, lora_config, room_for, stored_dtype
from pipeline.errors import UserError
from tests.finetune import made
from tests.finetune.training.bases import tiny_glm, tiny_qwen


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's model is made in the project's folder."""
    monkeypatch.chdir(tmp_path)


def dtypes(**changed: dict[str, Any]) -> set[torch.dtype]:
    return {weight.dtype for weight in load(made.train(**changed), 3).parameters()}


def test_weights_that_are_trained_are_fp32_whatever_the_pass_is() -> None:
    assert dtypes(hardware={"precision": "bf16"}) == {torch.float32}
    assert dtypes(hardware={"precision": "fp32"}) == {torch.float32}


def test_weights_that_lora_leaves_alone_are_in_the_precision_of_the_pass() -> None:
    assert dtypes(lora={"rank": 4}, hardware={"precision": "bf16"}) == {torch.bfloat16}
    assert dtypes(lora={"rank": 4}, hardware={"precision": "fp32"}) == {torch.float32}


def test_lora_is_as_the_parameters_say_and_none_at_rank_0() -> None:
    lora = lora_config(made.train(lora={"rank": 4, "alpha": 8, "dropout": 0.1}).lora)
    assert lora is not None
    assert (lora.r, lora.lora_alpha, lora.lora_dropout) == (4, 8, 0.1)
    assert lora_config(made.train(lora={"rank": 0}).lora) is None


def adapted(folder: Path) -> set[str]:
    """Names of the weights that LoRA trains in a model, without the numbers of layers."""
    model = load(made.train(base={"name": str(folder)}), 3)
    lora = lora_config(made.train(lora={"rank": 4}).lora)
    named = get_peft_model(model, lora).named_parameters()
    names = (
        re.search(r"layers\.\d+\.(.*?)\.(?:base_layer\.)?lora_", name) for name, weight in named if weight.requires_grad
    )
    return {name[1] for name in names if name}


@pytest.mark.filterwarnings("ignore")  # peft's own
def test_lora_is_on_every_layer_of_a_qwen3_but_the_output(tmp_path: Path) -> None:
    attention = {f"self_attn.{name}_proj" for name in "qkvo"}
    assert adapted(tiny_qwen(tmp_path)) == attention | {"mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"}


@pytest.mark.filterwarnings("ignore")  # peft's own
def test_lora_is_on_attention_and_experts_of_a_glm_and_not_on_its_router(tmp_path: Path) -> None:
    assert adapted(tiny_glm(tmp_path)) == {f"self_attn.{name}_proj" for name in "qkvo"} | {"mlp.experts"}


def test_the_demos_model_is_the_same_for_a_seed_and_another_for_another() -> None:
    first, again, other = (load(made.train(), seed).model.embed_tokens.weight for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert sorted(path.name[0] for path in DEMO_FOLDER.iterdir()).count(".") == 0, "nothing unfinished is left"


def test_making_the_demos_model_draws_nothing_from_whoever_draws_next() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    load(made.train(), 3)
    assert torch.equal(torch.rand(1), expected)


def test_yarn_reaches_the_models_positions(tmp_path: Path) -> None:
    folder = str(tiny_qwen(tmp_path / "qwen"))
    plain = load(made.train(base={"name": folder}), 3).model.rotary_emb
    yarn = load(made.train(base={"name": folder, "yarn_factor": 4.0}), 3).model.rotary_emb
    assert plain.attention_scaling == 1.0
    assert yarn.attention_scaling == pytest.approx(1.1386, rel=1e-4)  # 0.1 ln(4) + 1, the paper's equation 22
    # The slowest frequencies are interpolated by the factor, the fastest are left.
    assert yarn.inv_freq[-1] == pytest.approx(plain.inv_freq[-1].item() / 4)
    assert yarn.inv_freq[0] == plain.inv_freq[0]


def test_the_dtype_of_the_published_weights_is_the_configurations(tmp_path: Path) -> None:
    folder = tiny_qwen(tmp_path / "qwen")
    assert stored_dtype(made.train(base={"name": str(folder)}).base) == torch.float32
    config = (folder / "config.json").read_text().replace('"dtype": "float32"', '"dtype": "bfloat16"')
    (folder / "config.json").write_text(config)
    assert stored_dtype(made.train(base={"name": str(folder)}).base) == torch.bfloat16


def test_a_base_without_weights_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = tiny_qwen(tmp_path / "qwen")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"^train\.base: .*/qwen cannot be loaded: "):
        load(made.train(base={"name": str(folder)}), 3)


def test_room_for_a_model_has_its_shapes_ties_and_buffers() -> None:
    base = made.train().base
    read, room = (
        load(made.train(), 3),
        room_for(config=config_of(base), dtype=torch.float32, attn_implementation="sdpa"),
    )
    assert [(name, weight.shape) for name, weight in room.named_parameters()] == [
        (name, weight.shape) for name, weight in read.named_parameters()
    ]
    assert room.lm_head.weight is room.model.embed_tokens.weight
    assert torch.equal(room.model.rotary_emb.inv_freq, read.model.rotary_emb.inv_freq)


def test_a_process_of_its_own_reads_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")
    assert not filled_by_the_first_rank()


def test_another_rank_than_the_first_reads_no_weights_where_it_is_given_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_qwen(tmp_path / "qwen")
    (folder / "model.safetensors").unlink()
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")
    monkeypatch.setitem(PartialState()._shared_state, "process_index", 1)
    assert filled_by_the_first_rank()
    assert load(made.train(base={"name": str(folder)}), 3).num_parameters() > 0
