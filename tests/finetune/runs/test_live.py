"""Figures stand at the step that they are of, whatever happened in between; nothing else of dvclive is done."""

import json
import subprocess
from pathlib import Path

import pytest

from finetune.plan import Plan
from finetune.runs import live
from finetune.runs.live import FIGURES, LiveCallback, loss_tokens, metrics_folder, take_back
from finetune.training.learning_rate import learning_rate
from tests.finetune.runs.conftest import Runs
from tests.finetune.runs.made import plan_in


def column(plan: Plan, name: str) -> list[float]:
    header, *lines = (metrics_folder(plan) / f"{name}.tsv").read_text().splitlines()
    assert header == f"step\t{name}"
    rows = [line.split("\t") for line in lines]
    assert [int(step) for step, _ in rows] == list(range(1, len(rows) + 1))
    return [float(value) for _, value in rows]


def test_each_figure_has_one_row_for_each_step(runs: Runs) -> None:
    plan = runs.plans["whole"]
    names = {path.stem for path in metrics_folder(plan).glob("*.tsv")}
    assert names == set(FIGURES) - {"mfu"}  # a CPU's peak is not known
    assert {len(column(plan, name)) for name in names} == {plan.steps}


def test_the_loss_falls(runs: Runs) -> None:
    losses = column(runs.plans["whole"], "loss")
    assert losses[-1] < losses[0] - 0.5


def test_the_learning_rate_is_that_of_the_step_and_not_of_the_next(runs: Runs) -> None:
    plan = runs.plans["whole"]
    expected = [learning_rate(step, plan.steps, plan.train.optimizer) for step in range(plan.steps)]
    assert column(plan, "learning_rate") == pytest.approx(expected, rel=1e-12)


def test_tokens_are_all_that_were_seen_twice_after_two_epochs(runs: Runs) -> None:
    plan = runs.plans["whole"]
    assert column(plan, "tokens")[-1] == 2 * plan.tokens
    assert column(plan, "loss_tokens")[-1] == 2 * plan.loss_tokens
    assert column(plan, "tokens")[2] == plan.tokens


def test_tokens_are_what_trl_counts_where_it_can(runs: Runs) -> None:
    """On one process, without a resume, its count is right and made in another way."""
    state = json.loads((runs.plans["whole"].checkpoints / "checkpoint-6/trainer_state.json").read_text())
    assert column(runs.plans["whole"], "tokens") == [entry["num_tokens"] for entry in state["log_history"]]


def test_the_metrics_are_the_last_steps(runs: Runs) -> None:
    plan = runs.plans["chain"]
    told = json.loads(Path(plan.metrics).read_text())
    assert (told["step"], told["steps"]) == (plan.steps, plan.steps)
    assert told["loss"] == column(plan, "loss")[-1]
    assert told["tokens"] == 2 * plan.tokens


@pytest.fixture
def saved(tmp_path: Path) -> Plan:
    """A plan with a checkpoint of step 2, and what another training has written since."""
    plan = plan_in(tmp_path)
    write(plan.checkpoints / "checkpoint-2/figures", "step\tloss\n1\t0.5\n2\t0.4\n")
    (plan.checkpoints / "checkpoint-2/figures/latest.json").write_text('{"step": 2}')
    write(metrics_folder(plan), "step\tloss\n1\t9.5\n2\t9.4\n3\t9.")
    (metrics_folder(plan) / "mfu.tsv").write_text("step\tmfu\n1\t0.3\n")
    Path(plan.metrics).write_text('{"step": 3}')
    return plan


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "loss.tsv").write_text(text)


def test_a_run_that_goes_on_begins_with_the_figures_of_its_checkpoint_whatever_lies_there(saved: Plan) -> None:
    take_back(saved, 2)
    assert [path.name for path in metrics_folder(saved).iterdir()] == ["loss.tsv"]
    assert (metrics_folder(saved) / "loss.tsv").read_text() == "step\tloss\n1\t0.5\n2\t0.4\n"
    assert json.loads(Path(saved.metrics).read_text()) == {"step": 2}


def test_a_run_from_the_first_step_begins_with_none(saved: Plan) -> None:
    take_back(saved, 0)
    assert list(metrics_folder(saved).iterdir()) == []
    assert not Path(saved.metrics).exists()


def test_a_link_into_the_cache_is_never_written_through(saved: Plan, tmp_path: Path) -> None:
    table, cached = metrics_folder(saved) / "loss.tsv", tmp_path / "cached"
    before = table.read_text()
    table.rename(cached)
    table.hardlink_to(cached)
    take_back(saved, 2)
    assert table.read_text() != cached.read_text() == before


def test_the_figures_are_a_part_of_a_whole_checkpoint(runs: Runs) -> None:
    path = runs.plans["whole"].checkpoints / "checkpoint-4"
    files = json.loads((path / "complete.json").read_text())["files"]
    assert "figures/loss.tsv" in files
    assert (path / "figures/loss.tsv").read_text().splitlines()[-1].startswith("4\t")
    assert json.loads((path / "figures/latest.json").read_text())["step"] == 4


def test_the_first_token_of_a_row_never_carries_loss() -> None:
    assert loss_tokens([5, -100, 6, 7, -100]) == 2


class Told:
    """What the Trainer passes."""

    global_step = 0
    is_world_process_zero = True


def test_in_a_repository_without_a_commit_figures_are_written_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if ".git" not in path.parts}
    log_one(plan, "NVIDIA H100 80GB HBM3", monkeypatch)
    after = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if ".git" not in path.parts}
    written = {path.as_posix() for path in after - before}
    assert {name for name in written if not name.startswith("plots")} == {"metrics.json"}


def log_one(plan: Plan, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log one step as the Trainer does, on a GPU of that name."""
    import datasets
    import torch

    monkeypatch.setattr(live, "device_name", lambda: device)
    rows = datasets.Dataset.from_dict({"input_ids": [[1] * 9] * plan.rows, "labels": [[1] * 9] * plan.rows})
    model = torch.nn.Linear(3, 3)
    model.config = live_config()  # type: ignore[assignment]
    callback, state = LiveCallback(plan, rows), Told()
    callback.on_train_begin(None, state, None, model=model)  # type: ignore[arg-type]
    callback.on_step_begin(None, state, None)  # type: ignore[arg-type]
    state.global_step = 1
    callback.on_log(None, state, None, logs={"loss": 0.5, "grad_norm": 1.0, "learning_rate": 0.1})  # type: ignore[arg-type]
    callback.on_log(None, state, None, logs={"train_loss": 0.5})  # type: ignore[arg-type]


def live_config() -> object:
    from transformers import Qwen3Config

    return Qwen3Config(num_hidden_layers=1, num_attention_heads=1, head_dim=1)


@pytest.mark.parametrize(("device", "told"), [("NVIDIA H100 80GB HBM3", True), ("A GPU of 2031", False)])
def test_mfu_is_left_out_where_the_peak_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, told: bool
) -> None:
    log_one(plan_in(tmp_path, {"hardware.precision": "bf16"}), device, monkeypatch)
    assert (tmp_path / "plots/metrics/mfu.tsv").exists() is told


def test_mfu_is_the_flops_of_the_step_over_its_time_and_the_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 102.0])
    monkeypatch.setattr(live.time, "perf_counter", lambda: next(times))
    plan = plan_in(tmp_path, {"hardware.precision": "bf16"}, processes=4)
    log_one(plan, "NVIDIA H100 80GB HBM3", monkeypatch)
    flops = 6 * 9 * 18 + 6 * 1 * 1 * 9 * 9 * 2  # one matrix of 9 weights, two rows of 9 tokens
    assert column(plan, "mfu") == [pytest.approx(flops / 2.0 / 4 / 989e12)]
    assert column(plan, "tokens_per_second_per_gpu") == [18 / 2.0 / 4]


def test_other_ranks_than_the_first_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "everyone", lambda do: None)  # as on them
    log_one(plan_in(tmp_path), "", monkeypatch)
    assert not (tmp_path / "plots").exists()
    assert not (tmp_path / "metrics.json").exists()
