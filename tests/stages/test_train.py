"""The training as DVC runs it on the demo: the loss falls, plots and metrics are there, and experiments are compared by them."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from finetune.plan import read_plan
from tests.conftest import DvcProject, Project

STEPS = 3


@pytest.fixture(scope="module")
def trained(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> DvcProject:
    """A clone after `dvc repro train`, with fewer steps than the demo takes."""
    project = DvcProject.copy_of(demo_run, tmp_path_factory.mktemp("train") / "project")
    project.edit("epochs: 12", f"epochs: {STEPS}")
    assert project.repro("train") == ["train"]
    project.git("commit", "--quiet", "--all", "--message", "trained")
    return project


def losses(project: Project) -> list[float]:
    return pl.read_csv(project.folder / "plots/train/metrics/loss.tsv", separator="\t")["loss"].to_list()


def test_the_loss_falls(trained: DvcProject) -> None:
    found = losses(trained)
    assert len(found) == STEPS and found == sorted(found, reverse=True) and found[0] - found[-1] > 0.2
    metrics = json.loads((trained.folder / "metrics/train.json").read_text(encoding="utf-8"))
    assert metrics["step"] == STEPS and metrics["loss"] == found[-1]


def test_the_preflight_saw_every_row_and_the_model_is_that_of_the_plan(trained: DvcProject) -> None:
    report = json.loads((trained.folder / "model/preflight.json").read_text(encoding="utf-8"))
    exported = pl.read_parquet(trained.folder / "sft/train.parquet")
    assert report["read"] == report["kept"] and report["kept"]["rows"] == exported.height
    plan = read_plan(trained.folder / "model/plan.json")
    manifest = json.loads((trained.folder / "model/final/manifest.json").read_text(encoding="utf-8"))
    assert manifest["plan"] == plan.identity and plan.tokens == report["kept"]["tokens"]


def test_nothing_is_left_to_do_and_git_sees_no_output(trained: DvcProject) -> None:
    assert trained.repro("train") == [] and trained.git("status", "--porcelain") == ""


def test_all_but_the_training_is_done_without_it(trained: DvcProject) -> None:
    assert trained.repro() == []
    status = trained.dvc("status", "--json", "--with-deps", "build_dataset")
    assert json.loads(status.stdout) == {}


def test_an_ablation_is_compared_with_it_by_plots_and_metrics(trained: DvcProject, tmp_path: Path) -> None:
    project = DvcProject.copy_of(trained.folder, tmp_path / "project")
    before = losses(project)
    changes = ("-S", "train.rows.samples=1", "-S", "train.schedule.epochs=2")
    done = project.dvc("exp", "run", "--name", "one-row", *changes, "train")
    assert done.returncode == 0, done.stdout + done.stderr
    drawn = json.loads(project.dvc("plots", "diff", "HEAD", "one-row", "--json").stdout)
    assert [drawn["data"][name][0]["revisions"] for name in ("loss", "learning_rate", "grad_norm")] == [
        ["HEAD", "one-row"]
    ] * 3
    points = drawn["data"]["loss"][0]["content"]["data"]["values"]
    told = {rev: [float(point["loss"]) for point in points if point["rev"] == rev] for rev in ("HEAD", "one-row")}
    assert told == {"HEAD": pytest.approx(before), "one-row": pytest.approx(losses(project))}
    assert len(told["one-row"]) == 2
    compared = json.loads(project.dvc("metrics", "diff", "HEAD", "one-row", "--json").stdout)
    assert (compared["metrics/train.json"]["steps"]["old"], compared["metrics/train.json"]["steps"]["new"]) == (3, 2)
    # Its checkpoints stand beside those of the first, which can be gone back to.
    assert len(list((project.folder / "model/checkpoints").iterdir())) == 2


def test_what_stands_against_a_training_ends_it_before_anything_is_started(trained: DvcProject, tmp_path: Path) -> None:
    project = Project.copy_of(trained.folder, tmp_path / "project")
    project.edit("max_tokens: 16384", "max_tokens: 4000")
    done = project.run("stages.train")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "train: 1 of 2 rows are longer than train.rows.max_tokens (4,000)" in done.stderr
    assert "too long" in done.stderr and not (project.folder / "model/plan.json").exists()
    assert losses(project) == losses(trained)


WITHOUT_TORCH = """
import importlib.util, runpy, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in ("torch", "trl") else found(name, *more)
sys.argv = ["stages/train.py"]
runpy.run_module("stages.train", run_name="__main__")
"""


def test_without_the_libraries_the_stage_says_what_to_install(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], cwd=project.folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert (
        "training needs torch, trl, which are not installed here; `make install` in a clone of this repository"
        in done.stderr
    )
