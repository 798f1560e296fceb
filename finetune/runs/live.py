"""Watch a run while it goes on: one TSV of each figure by step, which `dvc plots` draws and compares, and the latest of all as metrics.

Each figure stands at the step it is of, whatever was logged in between. A checkpoint holds the figures up to its step, and a run that goes
on from it begins with these: what lies there may be of steps that are taken again, or of another training. dvclive writes the rows; its
`Live` is left out since it asks git for a commit (and fails where there is none), makes a git repository a DVC one, and writes a dvc.yaml.
"""

import resource
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import torch
from dvclive.plots import Metric
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from finetune.data.rendering import NO_LOSS
from finetune.plan import Plan
from finetune.runs.checkpoints import PREFIX
from finetune.runs.keeping import everyone
from finetune.runs.speed import Arithmetic, Progress, arithmetic_of, peak_flops
from finetune.training.order import rows_of_epoch
from pipeline.files import write_json

_LATEST = "latest.json"
# What is drawn; docs/TRAINING.md says what each is.
FIGURES = (
    "loss",
    "learning_rate",
    "grad_norm",
    "tokens",
    "loss_tokens",
    "step_seconds",
    "tokens_per_second_per_gpu",
    "mfu",
    "peak_memory_gib",
)


class LiveCallback(TrainerCallback):
    """Writes the figures of each step, on rank 0 only. Needs `logging_steps` 1."""

    def __init__(self, plan: Plan, rows: datasets.Dataset) -> None:
        """`rows` are those of prepared.parquet, in its order."""
        self.plan = plan
        self.progress = Progress(
            partial(rows_of_epoch, plan.rows, plan.seed),
            [len(ids) for ids in rows["input_ids"]],
            [loss_tokens(labels) for labels in rows["labels"]],
            plan.train.schedule.global_batch,
        )
        self._metrics: dict[str, Metric] = {}
        self._arithmetic: Arithmetic | None = None
        self._began = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Begin with the figures of the checkpoint that the run goes on from, or with none."""
        everyone(lambda: take_back(self.plan, state.global_step))
        if state.is_world_process_zero:
            self._arithmetic = arithmetic_of(model.named_parameters(), model.config)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Put the figures into the checkpoint before runs/keeping.py marks it as whole, so this callback stands before that one."""
        everyone(lambda: keep(self.plan, state.global_step))

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """A step's time is taken from here to its log, for which its loss must have been computed."""
        self._began = time.perf_counter()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """The figures of a step. The Trainer's last log is of the whole run and has no loss of a step."""
        if not logs or "loss" not in logs:
            return
        taken = time.perf_counter() - self._began
        everyone(lambda: self._write(state.global_step, logs, taken))

    def _write(self, step: int, logs: dict[str, Any], seconds: float) -> None:
        figures: dict[str, float] = {
            name: float(logs[name]) for name in ("loss", "learning_rate", "grad_norm") if name in logs
        }
        figures |= self._seen(step) | self._speed(step, seconds)
        for name, value in figures.items():
            metric = self._metrics.setdefault(name, Metric(name, self.plan.plots))
            metric.step = step
            metric.dump(value)
        write_json(Path(self.plan.metrics), {"step": step, "steps": self.plan.steps} | figures)

    def _seen(self, step: int) -> dict[str, float]:
        seen = self.progress.seen(step)
        return {"tokens": seen.tokens, "loss_tokens": seen.loss_tokens}

    def _speed(self, step: int, seconds: float) -> dict[str, float]:
        lengths = self.progress.lengths(step)
        figures = {
            "step_seconds": seconds,
            "tokens_per_second_per_gpu": sum(lengths) / seconds / self.plan.processes,
            "peak_memory_gib": peak_memory() / 2**30,
        }
        peak = peak_flops(device_name(), self.plan.train.hardware.precision)
        if peak is not None and self._arithmetic is not None:
            figures["mfu"] = self._arithmetic.flops(lengths) / seconds / self.plan.processes / peak
        return figures


def metrics_folder(plan: Plan) -> Path:
    """Where the TSVs of a run lie: NAME.tsv with the columns step and NAME."""
    return Path(plan.plots, Metric.subfolder)


def loss_tokens(labels: list[int]) -> int:
    """How many tokens of a row carry loss; the first one is predicted from nothing, and never does."""
    return sum(label != NO_LOSS for label in labels[1:])


def keep(plan: Plan, step: int) -> None:
    """Put the figures so far into the checkpoint of a step."""
    folder = _kept(plan, step)
    folder.mkdir(exist_ok=True)
    for path in metrics_folder(plan).glob("*.tsv"):
        shutil.copyfile(path, folder / path.name)
    shutil.copyfile(plan.metrics, folder / _LATEST)


def take_back(plan: Plan, step: int) -> None:
    """Leave the figures as they were when the checkpoint of a step was written; none for step 0.

    What lies there is removed and not written over, so that a link into DVC's cache is never written through.
    """
    there, latest = metrics_folder(plan), Path(plan.metrics)
    for path in (*there.glob("*.tsv"), latest):
        path.unlink(missing_ok=True)
    if step:
        there.mkdir(parents=True, exist_ok=True)
        latest.parent.mkdir(parents=True, exist_ok=True)
        for path in sorted(_kept(plan, step).iterdir()):
            shutil.copyfile(path, latest if path.name == _LATEST else there / path.name)


def _kept(plan: Plan, step: int) -> Path:
    return plan.checkpoints / f"{PREFIX}{step}" / "figures"


def device_name() -> str:
    """What the driver calls this rank's GPU; empty without one."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def peak_memory() -> int:
    """Bytes that rank 0 took at most: of its GPU, or of the process where there is none."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
