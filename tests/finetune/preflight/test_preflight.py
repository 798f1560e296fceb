"""The preflight tells everything of a training and refuses what would go wrong; a plan is there only when nothing stands against it."""

import json
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from finetune import start
from finetune.data.rows import Row, read_rows
from finetune.launch.launches import read_launch
from finetune.launch.launching import alone
from finetune.plan import read_plan
from finetune.preflight import disk, limits
from finetune.preflight import preflight as at_work
from finetune.preflight.preflight import Places
from finetune.preflight.row_check import CheckedRows, check_rows
from finetune.preflight.shape import shape_of
from pipeline.errors import UserError
from pipeline.files import sha256_file
from pipeline.params import read_params
from tests.conftest import ROOT
from tests.finetune.made import train
from tests.finetune.preflight.made import MODELS, WORDS, look, refusals, tiny_model, write_rows


def test_every_row_and_token_is_counted_and_is_in_what_is_trained(places: Places) -> None:
    report = look(places)
    assert report.refused == [] and report.read == report.kept and report.kept.rows == 3
    held = pl.read_parquet(places.prepared)
    assert held["row_id"].to_list() == list(WORDS)
    assert held["input_ids"].list.len().sum() == report.kept.tokens
    assert held["labels"].list.eval(pl.element() != -100).list.sum().sum() == report.loss_tokens
    assert json.loads(places.report.read_text(encoding="utf-8")) == report.model_dump()


def test_rows_that_were_not_chosen_are_counted_as_well(places: Places) -> None:
    assert ("rows", "3 of 3") in look(places).lines()
    report = look(places, rows={"samples": 2})
    assert (report.in_file, report.read.rows, report.kept.rows) == (3, 2, 2)
    assert ("rows", "2 of 2, which train.rows.origin and samples take of the file's 3") in report.lines()


def test_what_a_model_of_the_hub_takes_is_told_and_a_folders_is_not(places: Places, tmp_path: Path) -> None:
    found = check_rows([], None, train())
    shape = shape_of(MODELS["Qwen/Qwen3-32B"])
    told = limits.worth_knowing(train(base={"name": "Qwen/Qwen3-32B"}), found, None, shape)
    assert any(
        "Qwen/Qwen3-32B itself is about 61 GiB, which the first training reads from the Hub" in text for text in told
    )
    assert not any(
        "GiB" in text for text in limits.worth_knowing(train(base={"name": str(tmp_path)}), found, None, shape)
    )


def test_the_plan_is_what_was_found(places: Places) -> None:
    report = look(places, schedule={"epochs": 5, "global_batch": 2})
    plan = read_plan(places.plan)
    assert (plan.rows, plan.tokens, plan.loss_tokens) == (3, report.kept.tokens, report.loss_tokens)
    assert (plan.steps, plan.processes, plan.context_parallel) == (10, 1, 1)
    assert report.steps["total"] == 10 and report.seen_tokens == 5 * report.kept.tokens


def test_a_row_that_cannot_be_trained_is_refused_with_the_others(places: Places) -> None:
    changed = {"middle": {"content": "a <|im_end|> b"}, "long": {"train": False}}
    write_rows(places.output.parent / "rows.parquet", WORDS, **changed)
    with pytest.raises(UserError, match="long"):
        look(places)  # a row without loss is refused where rows are read
    write_rows(places.output.parent / "rows.parquet", WORDS, middle=changed["middle"])
    report = look(places)
    assert "middle: messages" in refusals(report, places) and "<|im_end|>" in report.refused[0]
    assert (report.read.rows, report.kept.rows) == (3, 2)


def test_another_models_template_is_told_once_and_not_for_each_row(places: Places, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="template is glm4-moe, and the tokenizer has no token"):
        look(places, base={"name": str(tiny_model(tmp_path)), "template": "glm4-moe"})


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"hardware": {"launch": "eight-gpus"}, "lora": {"rank": 4, "dropout": 0.1}}, "train.lora.dropout is above 0"),
        ({"optimizer": {"warmup_steps": 36}}, "warmup_steps is 36 and the run has 24 steps"),
        ({"optimizer": {"min_learning_rate": 0.5}}, "min_learning_rate is above learning_rate"),
        ({"base": {"attention": "flash_attention_2"}}, "needs train.hardware.precision bf16"),
        ({"base": {"attention": "flash_attention_2"}}, "flash-attn is not installed"),
        ({"hardware": {"host_memory_gb": 1}}, "GiB of a node's main memory, and train.hardware.host_memory_gb is 1"),
        ({"hardware": {"launch": "two-nodes"}, "schedule": {"global_batch": 1}}, "cannot be shared by 2 groups"),
        (
            {"hardware": {"launch": "eight-gpus"}, "base": {"attention": "eager"}},
            "torch shares a row among GPUs with sdpa alone",
        ),
    ],
)
def test_what_would_go_wrong_later_is_refused(places: Places, changed: dict[str, Any], sentence: str) -> None:
    assert sentence in refusals(look(places, **changed), places)


@pytest.mark.parametrize("place", ["plots", "plots/metrics", "model/checkpoints"])
@pytest.mark.parametrize("lay", [lambda path: path.write_text(""), lambda path: path.symlink_to("away")])
def test_what_is_no_folder_where_the_ranks_write_one_is_refused(places: Places, place: str, lay: Any) -> None:
    path = places.output.parent / place
    path.parent.mkdir(exist_ok=True)
    lay(path)
    assert f"{path} is no folder, and the training writes into" in refusals(look(places), places)


@pytest.mark.parametrize("place", ["train.json", "plots/metrics/loss.tsv"])
def test_a_folder_where_the_ranks_write_a_file_is_refused(places: Places, place: str) -> None:
    path = places.output.parent / place
    path.mkdir(parents=True)
    assert f"{path} is a folder, and the training writes a file there; move it away" in refusals(look(places), places)
    path.rmdir()
    path.symlink_to(places.output.parent)  # the ranks remove a link and leave what it leads to
    assert look(places).refused == []


def a_link_to_a_folder(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "lay", [lambda path: path.write_text(""), lambda path: path.symlink_to("away"), a_link_to_a_folder]
)
def test_where_the_model_is_put_as_a_whole_must_be_a_folder_of_its_own(places: Places, lay: Any) -> None:
    places.final.parent.mkdir(exist_ok=True)
    lay(places.final)
    assert f"{places.final} is a file or a link, and the trained model takes its place" in refusals(
        look(places), places
    )


@pytest.mark.parametrize("place", ["model", "model/checkpoints"])
def test_a_link_to_a_folder_is_as_good_as_one_elsewhere(places: Places, tmp_path: Path, place: str) -> None:
    (tmp_path / "large disk").mkdir()
    path = places.output.parent / place
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path / "large disk")
    assert look(places).refused == []


def test_a_model_that_does_not_fit_the_gpu_is_refused_with_what_takes_most() -> None:
    section = yaml.safe_load((ROOT / "finetune/recipes/qwen3-32b.yaml").read_text(encoding="utf-8"))["train"]
    chosen = train(**{part: values for part, values in section.items() if part != "rows"})
    from finetune.preflight.memory import estimate

    shape = shape_of(MODELS["Qwen/Qwen3-32B"])
    assert shape is not None
    launch = read_launch("eight-gpus")
    [said] = limits.of_memory(chosen, launch, estimate(shape, chosen, launch, 152_000))
    assert "of a GPU, and train.hardware.gpu_memory_gb is 79; the most is Adam's two moments" in said
    launch = read_launch("two-nodes")
    assert limits.of_memory(chosen, launch, estimate(shape, chosen, launch, 152_000)) == []


@pytest.mark.parametrize(
    ("launch", "model", "dropout", "sentence"),
    [
        ("eight-gpus", "Qwen/Qwen3-4B", 0.1, "recomputes FSDP2's layers with another draw"),
        ("one-gpu", "zai-org/GLM-4.5-Air", 0.1, "peft adapts experts without dropout only"),
        ("one-gpu", "", 0.0, "which layers of demo an adapter belongs to is not known here"),
        ("one-gpu", "Qwen/Qwen3-4B", 0.1, ""),
        ("eight-gpus", "zai-org/GLM-4.5-Air", 0.0, ""),
    ],
)
def test_an_adapter_that_would_be_trained_wrongly_is_refused(
    launch: str, model: str, dropout: float, sentence: str
) -> None:
    shape = shape_of(MODELS[model]) if model else None
    said = limits.of_lora(train(lora={"rank": 4, "dropout": dropout}), read_launch(launch), shape)
    assert [sentence in text for text in said] == [True] * bool(sentence)
    assert limits.of_lora(train(lora={"rank": 0, "dropout": dropout}), read_launch(launch), shape) == []


def test_lora_in_parts_may_save_on_the_way(places: Places) -> None:
    hardware = {"launch": "eight-gpus", "host_memory_gb": 64}
    report = look(places, lora={"rank": 4}, hardware=hardware, schedule={"save_steps": 1})
    assert report.refused == [] and read_plan(places.plan).train.schedule.save_steps == 1


def test_a_disk_that_is_too_small_is_refused_with_what_else_lies_there(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(places)
    others = places.output / "checkpoints/0123456789ab"
    others.mkdir(parents=True)
    (others / "optimizer.pt").write_bytes(bytes(200_000_000))
    usage = namedtuple("usage", "total used free")(10**9, 10**9 - 1_000, 1_000)
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)
    said = refusals(look(places), places)
    assert "and 0.0 are free there; checkpoints of other trainings in" in said and "are 0.2 GiB" in said


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"schedule": {"epochs": 2}}, "only 4 optimizer steps"),
        ({}, "the last step of an epoch has 1 rows in place of 2"),
        ({"schedule": {"save_steps": 24}}, "no checkpoint before the last step"),
    ],
)
def test_what_is_worth_knowing_is_told_and_stops_nothing(
    places: Places, changed: dict[str, Any], sentence: str
) -> None:
    report = look(places, **changed)
    assert report.refused == [] and any(sentence in text for text in report.told)


def test_what_the_template_leaves_out_is_counted_and_told(places: Places) -> None:
    assert look(places).blanks == 0
    write_rows(places.output.parent / "rows.parquet", WORDS, long={"content": "\n\nwritten\n"})
    report = look(places)
    assert (report.blanks, report.unended) == (2, 0)
    assert any(text.startswith("2 blanks at the begin or end of what the assistant wrote") for text in report.told)


def test_a_plan_of_earlier_does_not_outlive_a_refusal(places: Places) -> None:
    assert look(places).refused == [] and places.plan.exists()
    refusals(look(places, optimizer={"warmup_steps": 1_000}), places)


def test_the_same_rows_and_parameters_give_the_same_plan(places: Places) -> None:
    look(places)
    first = places.plan.read_bytes(), places.prepared.read_bytes()
    look(places)
    assert (places.plan.read_bytes(), places.prepared.read_bytes()) == first


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({"optimizer": {"learning_rate": 0.002}}, False),
        ({"lora": {"rank": 4}}, False),
        ({"hardware": {"launch": "one-gpu", "gpu_memory_gb": 79}}, False),
        ({"rows": {"samples": 2}}, False),
        ({"schedule": {"epochs": 3}}, False),
        ({"schedule": {"save_steps": 3, "keep_checkpoints": 1}}, True),
        ({"hardware": {"gpu_memory_gb": 5}}, True),
        ({"rows": {"max_tokens": 16_000}}, True),
    ],
)
def test_trainings_that_give_other_weights_have_checkpoints_of_their_own(
    places: Places, changed: dict[str, Any], same: bool
) -> None:
    look(places)
    first = read_plan(places.plan).checkpoints
    look(places, **changed)
    assert (read_plan(places.plan).checkpoints == first) == same


def test_other_weights_under_the_same_name_are_another_training(places: Places, tmp_path: Path) -> None:
    folder = tiny_model(tmp_path)
    (folder / "model.safetensors").write_bytes(b"weights")
    look(places, base={"name": str(folder)})
    first = read_plan(places.plan)
    (folder / "model.safetensors").write_bytes(b"others!")
    look(places, base={"name": str(folder)})
    assert read_plan(places.plan).checkpoints != first.checkpoints


def test_other_rows_are_another_training_whatever_else_is_the_same(places: Places) -> None:
    look(places)
    first = read_plan(places.plan)
    write_rows(places.output.parent / "rows.parquet", WORDS | {"short": 21})
    look(places)
    other = read_plan(places.plan)
    assert other.steps == first.steps and other.checkpoints != first.checkpoints


def test_rows_that_are_replaced_while_they_are_read_are_refused(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: Any) -> list[Row]:
        rows = read_rows(*_)
        write_rows(places.output.parent / "rows.parquet", WORDS | {"short": 21})
        return rows

    monkeypatch.setattr(at_work, "read_rows", replace)
    with pytest.raises(UserError, match=r"rows\.parquet was changed while it was read; say the same command again"):
        look(places)
    assert not places.plan.exists()


def test_rows_that_are_replaced_later_are_not_those_of_the_plan(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = places.output.parent / "rows.parquet"
    was = sha256_file(path)

    def replace(*_: Any) -> CheckedRows:
        write_rows(path, {"short": 21})
        return check_rows(*_)

    monkeypatch.setattr(at_work, "check_rows", replace)
    report, plan = look(places), read_plan(places.plan)
    assert (plan.file_sha256, plan.file_rows, report.in_file) == (was, 3, 3)


def test_two_trainings_in_one_folder_are_kept_apart(places: Places) -> None:
    with alone(places.output), pytest.raises(UserError, match="another training is at work in"):
        start.look(read_params(ROOT / "params.yaml"), lambda report: None, places.output)
    assert [path.name for path in places.output.iterdir()] == ["lock"]  # of a file: other nodes see it


def test_a_missing_library_is_told_with_the_command_that_brings_it() -> None:
    with pytest.raises(
        UserError, match=r"training needs nowhere, which is not installed here; `make install`.*-c constraints.txt -e"
    ):
        start.check_installed(("json", "nowhere"))


def test_what_looks_before_a_gpu_is_touched_needs_no_torch() -> None:
    modules = "finetune.launch.launching, finetune.preflight.preflight, finetune.start"
    program = f"import sys, {modules}; print(sorted(sys.modules.keys() & {{'torch', 'trl', 'peft', 'accelerate'}}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
