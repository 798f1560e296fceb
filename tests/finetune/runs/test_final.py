"""model/final is what was trained: its weights, in the base's dtype, with the template that was trained, and it loads by itself."""

import json
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerState

from finetune.data import prepared
from finetune.data.rows import read_rows
from finetune.data.templates import inference_template
from finetune.plan import Plan
from finetune.runs.final import check_template, check_weights, write_final
from finetune.runs.manifest import NAME, is_final_of
from finetune.runs.weights import untied
from pipeline.errors import LimiError, UserError
from tests.finetune.runs.conftest import Runs
from tests.finetune.runs.made import plan_in


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_in(tmp_path_factory.mktemp("final"))


def trained(plan: Plan) -> dict[str, torch.Tensor]:
    """The weights of the last checkpoint, which the Trainer wrote."""
    return load_file(plan.checkpoints / f"checkpoint-{plan.steps}/model.safetensors")


def test_it_answers_as_the_trained_model_to_the_last_bit(runs: Runs) -> None:
    plan = runs.plans["whole"]
    final = AutoModelForCausalLM.from_pretrained(plan.final)
    other = AutoModelForCausalLM.from_config(final.config, dtype=torch.float32)
    left = other.load_state_dict(trained(plan), strict=False)
    assert left.missing_keys == ["lm_head.weight"]  # tied to the embeddings
    ids = torch.tensor([prepared.read(Path(plan.prepared), plan.prepared_sha256)[0]["input_ids"]])
    with torch.no_grad():
        assert torch.equal(final.eval()(ids).logits, other.eval()(ids).logits)


def test_the_weights_have_moved_from_where_they_began(runs: Runs) -> None:
    begun = next(iter(runs.folder.glob(".limi/demo-model/*/model.safetensors")))
    final = load_file(runs.plans["whole"].final / "model.safetensors")
    assert all(not torch.equal(final[name], weight) for name, weight in load_file(begun).items() if weight.ndim > 1)


def test_it_is_in_the_dtype_that_the_base_was_published_in(runs: Runs) -> None:
    plan = runs.plans["based"]
    weights = load_file(plan.final / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    assert {weight.dtype for weight in trained(plan).values()} == {torch.float32}
    assert json.loads((plan.final / "config.json").read_text())["dtype"] == "bfloat16"
    assert all(torch.equal(weights[name], weight.to(torch.bfloat16)) for name, weight in trained(plan).items())


def test_it_reads_as_far_as_it_was_trained_to(runs: Runs) -> None:
    config = json.loads((runs.plans["based"].final / "config.json").read_text())
    assert config["max_position_embeddings"] == 1024
    assert config["rope_parameters"]["rope_type"] == "yarn"
    assert (config["rope_parameters"]["factor"], config["use_cache"]) == (2.0, True)


def test_generation_stops_where_the_model_was_trained_to_and_where_the_base_did(runs: Runs) -> None:
    plan = runs.plans["based"]
    tokenizer = AutoTokenizer.from_pretrained(plan.final)
    told = json.loads((plan.final / "generation_config.json").read_text())
    assert set(tokenizer.convert_ids_to_tokens(told["eos_token_id"])) == {"<|endoftext|>", "<|im_end|>"}
    assert (told["temperature"], told["top_k"], told["do_sample"]) == (0.6, 20, True)


@pytest.mark.parametrize("name", ["whole", "based", "lora"])
def test_its_template_is_the_trained_one_and_gives_the_trained_tokens(runs: Runs, name: str) -> None:
    plan = runs.plans[name]
    tokenizer = AutoTokenizer.from_pretrained(plan.final)
    assert tokenizer.chat_template == inference_template("qwen3")
    rows = prepared.read(Path(plan.prepared), plan.prepared_sha256)
    for row, ids in zip(read_rows(plan.train.rows, plan.seed), rows["input_ids"], strict=True):
        said = tokenizer.apply_chat_template(row.messages, tools=row.tools, tokenize=True, return_dict=False)
        assert said == list(ids)


def test_lora_is_merged_as_its_paper_says(runs: Runs) -> None:
    """W + alpha / rank x B A, computed here from the last checkpoint's adapter and the base."""
    plan = runs.plans["lora"]
    base = load_file(next(iter(runs.folder.glob(".limi/demo-model/*/model.safetensors"))))
    adapter = load_file(plan.checkpoints / "checkpoint-6/adapter_model.safetensors")
    final = load_file(plan.final / "model.safetensors")
    assert sorted(final) == sorted(base)
    changed = 0
    for name, weight in base.items():
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        if f"{stem}.lora_A.weight" in adapter:
            product = adapter[f"{stem}.lora_B.weight"] @ adapter[f"{stem}.lora_A.weight"]
            assert torch.allclose(final[name], weight + 32 / 4 * product, atol=1e-6)
            assert not torch.allclose(final[name], weight, atol=1e-4)
            changed += 1
        else:
            assert torch.equal(final[name], weight)
    assert (changed, len(adapter)) == (2 * 7, 2 * 2 * 7)  # of two layers: four in attention, three in the MLP


@pytest.mark.parametrize("kind", ["ddp", "fsdp2_cp"])
def test_from_several_ranks_it_is_one_model_with_all_weights(runs: Runs, kind: str) -> None:
    """Sharded checkpoints hold no model that loads; the final one is put together all the same."""
    found = load_file(runs.plans[kind].final / "model.safetensors")
    whole = load_file(runs.plans["whole"].final / "model.safetensors")
    assert sorted(found) == sorted(whole)
    assert all(torch.allclose(found[name], weight, atol=1e-4) for name, weight in whole.items())


def test_the_biases_of_routers_which_no_gradient_reaches_are_in_it(runs: Runs) -> None:
    """They are buffers, which FSDP2 does not shard; the names in the file are the base's, an expert each."""
    base = load_file(runs.folder / "bases/glm/model.safetensors")
    final = load_file(runs.plans["fsdp2"].final / "model.safetensors")
    assert sorted(final) == sorted(base)
    biases = [name for name in base if name.endswith("e_score_correction_bias")]
    assert len(biases) == 2
    for name, weight in base.items():
        assert torch.equal(final[name], weight) is (name in biases), name


@pytest.mark.parametrize("step", [5, 7])
def test_a_model_of_another_step_than_the_plans_last_is_not_written(plan: Plan, step: int) -> None:
    trainer = SimpleNamespace(state=TrainerState(global_step=step))
    with pytest.raises(LimiError, match=rf"^the model has taken {step} steps and its plan has 6, so it is not written"):
        write_final(trainer, plan, None)
    assert not plan.final.exists()


def test_what_a_link_in_its_place_leads_to_stays_as_it_is(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("of another")
    changed = plan.model_copy(update={"output": str(tmp_path / "model")})
    changed.final.parent.mkdir()
    changed.final.symlink_to(tmp_path)
    with pytest.raises(UserError, match=r"model/final is a file or a link, and the trained model takes its place"):
        write_final(SimpleNamespace(state=TrainerState(global_step=plan.steps)), changed, None)
    assert (tmp_path / "mine").read_text() == "of another"


def test_weights_that_are_one_and_have_become_two_are_refused() -> None:
    one, other = torch.ones(2, 2), torch.zeros(2, 2)
    assert list(untied({"head": one, "embed": one}, {"head": "embed"})) == ["embed"]
    with pytest.raises(LimiError, match="head and embed are one weight in this model and have become two"):
        untied({"head": other, "embed": one}, {"head": "embed"})


def test_a_weight_that_does_not_load_as_it_was_trained_is_found(runs: Runs, tmp_path: Path) -> None:
    folder, weights, config = copied(runs.plans["whole"], tmp_path)
    check_weights(folder, weights, config)
    name = "model.layers.1.mlp.up_proj.weight"
    for spoilt in (weights[name] + 1e-7, weights[name].to(torch.bfloat16)):
        save_file({**stored(weights), name: spoilt}, folder / "model.safetensors", {"format": "pt"})
        with pytest.raises(LimiError, match=f"1 of 25 weights differ, {name} first"):
            check_weights(folder, weights, config)


def test_another_configuration_than_was_trained_is_found(runs: Runs, tmp_path: Path) -> None:
    folder, weights, config = copied(runs.plans["whole"], tmp_path)
    told = json.loads((folder / "config.json").read_text())
    told["rope_parameters"]["rope_theta"] = 10_000.0
    (folder / "config.json").write_text(json.dumps(told))
    with pytest.raises(LimiError, match=r"another configuration than what was trained \(rope_parameters\)"):
        check_weights(folder, weights, config)


def test_a_template_that_renders_otherwise_is_found(runs: Runs, tmp_path: Path) -> None:
    plan = runs.plans["whole"]
    folder, *_ = copied(plan, tmp_path)
    check_template(folder, plan)
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text().replace("<|im_start|>", "<|im_start|> ", 1))
    with pytest.raises(LimiError, match="renders row row-0 otherwise than it was trained"):
        check_template(folder, plan)


def test_rows_that_changed_while_a_run_went_on_are_told_and_no_card_counts_them(plan: Plan, tmp_path: Path) -> None:
    file, trainer = tmp_path / "rows.parquet", SimpleNamespace(state=TrainerState(global_step=plan.steps))
    rows = plan.train.rows.model_copy(update={"file": str(file)})
    changed = plan.model_copy(update={"train": plan.train.model_copy(update={"rows": rows})})
    table = pl.read_parquet(plan.train.rows.file)
    sentence = r"rows\.parquet is not as it was when the run was planned.* bring that file back"
    for other in (table.with_columns(licence=pl.lit("WTFPL")), table.head(3)):
        other.write_parquet(file)
        with pytest.raises(UserError, match=sentence):
            write_final(trainer, changed, None)
    file.unlink()
    with pytest.raises(UserError, match=sentence):
        write_final(trainer, changed, None)


def copied(plan: Plan, folder: Path) -> tuple[Path, dict[str, torch.Tensor], object]:
    """A copy of model/final to spoil, all weights that it should load as, and its configuration."""
    for path in plan.final.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    model = AutoModelForCausalLM.from_pretrained(plan.final)
    return folder, {name: weight.clone() for name, weight in model.state_dict().items()}, model.config


def stored(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: weight for name, weight in weights.items() if name != "lm_head.weight"}


def test_it_is_of_one_plan(runs: Runs) -> None:
    plan = runs.plans["whole"]
    assert is_final_of(plan)
    assert not is_final_of(plan.model_copy(update={"seed": 2}))


@pytest.mark.parametrize("text", [None, "", "[]", "{}"])
def test_without_a_whole_manifest_it_is_of_none(runs: Runs, tmp_path: Path, text: str | None) -> None:
    (tmp_path / "final").mkdir()
    if text is not None:
        (tmp_path / "final" / NAME).write_text(text)
    assert not is_final_of(runs.plans["whole"].model_copy(update={"output": str(tmp_path)}))


def test_nothing_half_written_is_left(runs: Runs) -> None:
    assert [path.name for path in Path(runs.plans["chain"].output).iterdir() if path.name.startswith(".")] == []


def test_no_path_of_this_machine_is_in_it(runs: Runs) -> None:
    for path in runs.plans["based"].final.iterdir():
        assert str(runs.folder).encode() not in path.read_bytes(), path.name
