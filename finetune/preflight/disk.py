"""How much disk a training takes for its checkpoints and its model, held against what is free before a GPU is touched."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from finetune.preflight.shape import Shape
from pipeline.train_sections import Train


@dataclass(frozen=True)
class Disk:
    """Bytes: of one checkpoint, of the model in the end, of both as many times as they are there at once, and of what is free for them."""

    checkpoint: int
    final: int
    needed: int
    free: int


def estimate(shape: Shape, train: Train, output: Path, checkpoints: Path) -> Disk:
    """The disk of a training.

    A checkpoint is the trained weights and Adam's two moments, fp32: 12 bytes for each. There is one more than are kept, as the oldest
    goes only after the newest is whole (finetune/runs/keeping.py). What this training has there already counts as free.
    """
    trained = shape.lora_parameters(train.lora.rank) if train.lora.rank else shape.parameters
    checkpoint, final = 12 * trained, shape.stored * shape.parameters
    needed = (
        checkpoint * (train.schedule.keep_checkpoints + 1) + 2 * final
    )  # a new model/final stands beside the old one at first
    there = next(folder for folder in (output, *output.absolute().parents) if folder.is_dir())
    return Disk(checkpoint, final, needed, shutil.disk_usage(there).free + size_of(checkpoints))


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder; 0 if it is not there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
