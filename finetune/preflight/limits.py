"""What stands against a training and can be told before it: lengths, attention, steps, memory, disk. Sentences that say what to do."""

import importlib.util
from pathlib import Path
from typing import Any

from finetune.launch.launches import Launch
from finetune.preflight import disk, memory
from finetune.preflight.row_check import CheckedRows
from finetune.preflight.schedule import FAR, FEW, NEAR, Steps
from finetune.preflight.shape import Shape
from finetune.training.base import DEMO, native_positions
from pipeline.train_sections import Train

GIB = 2**30


def positions(config: Any) -> dict[str, float]:
    """`native`: tokens that the model was made for; `reach`: that it reads with the scaling of its configuration."""
    rope = config.rope_parameters or {}
    factor = float(rope.get("factor", 1.0)) if rope.get("rope_type", "default") != "default" else 1.0
    native = native_positions(config)
    return {"native": native, "yarn_factor": factor, "reach": int(native * factor)}


def of_lengths(train: Train, rows: CheckedRows, config: Any) -> list[str]:
    """Rows that are longer than the parameters allow, or than the model reaches."""
    found = []
    leave = "set train.rows.over_length to drop, which leaves whole rows out and counts them"
    if train.rows.samples:
        leave = "leave them out of train.rows.file, so that others are drawn"
    if rows.over and train.rows.over_length == "refuse":
        found.append(
            f"{len(rows.over)} of {rows.read.rows} rows are longer than train.rows.max_tokens ({train.rows.max_tokens:,}), the longest has "
            f"{max(one.tokens for one in rows.over):,} tokens. Raise it, with memory and train.base.yarn_factor for it, or "
            f"{leave}; nothing is ever cut"
        )
    elif rows.over and train.rows.samples:
        found.append(
            f"train.rows.samples draws {train.rows.samples} rows, and {len(rows.over)} of them are dropped as they are longer than "
            f"train.rows.max_tokens ({train.rows.max_tokens:,}), so it would be another experiment than its name says. Raise it, or {leave}"
        )
    elif rows.over and not rows.kept:
        found.append(
            f"all {len(rows.over)} rows are longer than train.rows.max_tokens ({train.rows.max_tokens:,}); none is left"
        )
    reach, native = positions(config)["reach"], native_positions(config)
    if rows.longest > reach:
        enough = -(-rows.longest * 10 // native) / 10
        found.append(
            f"the longest row has {rows.longest:,} tokens, and {train.base.name} reads {reach:,.0f} with train.base.yarn_factor "
            f"{train.base.yarn_factor:g}; {enough:g} is enough"
        )
    return found


def of_attention(train: Train, launch: Launch) -> list[str]:
    """An implementation of attention that this launch or this machine cannot use."""
    chosen, found = train.base.attention, []
    if launch.context_parallel > 1 and chosen != "sdpa":
        found.append(f"train.base.attention is {chosen}, and torch shares a row among GPUs with sdpa alone")
    if chosen == "flash_attention_2" and train.hardware.precision != "bf16":
        found.append(
            "train.base.attention is flash_attention_2, which needs train.hardware.precision bf16; sdpa does not"
        )
    if chosen == "flash_attention_2" and importlib.util.find_spec("flash_attn") is None:
        found.append(
            "train.base.attention is flash_attention_2, and the package flash-attn is not installed; sdpa needs none"
        )
    return found


def of_lora(train: Train, launch: Launch, shape: Shape | None) -> list[str]:
    """An adapter that would be of other layers than is said, or trained by wrong gradients, or that peft refuses once all is read."""
    if not train.lora.rank:
        return []
    found = []
    if shape is None:
        found.append(
            f"train.lora.rank is {train.lora.rank}, and which layers of {train.base.name} an adapter belongs to is not known here "
            "(LORA_LAYERS in finetune/training/model.py); 0 trains all weights"
        )
    if train.lora.dropout and launch.sharded and launch.recomputed:
        found.append(
            "train.lora.dropout is above 0, and accelerate recomputes FSDP2's layers with another draw than the first one, so gradients "
            "would be wrong; set it to 0, or take one GPU"
        )
    if train.lora.dropout and shape is not None and shape.experts:
        found.append("train.lora.dropout is above 0, and peft adapts experts without dropout only; set it to 0")
    return found


def of_steps(train: Train, planned: Steps) -> list[str]:
    """A learning rate that never is what was asked for, or other tokens than were."""
    missed, found = _missed(train, planned), []
    if abs(missed) > FAR:
        found.append(f"{_asked(train, planned, missed)}; ask for that, or take a smaller train.schedule.global_batch")
    if train.optimizer.warmup_steps >= planned.total:
        found.append(
            f"train.optimizer.warmup_steps is {train.optimizer.warmup_steps} and the run has {planned.total} steps, so the rate would "
            "never be at its highest"
        )
    if train.optimizer.min_learning_rate > train.optimizer.learning_rate:
        found.append("train.optimizer.min_learning_rate is above learning_rate; the cosine falls from that to this")
    return found


def _missed(train: Train, planned: Steps) -> float:
    """Tokens with loss that are seen above those that were asked for, as a share of these; below them if negative."""
    asked = train.schedule.loss_tokens
    return planned.seen.loss_tokens / asked - 1 if asked else 0.0


def _asked(train: Train, planned: Steps, missed: float) -> str:
    return (
        f"train.schedule.loss_tokens asks for {train.schedule.loss_tokens:,}, and the nearest that whole steps come to is "
        f"{planned.seen.loss_tokens:,} ({missed:+.1%}), with {planned.total} of them"
    )


def of_places(*folders: Path) -> list[str]:
    """What is no folder where the ranks write into one."""
    found = []
    for folder in folders:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists() or path.is_symlink())
        if not there.is_dir():
            found.append(f"{there} is no folder, and the training writes into {folder}; move it away")
    return found


def of_files(*files: Path) -> list[str]:
    """A folder where the ranks write a file. They replace a link, so where it leads to is no matter."""
    return [
        f"{path} is a folder, and the training writes a file there; move it away"
        for path in files
        if path.is_dir() and not path.is_symlink()
    ]


def of_memory(train: Train, launch: Launch, needed: memory.Memory) -> list[str]:
    """More memory than the hardware is said to have."""
    place = "a process" if launch.cpu else "a GPU"
    found = []
    for terms, limit, where, key in (
        (needed.gpu, train.hardware.gpu_memory_gb, place, "gpu_memory_gb"),
        (needed.host, train.hardware.host_memory_gb, "a node's main memory", "host_memory_gb"),
    ):
        if (total := sum(terms.values())) > limit * GIB:
            name, most = max(terms.items(), key=lambda term: term[1])
            found.append(
                f"the training takes about {total / GIB:.0f} GiB of {where}, and train.hardware.{key} is {limit}; the most is {name}, "
                f"{most / GIB:.0f} GiB. docs/TRAINING.md says what makes it smaller"
            )
    return found


def of_disk(found: disk.Disk, checkpoints: Path) -> list[str]:
    """More of a disk than is free there; `checkpoints` are this training's."""
    refused = []
    for room in found.rooms:
        if room.needed <= room.free:
            continue
        others = disk.size_of(checkpoints.parent) - disk.size_of(checkpoints) if room is found.rooms[0] else 0
        refused.append(
            f"up to {room.needed / GIB:.1f} GiB are needed in {room.folder} for {room.holds}, and {room.free / GIB:.1f} are free there"
            + (f"; checkpoints of other trainings in {checkpoints.parent} are {others / GIB:.1f} GiB" if others else "")
        )
    return refused


def worth_knowing(train: Train, rows: CheckedRows, planned: Steps | None, shape: Shape | None) -> list[str]:
    """What stops nothing."""
    found = []
    if rows.over and train.rows.over_length == "drop":
        dropped = sum(one.tokens for one in rows.over)
        found.append(f"{len(rows.over)} rows of {dropped:,} tokens are dropped, as train.rows.over_length says")
    if shape is None:
        found.append(
            f"memory and disk of {train.base.name} are not estimated: its family is not known (finetune/preflight/shape.py)"
        )
    if rows.blanks:
        found.append(
            f"{rows.blanks:,} blanks at the begin or end of what the assistant wrote are left out by the template {train.base.template}, "
            "as by the model's own"
        )
    if rows.unended:
        found.append(
            f"{rows.unended:,} turns of the assistant are followed by another one or a system message, so the template "
            f"{train.base.template} gives them no end that could be learnt"
        )
    on_the_hub = not (train.base.name == DEMO or Path(train.base.name).is_dir())
    if on_the_hub and shape is not None:
        found.append(
            f"{train.base.name} itself is about {shape.stored * shape.parameters / GIB:.0f} GiB, which the first training reads from "
            "the Hub into the folder of HF_HOME; they are not in what is told of the disk"
        )
    if on_the_hub and not train.base.revision:
        found.append(
            "train.base.revision is empty, so another day may read other weights; name a commit of the model on the Hub"
        )
    if planned is None:
        return found
    if NEAR < abs(missed := _missed(train, planned)) <= FAR:
        found.append(f"{_asked(train, planned, missed)}; a smaller train.schedule.global_batch may come nearer")
    if planned.total < FEW:
        found.append(
            f"only {planned.total} optimizer steps, so warmup, betas and the ends of the cosine weigh much; LIMI took about 8"
        )
    if left := len(rows.kept) % train.schedule.global_batch:
        found.append(
            f"the last step of an epoch has {left} rows in place of {train.schedule.global_batch}, and takes the mean over their tokens"
        )
    if train.schedule.save_steps >= planned.total:
        found.append(
            f"train.schedule.save_steps is {train.schedule.save_steps}: no checkpoint before the last step, a killed run begins again"
        )
    return found
