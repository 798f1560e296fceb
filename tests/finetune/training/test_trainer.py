"""The trainer's own rules: what its arguments leave alone, the row without loss, a loss that is no number, GPUs that are not there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest
import torch
from transformers import TrainerControl, TrainerState
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from finetune.data.rendering import NO_LOSS
from finetune.plan import Plan
from finetune.training.arguments import sft_config
from finetune.training.model import load
from finetune.training.ranks import hold_gpus, hold_to
from finetune.training.run import trainer_of
from finetune.training.trainer import Finite, with_filler
from pipeline.errors import LimiError, UserError
from tests.finetune import made


def planned(folder: Path, **changed: Any) -> Plan:
    return made.plan(folder / "run", made.train(**changed), 6)


def test_no_default_of_trl_touches_the_rows(tmp_path: Path) -> None:
    arguments = sft_config(planned(tmp_path))
    assert arguments.max_length is None
    assert not arguments.packing
    assert not arguments.padding_free
    assert not arguments.assistant_only_loss
    assert not arguments.completion_only_loss
    assert not arguments.dataloader_drop_last
    assert arguments.dataset_kwargs == {"skip_prepare_dataset": True}
    assert arguments.average_tokens_across_devices


def test_padding_keeps_every_token_and_gives_none_of_its_own_a_loss() -> None:
    collate = DataCollatorForLanguageModeling(pad_token_id=0, pad_to_multiple_of=16)
    row = made.rows()[3]
    batch = collate([{"input_ids": row.input_ids, "labels": row.labels}])
    assert batch["input_ids"].shape == (1, 112)
    assert batch["input_ids"][0, :101].tolist() == row.input_ids
    assert batch["labels"][0].tolist() == row.labels + [NO_LOSS] * 11


def test_a_long_row_is_padded_so_that_each_rank_gets_two_equal_parts(tmp_path: Path) -> None:
    plan = planned(tmp_path).model_copy(update={"processes": 1, "context_parallel": 1})
    assert sft_config(plan).pad_to_multiple_of is None
    shared = plan.model_copy(update={"processes": 16, "context_parallel": 16})
    assert sft_config(shared).pad_to_multiple_of == 32


def test_a_row_of_one_gpu_has_attention_make_no_mask_whatever_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan = planned(tmp_path).model_copy(update={"processes": 1, "context_parallel": 1})
    masks: list[Any] = []
    model = load(plan.train, plan.seed)
    for layer in model.model.layers:
        layer.self_attn.register_forward_pre_hook(
            lambda module, given, named: masks.append(named["attention_mask"]), with_kwargs=True
        )
    collate = DataCollatorForLanguageModeling(pad_token_id=0, pad_to_multiple_of=sft_config(plan).pad_to_multiple_of)
    for length in (13, 16):
        model(**collate([{"input_ids": list(range(1, length + 1)), "labels": [NO_LOSS] * length}]))
    assert masks == [None] * 2 * len(model.model.layers)


def test_the_steps_optimizer_and_batch_are_the_plans(tmp_path: Path) -> None:
    arguments = sft_config(planned(tmp_path, schedule={"global_batch": 4, "save_steps": 3}))
    assert (arguments.max_steps, arguments.save_steps, arguments.save_total_limit) == (6, 3, None)
    assert (arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps) == (1, 4)
    assert (arguments.adam_beta1, arguments.adam_beta2, arguments.weight_decay) == (0.9, 0.98, 0.1)


@pytest.mark.parametrize(
    ("launch", "again"), [("cpu", False), ("one-gpu", True), ("eight-gpus", False), ("two-nodes", False)]
)
def test_activations_are_computed_again_by_one_means_only(tmp_path: Path, launch: str, again: bool) -> None:
    plan = planned(tmp_path, hardware={"launch": launch, "precision": "fp32"})
    assert sft_config(plan).activation_checkpointing is again


def test_the_filler_is_one_more_row_and_carries_no_loss() -> None:
    rows = datasets.Dataset.from_list([{"input_ids": [5, 6, 7], "labels": [NO_LOSS, 6, 7]}])
    filled = with_filler(rows)
    assert filled[0] == rows[0]
    assert filled[1] == {"input_ids": [5, 6], "labels": [NO_LOSS, NO_LOSS]}
    assert filled.features == rows.features


@pytest.mark.parametrize("logs", [{"loss": float("nan")}, {"loss": 1.0, "grad_norm": float("inf")}])
def test_a_loss_or_gradient_that_is_no_number_ends_the_run(logs: dict[str, float]) -> None:
    with pytest.raises(LimiError, match=r"^step 7: (loss|grad_norm) is (nan|inf)\. The run is ended"):
        Finite().on_log(SimpleNamespace(), TrainerState(global_step=7), TrainerControl(), logs=logs)


def test_a_loss_that_is_a_number_goes_on() -> None:
    Finite().on_log(SimpleNamespace(), TrainerState(), TrainerControl(), logs={"loss": 1.0, "grad_norm": 0.0})


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    ("launch", "gpus", "sentence"),
    [
        ("one-gpu", 0, "one-gpu, for 1 GPU on a node, and torch finds none here"),
        ("eight-gpus", 7, "eight-gpus, for 8 GPUs on a node, and torch finds 7 here"),
        ("two-nodes", 7, "two-nodes, for 8 GPUs on a node"),
    ],
)
def test_a_launch_for_more_gpus_than_there_are_is_refused_before_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launch: str, gpus: int, sentence: str, precision: str
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    with pytest.raises(UserError, match=rf"^train\.hardware\.launch is {sentence}"):
        trainer_of(planned(tmp_path, hardware={"launch": launch, "precision": precision}))


@pytest.mark.parametrize(("launch", "gpus"), [("cpu", 0), ("one-gpu", 1), ("eight-gpus", 8), ("four-nodes", 8)])
def test_a_launch_for_as_many_gpus_as_there_are_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launch: str, gpus: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    hold_gpus(planned(tmp_path, hardware={"launch": launch}))


def test_one_process_that_finds_several_gpus_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(tmp_path, hardware={"launch": "one-gpu"})
    sft_config(plan)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    with pytest.raises(LimiError, match=r"finds 8 GPUs here.* set CUDA_VISIBLE_DEVICES to one"):
        hold_to(plan)
