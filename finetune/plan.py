"""The plan of one training run, as the preflight made it: every rank reads this one file, and nothing else decides what it does."""

import json
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.files import canonical_json, sha256_text, write_json
from pipeline.sections import NonNegative, Positive, Section
from pipeline.train_sections import Train


class Plan(Section):
    """What is trained, on how many processes, for how many steps, and where the results go. Written to model/plan.json."""

    train: Train
    seed: NonNegative
    base_weights: str
    """Which weights the run begins with (finetune/training/base_weights.py)."""
    file_sha256: str
    """Of train.rows.file as the rows were read from it."""
    file_rows: Positive
    """Rows of that file."""
    dropped: NonNegative
    """Those that train.rows chose and that were left out whole, as they are too long."""
    prepared: str
    """Path of prepared.parquet (finetune/data/prepared.py)."""
    prepared_sha256: str
    """Of that file; a rank that finds another one refuses."""
    rows: Positive
    """Rows of prepared.parquet."""
    tokens: Positive
    """Tokens of these rows."""
    loss_tokens: Positive
    """Those of them that carry loss."""
    steps: Positive
    """Optimizer steps of the whole run (finetune/preflight/schedule.py)."""
    processes: Positive
    """Ranks over all nodes: what the launch configuration asks for, and what each rank holds its world size against."""
    context_parallel: Positive
    """Ranks that share one row; 1: none do."""
    output: str
    """Folder of checkpoints/ and final/."""
    plots: str
    """Folder of the plots' TSV files."""
    metrics: str
    """Path of the metrics' JSON file."""

    @property
    def identity(self) -> str:
        """Hex sha256 of what decides the weights: two plans of one identity are the same training, wherever and however watched it runs."""
        chosen = self.train.model_dump(
            exclude={
                "rows": True,
                "base": {"name", "revision"},
                "hardware": {"launch", "gpu_memory_gb", "host_memory_gb"},
            }
        )
        for key in ("save_steps", "keep_checkpoints"):
            del chosen["schedule"][key]
        return sha256_text(
            canonical_json([chosen, self.base_weights, self.seed, self.prepared_sha256, self.steps]).decode()
        )

    @property
    def checkpoints(self) -> Path:
        """Folder of this training's checkpoints; those of another one stay beside it, so that ablations can be gone back to.

        Its name is of the launch as well: a checkpoint has a part for each rank, and other ranks cannot go on from it.
        """
        ranks = [self.train.hardware.launch, self.processes, self.context_parallel]
        name = sha256_text(canonical_json([self.identity, *ranks]).decode())[:12]
        return Path(self.output) / "checkpoints" / name

    @property
    def final(self) -> Path:
        """Folder of the model in the end."""
        return Path(self.output) / "final"

    @property
    def data_parallel(self) -> int:
        """Ranks, or groups of ranks that share a row, that see different rows."""
        return self.processes // self.context_parallel

    @property
    def accumulation(self) -> int:
        """Rows that a rank sees, one after the other, for one optimizer step."""
        return self.train.schedule.global_batch // self.data_parallel


def read_plan(path: Path) -> Plan:
    """The plan of a file. Raises UserError for what is none."""
    try:
        return Plan.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `limi train` makes the plan before it starts the ranks") from None
    except (ValidationError, ValueError) as error:
        raise UserError(f"{path} is no plan of a training run, `limi train` makes one: {error}") from None


def write_plan(path: Path, plan: Plan) -> None:
    """Write the plan, atomically."""
    write_json(path, plan.model_dump())
