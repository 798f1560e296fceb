"""The trainer's own rules: what its arguments leave alone, the row without loss, a loss that is no number, GPUs that are not there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest
from transformers import TrainerControl, TrainerState
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from finetune.plan import Plan
from finetune.training.arguments import sft_config
from finetune.training.ranks import hold_to
from finetune.training.trainer import NO_LOSS, Finite, with_filler
from pipeline.errors import LimiError
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
    assert sft_config(plan).pad_to_multiple_of == 8
    shared = plan.model_copy(update={"processes": 16, "context_parallel": 16})
    assert sft_config(shared).pad_to_multiple_of == 32


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


def test_a_launch_for_a_gpu_is_refused_where_there_is_none(tmp_path: Path) -> None:
    plan = planned(tmp_path, hardware={"launch": "one-gpu"})
    sft_config(plan)
    with pytest.raises(LimiError, match=r"^train\.hardware\.launch is one-gpu, and torch finds no GPU here"):
        hold_to(plan)
