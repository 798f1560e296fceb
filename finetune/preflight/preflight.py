"""Before a GPU is touched: render and check every row, count the steps, estimate memory and disk, and refuse what would go wrong later.

Writes what is trained (model/prepared.parquet), what was found (model/preflight.json) and, if nothing stands against it, what every rank
does (model/plan.json). Imports no torch.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from finetune.data import prepared
from finetune.data.rendering import refuse_other_tokenizer
from finetune.data.rows import Row, read_rows
from finetune.launch.launches import Launch, read_launch
from finetune.plan import Plan, write_plan
from finetune.preflight import disk, limits, memory
from finetune.preflight.report import Report
from finetune.preflight.row_check import CheckedRows, check_rows
from finetune.preflight.schedule import Steps, steps
from finetune.preflight.shape import Shape, shape_of
from finetune.runs.manifest import in_the_way
from finetune.training.base import config_of, tokenizer_of
from finetune.training.base_weights import weights_name
from finetune.training.learning_rate import learning_rate
from pipeline.errors import UserError
from pipeline.files import sha256_file, sweep, write_json
from pipeline.train_sections import Rows, Train

_UNFINISHED = re.compile(r"\..*\.tmp")  # what a killed preflight left (pipeline/files.py)


@dataclass(frozen=True)
class Places:
    """Where a training writes."""

    output: Path = Path("model")
    plots: Path = Path("plots/train")
    metrics: Path = Path("metrics/train.json")

    @property
    def plan(self) -> Path:
        """What every rank reads."""
        return self.output / "plan.json"

    @property
    def prepared(self) -> Path:
        """What is trained."""
        return self.output / "prepared.parquet"

    @property
    def final(self) -> Path:
        """The model in the end."""
        return self.output / "final"

    @property
    def report(self) -> Path:
        """What the preflight found."""
        return self.output / "preflight.json"


def preflight(train: Train, seed: int, places: Places) -> Report:
    """Look at everything and write what was found, and the plan if nothing stands against it; else no plan is left there.

    Raises UserError where there is nothing to look at: no such file or model, another model's template, a launch configuration that
    accelerate would misread.
    """
    sweep(places.output, keep=lambda path: path != places.plan and not _UNFINISHED.fullmatch(path.name))
    launch, config = read_launch(train.hardware.launch), config_of(train.base)
    tokenizer = tokenizer_of(train.base)
    refuse_other_tokenizer(tokenizer, train.base.template)
    chosen, file = _read(train.rows, seed)
    rows = check_rows(chosen, tokenizer, train)
    shape = shape_of(config)
    refused = [*rows.refused, *limits.of_attention(train, launch), *limits.of_lora(train, launch, shape)]
    refused += limits.of_lengths(train, rows, config)
    refused += limits.of_places(places.plots / "metrics", places.metrics.parent, places.output / "checkpoints")
    refused += limits.of_files(places.metrics, *sorted((places.plots / "metrics").glob("*.tsv")))
    refused += in_the_way(places.final)
    planned = _steps(train, seed, rows, launch, refused)
    needed = memory.Memory({}, {})
    if shape is not None and rows.kept:
        needed = memory.estimate(shape, train, launch, rows.longest)
        refused += limits.of_memory(train, launch, needed)
    plan, room = None, None
    if planned is not None and not refused:
        plan = _plan(train, seed, places, file, rows, planned, launch)
        room = disk.estimate(shape, plan.train, Path(plan.output), plan.checkpoints) if shape else None
        refused += limits.of_disk(room, plan.checkpoints) if room else []
    report = Report(
        model=train.base.name,
        template=train.base.template,
        launch=train.hardware.launch,
        in_file=file.rows,
        read=rows.read,
        kept=rows.counts,
        over_length=rows.over,
        loss_tokens=rows.loss_tokens,
        longest=rows.longest,
        blanks=rows.blanks,
        unended=rows.unended,
        seen_tokens=planned.seen.tokens if planned else 0,
        seen_loss_tokens=planned.seen.loss_tokens if planned else 0,
        steps=_told(train, planned) if planned else {},
        positions=limits.positions(config),
        parameters=shape.parameters if shape else 0,
        trained_parameters=_trained(shape, train),
        gpu_bytes=needed.gpu,
        host_bytes=needed.host,
        disk_bytes={"checkpoint": room.checkpoint, "final": room.final} if room else {},
        disks={str(one.folder): {"needed": one.needed, "free": one.free} for one in room.rooms} if room else {},
        told=limits.worth_knowing(train, rows, planned, shape),
        refused=refused,
    )
    write_json(places.report, report.model_dump())
    if plan is not None and not refused:
        write_plan(places.plan, plan)
    return report


@dataclass(frozen=True)
class _File:
    """A rows' file as it was read: its hash, and how many rows it has in all."""

    sha256: str
    rows: int


def _read(section: Rows, seed: int) -> tuple[list[Row], _File]:
    """The chosen rows, and what they were read from, which the plan tells. Raises UserError if that changes meanwhile."""
    before = _file(section.file)
    chosen = read_rows(section, seed)
    if before is None or _file(section.file) != before:
        raise UserError(f"{section.file} was changed while it was read; say the same command again")
    return chosen, before


def _file(path: str) -> _File | None:
    """None for what cannot be read: `read_rows` says why."""
    try:
        return _File(sha256_file(Path(path)), pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except (OSError, ValueError, pl.exceptions.PolarsError):  # ValueError: a NUL in the path
        return None


def _steps(train: Train, seed: int, rows: CheckedRows, launch: Launch, refused: list[str]) -> Steps | None:
    """The steps, and into `refused` what is wrong with them; None where no row is left."""
    if not rows.kept:
        return None
    try:
        planned = steps(rows.kept, seed, train.schedule, launch.groups)
    except UserError as error:
        refused.append(str(error))
        return None
    refused += limits.of_steps(train, planned)
    return planned


def _told(train: Train, planned: Steps) -> dict[str, float]:
    return {
        "per_epoch": planned.per_epoch,
        "total": planned.total,
        "epochs": planned.epochs,
        "rows_a_step": train.schedule.global_batch,
        "accumulation": planned.accumulation,
        "warmup": train.optimizer.warmup_steps,
        "first_rate": learning_rate(0, planned.total, train.optimizer),
        "last_rate": learning_rate(planned.total - 1, planned.total, train.optimizer),
    }


def _trained(shape: Shape | None, train: Train) -> int:
    if shape is None:
        return 0
    return shape.lora_parameters(train.lora.rank) if train.lora.rank else shape.parameters


def _plan(
    train: Train, seed: int, places: Places, file: _File, rows: CheckedRows, planned: Steps, launch: Launch
) -> Plan:
    """Write what is trained, and the plan of it. Raises UserError unless the file holds every row and token that was checked."""
    written = prepared.write(rows.kept, places.prepared)
    counted = rows.counts
    if (written.rows, written.tokens, written.loss_tokens) != (counted.rows, counted.tokens, rows.loss_tokens):
        raise UserError(f"{places.prepared} holds {written}, and {counted} were checked; nothing is trained")
    return Plan(
        train=train,
        seed=seed,
        base_weights=weights_name(train.base),
        file_sha256=file.sha256,
        file_rows=file.rows,
        dropped=len(rows.over),
        prepared=str(places.prepared),
        prepared_sha256=written.sha256,
        rows=written.rows,
        tokens=written.tokens,
        loss_tokens=written.loss_tokens,
        steps=planned.total,
        processes=launch.processes,
        context_parallel=launch.context_parallel,
        output=str(places.output),
        plots=str(places.plots),
        metrics=str(places.metrics),
    )
