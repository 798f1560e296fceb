"""The preflight tells everything of a training and refuses what would go wrong; a plan is there only when nothing stands against it."""

import fcntl
import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from finetune import start
from finetune.plan import read_plan
from finetune.preflight import disk, limits
from finetune.preflight.preflight import Places, preflight
from finetune.preflight.report import Report
from pipeline.errors import UserError
from pipeline.params import read_params
from tests.conftest import ROOT
from tests.finetune.made import train
from tests.finetune.preflight.made import MODELS, write_rows

WORDS = {"short": 20, "middle": 200, "long": 900}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    write_rows(tmp_path / "rows.parquet", WORDS)
    return Places(tmp_path / "model", tmp_path / "plots", tmp_path / "train.json")


def look(places: Places, **changed: dict[str, Any]) -> Report:
    """The preflight of the demo's parameters with changes, on the rows beside the folder `model`."""
    rows = {"file": str(places.output.parent / "rows.parquet")} | changed.pop("rows", {})
    return preflight(train(rows=rows, **changed), 7, places)


def test_every_row_and_token_is_counted_and_is_in_what_is_trained(places: Places) -> None:
    report = look(places)
    assert report.refused == [] and report.read == report.kept and report.kept.rows == 3
    held = pl.read_parquet(places.prepared)
    assert held["row_id"].to_list() == list(WORDS)
    assert held["input_ids"].list.len().sum() == report.kept.tokens
    assert held["labels"].list.eval(pl.element() != -100).list.sum().sum() == report.loss_tokens
    assert json.loads(places.report.read_text(encoding="utf-8")) == report.model_dump()


def test_the_plan_is_what_was_found(places: Places) -> None:
    report = look(places, schedule={"epochs": 5, "global_batch": 2})
    plan = read_plan(places.plan)
    assert (plan.rows, plan.tokens, plan.loss_tokens) == (3, report.kept.tokens, report.loss_tokens)
    assert (plan.steps, plan.processes, plan.context_parallel) == (10, 1, 1)
    assert report.steps["total"] == 10 and report.seen_tokens == 5 * report.kept.tokens


def refusals(report: Report, places: Places) -> str:
    """What was refused; no plan may be there then."""
    assert report.refused and not places.plan.exists()
    return "\n".join(report.refused)


def test_a_row_that_is_too_long_is_named_and_refused(places: Places) -> None:
    limit = look(places).longest - 1
    report = look(places, rows={"max_tokens": limit})
    assert [(one.row_id, one.tokens, one.limit) for one in report.over_length] == [("long", limit + 1, limit)]
    assert "1 of 3 rows are longer than train.rows.max_tokens" in refusals(report, places)
    assert ("too long", f"long: {limit + 1:,} tokens of {limit:,}") in report.lines()


def test_a_row_is_exactly_as_long_as_it_may_be(places: Places) -> None:
    assert look(places, rows={"max_tokens": look(places).longest}).refused == []


def test_rows_that_are_too_long_are_dropped_whole_and_counted_if_that_is_asked_for(places: Places) -> None:
    whole = look(places)
    report = look(places, rows={"max_tokens": whole.longest - 1, "over_length": "drop"})
    assert (report.read.rows, report.kept.rows, len(report.over_length)) == (3, 2, 1)
    assert report.kept.tokens + report.over_length[0].tokens == report.read.tokens == whole.kept.tokens
    assert any("1 rows of" in text and "are dropped" in text for text in report.told)
    assert pl.read_parquet(places.prepared)["row_id"].to_list() == ["short", "middle"]


def test_when_every_row_is_too_long_nothing_is_left_to_drop_to(places: Places) -> None:
    assert "all 3 rows are longer" in refusals(look(places, rows={"max_tokens": 5, "over_length": "drop"}), places)


def test_a_row_that_cannot_be_trained_is_refused_with_the_others(places: Places) -> None:
    changed = {"middle": {"content": "a <|im_end|> b"}, "long": {"train": False}}
    write_rows(places.output.parent / "rows.parquet", WORDS, **changed)
    with pytest.raises(UserError, match="long"):
        look(places)  # a row without loss is refused where rows are read
    write_rows(places.output.parent / "rows.parquet", WORDS, middle=changed["middle"])
    report = look(places)
    assert "middle: messages" in refusals(report, places) and "<|im_end|>" in report.refused[0]
    assert (report.read.rows, report.kept.rows) == (3, 2)


def test_rows_longer_than_the_model_reads_are_refused_with_the_factor_that_is_enough(
    places: Places, tmp_path: Path
) -> None:
    folder = tiny_model(tmp_path, max_position_embeddings=256)
    longest = look(places).longest
    said = refusals(look(places, base={"name": str(folder)}), places)
    assert f"has {longest:,} tokens" in said and "reads 256 with train.base.yarn_factor 1" in said
    factor = float(said.split("; ")[1].split()[0])
    assert look(places, base={"name": str(folder), "yarn_factor": factor}).refused == []


def tiny_model(folder: Path, **changed: Any) -> Path:
    """A model's folder without weights: the demo's configuration and tokenizer."""
    from finetune.training.base import config_of, tokenizer_of

    config = config_of(train().base)
    for name, value in changed.items():
        setattr(config, name, value)
    config.save_pretrained(folder / "base")
    tokenizer_of(train().base).save_pretrained(folder / "base")
    return folder / "base"


def test_another_models_template_is_told_once_and_not_for_each_row(places: Places, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="template is glm4-moe, and the tokenizer has no token"):
        look(places, base={"name": str(tiny_model(tmp_path)), "template": "glm4-moe"})


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"optimizer": {"warmup_steps": 36}}, "warmup_steps is 36 and the run has 24 steps"),
        ({"optimizer": {"min_learning_rate": 0.5}}, "min_learning_rate is above learning_rate"),
        ({"lora": {"rank": 4}, "hardware": {"launch": "eight-gpus"}}, "set train.schedule.save_steps to 24 or more"),
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


def test_a_model_that_does_not_fit_the_gpu_is_refused_with_what_takes_most() -> None:
    section = yaml.safe_load((ROOT / "finetune/recipes/qwen3-32b.yaml").read_text(encoding="utf-8"))["train"]
    chosen = train(**{part: values for part, values in section.items() if part != "rows"})
    from finetune.launch.launches import read_launch
    from finetune.preflight.memory import estimate
    from finetune.preflight.shape import shape_of

    shape = shape_of(MODELS["Qwen/Qwen3-32B"])
    assert shape is not None
    launch = read_launch("eight-gpus")
    [said] = limits.of_memory(chosen, launch, estimate(shape, chosen, launch, 152_000))
    assert "of a GPU, and train.hardware.gpu_memory_gb is 79; the most is Adam's two moments" in said
    launch = read_launch("two-nodes")
    assert limits.of_memory(chosen, launch, estimate(shape, chosen, launch, 152_000)) == []


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


def test_other_rows_are_another_training_whatever_else_is_the_same(places: Places) -> None:
    look(places)
    first = read_plan(places.plan)
    write_rows(places.output.parent / "rows.parquet", WORDS | {"short": 21})
    look(places)
    other = read_plan(places.plan)
    assert other.steps == first.steps and other.checkpoints != first.checkpoints


def test_two_trainings_in_one_folder_are_kept_apart(places: Places) -> None:
    places.output.mkdir()
    held = os.open(places.output, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another training is at work in"):
            start.look(read_params(ROOT / "params.yaml"), lambda report: None, places.output)
    finally:
        os.close(held)
    assert not list(places.output.iterdir())


def test_a_missing_library_is_told_with_the_command_that_brings_it() -> None:
    with pytest.raises(UserError, match=r"training needs nowhere, which is not installed here; pip install"):
        start.check_installed(("json", "nowhere"))


def test_what_looks_before_a_gpu_is_touched_needs_no_torch() -> None:
    modules = "finetune.launch.launching, finetune.preflight.preflight, finetune.start"
    program = f"import sys, {modules}; print(sorted(sys.modules.keys() & {{'torch', 'trl', 'peft', 'accelerate'}}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
