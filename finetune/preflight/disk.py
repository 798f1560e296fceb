"""How much disk a training takes for its checkpoints and its model, held against what is free before a GPU is touched."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from finetune.preflight.shape import Shape
from pipeline.train_sections import Train


@dataclass(frozen=True)
class Room:
    """A disk that is written to: what for, the folder of it, and bytes that are needed there at most and that are free."""

    holds: str
    folder: Path
    needed: int
    free: int


@dataclass(frozen=True)
class Disk:
    """Bytes of one checkpoint and of the model in the end, and the one or two disks that they come to; checkpoints are on the first."""

    checkpoint: int
    final: int
    rooms: tuple[Room, ...]


def estimate(shape: Shape, train: Train, output: Path, checkpoints: Path) -> Disk:
    """The disk of a training.

    A checkpoint is the trained weights and Adam's two moments, fp32: 12 bytes for each. There is one more than are kept, as the oldest
    goes only after the newest is whole (finetune/runs/keeping.py). What this training has there already counts as free.

    A new model/final stands beside the old one at first (finetune/runs/final.py). The old one is in use already, so that only the new
    one is needed.
    """
    trained = shape.lora_parameters(train.lora.rank) if train.lora.rank else shape.parameters
    checkpoint, final = 12 * trained, shape.stored * shape.parameters
    kept = checkpoint * (train.schedule.keep_checkpoints + 1)
    # Either may be a link to a larger disk, where the room is another one.
    of_checkpoints, of_model = _there(checkpoints), _there(output)
    free = shutil.disk_usage(of_checkpoints).free + size_of(checkpoints)
    if _device(of_checkpoints) == _device(of_model):
        rooms = [Room("checkpoints and the model", output, kept + final, free)]
    else:
        rooms = [
            Room("checkpoints", checkpoints.parent, kept, free),
            Room("the model", output, final, shutil.disk_usage(of_model).free),
        ]
    return Disk(checkpoint, final, tuple(rooms))


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that there is."""
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def _device(folder: Path) -> int:
    """The number of the disk that a folder, or what a link to one leads to, lies on."""
    return folder.stat().st_dev


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder; 0 if it is not there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
