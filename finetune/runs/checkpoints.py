"""Which checkpoint a run goes on from: the newest whole one of this very plan, or none, or a sentence why not.

The Trainer of transformers writes a checkpoint file by file, takes a partial one for a whole one, and goes on with a fresh Adam if the
optimizer's file is missing. So a checkpoint is whole here only when it carries a mark of ours, which is written after everything else has
reached the disk, and which says of what plan it is and which files belong to it.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.launch.launches import read_launch
from finetune.plan import Plan
from pipeline.errors import LimiError, UserError
from pipeline.files import write_json

MARK = "complete.json"
PREFIX = "checkpoint-"  # of transformers
STATE = "trainer_state.json"
_MOST_NAMED = 5

# What a run may change and go on all the same: where things lie, how often it saves, what the preflight holds its estimates against.
# The rows' file and parameters are here since prepared_sha256 stands for what they led to, and the base's name and revision since
# base_weights does.
FREE = (
    "file_sha256",
    "file_rows",
    "dropped",
    "prepared",
    "output",
    "plots",
    "metrics",
    "train.rows.",
    "train.base.name",
    "train.base.revision",
    "train.schedule.save_steps",
    "train.schedule.keep_checkpoints",
    "train.hardware.gpu_memory_gb",
    "train.hardware.host_memory_gb",
)


@dataclass(frozen=True)
class Choice:
    """Where a run begins. `path` is None for the first step; `unfinished` are the folders that were passed over."""

    path: Path | None
    step: int
    unfinished: tuple[Path, ...]

    def sentences(self) -> list[str]:
        """What to tell: what was passed over, and where the run begins."""
        passed = [
            f"{path} is not whole (a run was stopped while it was written) and is passed over"
            for path in self.unfinished
        ]
        return [
            *passed,
            f"going on from {self.path}, after step {self.step}" if self.path else "starting at the first step",
        ]


def choose(folder: Path, plan: Plan) -> Choice:
    """The newest whole checkpoint of `folder`, which must be of this plan.

    Raises UserError if the newest one with a mark has lost a file since, is of another plan, or of a step that the plan does not have: an
    older one or none in its place would throw work away that nobody has given up.
    """
    unfinished = []
    for path in reversed(checkpoints(folder)):
        if not (path / MARK).is_file():
            unfinished.append(path)
            continue
        mark = _read_mark(path)
        _check_same_plan(path, mark, plan)
        _check_step(path, plan)
        _check_whole(path, mark)
        older = [
            other for other in checkpoints(folder) if step_of(other) < step_of(path) and not (other / MARK).is_file()
        ]
        return Choice(path, step_of(path), (*unfinished, *reversed(older)))
    return Choice(None, 0, tuple(unfinished))


def checkpoints(folder: Path) -> list[Path]:
    """Every folder of a checkpoint, whole or not, by its step."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.is_dir() and path.name.removeprefix(PREFIX).isdecimal()]
    return sorted((path for path in found if path.name.startswith(PREFIX)), key=step_of)


def step_of(path: Path) -> int:
    """The optimizer step after which a checkpoint was written."""
    return int(path.name.removeprefix(PREFIX))


def adapter_in_parts(plan: Plan) -> bool:
    """Whether what learns is an adapter that is shared out over the ranks."""
    return bool(plan.train.lora.rank) and read_launch(plan.train.hardware.launch).sharded


def part_of_adapter(path: Path, rank: int) -> Path:
    """A rank's file of an adapter that is shared out over the ranks (finetune/runs/keeping.py)."""
    return path / "adapter_parts" / f"rank-{rank}.pt"


def lacking(path: Path, processes: int, in_parts: bool = False) -> list[str]:
    """What a checkpoint of so many ranks still needs, in words; nothing if all is there."""
    found = []
    if in_parts:  # what accelerate writes as its weights is empty then
        parts = [part_of_adapter(Path(), rank).as_posix() for rank in range(processes)]
        found += [f"a rank's adapter ({part})" for part in parts if not _files(path, part)]
    elif not _weights(path):
        found.append("the weights")
    if not (_files(path, "optimizer.pt", "optimizer.bin") or _sharded(path / "optimizer_0")):
        found.append("the optimizer's state")
    if not _files(path, "scheduler.pt"):
        found.append("the learning rate's state (scheduler.pt)")
    generators = ["rng_state.pth"] if processes == 1 else [f"rng_state_{rank}.pth" for rank in range(processes)]
    found += [f"the random generators' state ({name})" for name in generators if not _files(path, name)]
    if _step_in_state(path) != step_of(path):
        found.append(f"{STATE} of step {step_of(path)}")
    return found


def mark(path: Path, plan: Plan, sums: list[list[int]]) -> None:
    """Bring a checkpoint to the disk and mark it as whole; `sums` are each rank's of finetune/runs/checksums.py.

    Raises LimiError if something is missing, as it is where the nodes of a run do not share the folder.
    """
    if missing := lacking(path, plan.processes, adapter_in_parts(plan)):
        raise LimiError(
            f"{path} was written without {', '.join(missing)}; the run would not go on from it. All nodes must see the same folder "
            f"{path.parent}, and its disk must not be full"
        )
    files = sorted(file for file in path.rglob("*") if file.is_file() and file != path / MARK)
    for place in (*files, *{file.parent for file in files}):
        _sync(place)
    write_json(
        path / MARK,
        {
            "step": step_of(path),
            "plan": identity(plan),
            "checksums": sums,
            "files": {file.relative_to(path).as_posix(): file.stat().st_size for file in files},
        },
    )
    _sync(path)
    _sync(path.parent)


def check_read_back(path: Path, sums: list[list[int]]) -> None:
    """Hold what each rank has read from a checkpoint against its mark. Raises LimiError if a part did not come back."""
    then = _read_mark(path)["checksums"]
    wrong = [
        name
        for place, name in enumerate(("weights", "optimizer's state"))
        if [one[place] for one in then] != [one[place] for one in sums]
    ]
    if wrong:
        raise LimiError(
            f"the {' and the '.join(wrong)} did not come back from {path} as they were saved, though its files are whole: torch, "
            "accelerate and peft of other versions than those that wrote them do that. Go on with the versions of "
            f"then, or move {path.parent} away to train anew"
        )


def remove(path: Path) -> None:
    """Remove a checkpoint; one whose removal is cut short counts as unfinished and not as damaged."""
    (path / MARK).unlink(missing_ok=True)
    shutil.rmtree(path)


def remove_old(folder: Path, keep: int) -> None:
    """Leave the newest `keep` whole checkpoints. Called after a new one was marked, so at no time is there none."""
    whole = [path for path in checkpoints(folder) if (path / MARK).is_file()]
    for path in whole[:-keep]:
        remove(path)


def identity(plan: Plan) -> dict[str, Any]:
    """What of a plan must be the same for its checkpoints to fit, flat: `train.optimizer.learning_rate` and its value."""
    flat = _flat(plan.model_dump(mode="json"), "")
    return {
        name: value
        for name, value in flat.items()
        if not any(name == free or (free.endswith(".") and name.startswith(free)) for free in FREE)
    }


def _flat(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    found: dict[str, Any] = {}
    for key, part in value.items():
        found |= _flat(part, f"{name}.{key}" if name else key)
    return found


def _weights(path: Path) -> bool:
    index = path / "model.safetensors.index.json"
    if index.is_file():
        try:
            return all((path / name).is_file() for name in json.loads(index.read_bytes())["weight_map"].values())
        except (ValueError, KeyError, AttributeError):
            return False
    whole = ("model.safetensors", "adapter_model.safetensors", "pytorch_model_fsdp.bin")
    return _files(path, *whole) or _sharded(path / "pytorch_model_fsdp_0")


def _sharded(folder: Path) -> bool:
    """Whether a folder of torch.distributed.checkpoint is whole: its metadata is written after every rank's shards."""
    return (folder / ".metadata").is_file() and any(folder.glob("*.distcp"))


def _files(path: Path, *names: str) -> bool:
    """Whether one of the files is there and holds something."""
    return any((path / name).is_file() and (path / name).stat().st_size for name in names)


def _step_in_state(path: Path) -> int | None:
    try:
        state = json.loads((path / STATE).read_bytes())
    except (OSError, ValueError):
        return None
    step = state.get("global_step") if isinstance(state, dict) else None
    return step if isinstance(step, int) else None


def _read_mark(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / MARK).read_bytes())
        sizes, sums = found["files"].values(), found["checksums"]
        if isinstance(found["plan"], dict) and isinstance(sums, list) and all(isinstance(size, int) for size in sizes):
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # said below, with the place and what to do
    raise UserError(
        f"{path / MARK} cannot be read; remove {path} to go on from an older checkpoint, or from the first step"
    )


def _check_same_plan(path: Path, found: dict[str, Any], plan: Plan) -> None:
    then, now = found["plan"], identity(plan)
    differing = [
        f"{name} was {then.get(name, 'not there')!r} and is {now.get(name, 'not there')!r}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]
    if differing:
        more = f"; and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
        raise UserError(
            f"{path} is of another run: {'; '.join(differing[:_MOST_NAMED])}{more}. Go back to that plan to go on with it, or "
            f"move or remove {path.parent} to train anew"
        )


def _check_step(path: Path, plan: Plan) -> None:
    if step_of(path) > plan.steps:
        raise UserError(
            f"{path} is beyond step {plan.steps}, the last of its plan, so its weights are not the plan's (earlier versions took a step "
            "more at each start after it). Move or remove it, and the same command goes on from an older one, or from the first step"
        )


def _check_whole(path: Path, found: dict[str, Any]) -> None:
    lost = [
        name
        for name, size in found["files"].items()
        if not (path / name).is_file() or (path / name).stat().st_size != size
    ]
    if lost:
        more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
        raise UserError(
            f"{path} was whole and has lost {', '.join(sorted(lost)[:_MOST_NAMED])}{more} since (gone, or of another size); training would "
            f"go on with a part of its state. Bring back what is missing, or remove {path} to go on from an older checkpoint"
        )


def _sync(place: Path) -> None:
    held = os.open(place, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
