"""Trainings of a few steps, made once for all processes of the suite: whole ones, and ones that are killed and started again."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from finetune.plan import Plan
from finetune.runs.manifest import write_manifest
from tests.finetune.runs.killing import End, Start, end, make
from tests.finetune.runs.made import base_in, plan_in
from tests.finetune.training.bases import tiny_glm
from tests.parallel import made_once

# In this order, each going on from what the one before it left.
MOMENTS = (
    "without_state@2",
    "step@4",
    "without_optimizer@4",
    "unmarked@4",
    "stop_file@5",
    "removing@4",
    "final",
    "",
)
PART = 4  # steps of a run that ends in the middle of an epoch, which has three
RANKS = {"ddp": ("cpu", 1), "fsdp2": ("eight-gpus", 1), "fsdp2_cp": ("eight-gpus", 2)}  # launch, ranks to a row
PARTS_ON_RANKS = ("ddp", "fsdp2")


@dataclass(frozen=True)
class Runs:
    """Plans and starts that were made, by name, and the folder of everything."""

    folder: Path
    plans: dict[str, Plan]
    ends: dict[str, End]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The plans of `plans_in` after their starts. Nobody changes what lies there."""

    def train(folder: Path) -> None:
        folder.mkdir()
        base_in(folder / "bases/little")
        tiny_glm(folder / "bases/glm")
        plans = plans_in(folder)
        plans["ddp"].final.mkdir(parents=True)
        write_manifest(plans["ddp"].final, plans["ddp"])  # as of an earlier training of this plan
        make(folder, starts_of(plans))

    top = tmp_path_factory.getbasetemp()
    folder = made_once(top.parent if "PYTEST_XDIST_WORKER" in os.environ else top, "training-runs", train)
    plans = plans_in(folder)
    return Runs(folder, plans, {start.name: end(folder, start.name) for start in starts_of(plans)})


def plans_in(folder: Path) -> dict[str, Plan]:
    """`based` is on a folder with a model in bf16, read further by YaRN; `fsdp2` on a mixture of experts; the others on the demo's."""
    plans = {name: plan_in(folder / name) for name in ("whole", "chain", "fresh")}
    plans |= {name: plan_in(folder / name, steps=PART) for name in ("part", "part again", "part and more")}
    plans["lora"] = plan_in(folder / "lora", {"lora.rank": 4, "optimizer.learning_rate": 0.02})
    shared_out = {"lora.rank": 4, "optimizer.learning_rate": 0.02, "hardware.launch": "eight-gpus"}
    plans["lora in parts"] = plan_in(folder / "lora in parts", shared_out, processes=2, context_parallel=1)
    based = {"base.name": str(folder / "bases/little"), "base.yarn_factor": 2.0}
    plans["based"] = plan_in(folder / "based", based, steps=2)
    for kind, (launch, shared) in RANKS.items():
        changes = {"hardware.launch": launch}
        if kind == "fsdp2":
            changes |= {"base.name": str(folder / "bases/glm"), "base.template": "glm4-moe"}
        plans[kind] = plan_in(folder / kind, changes, processes=2, context_parallel=shared)
    for kind in PARTS_ON_RANKS:
        launch = {"hardware.launch": RANKS[kind][0]}
        plans[f"part {kind}"] = plan_in(folder / f"part {kind}", launch, steps=PART, processes=2, context_parallel=1)
    return plans


def saving_each_step(plan: Plan) -> Plan:
    """The same training, as who has lost a night to long pauses between checkpoints goes on with it."""
    train = plan.train.model_copy(update={"schedule": plan.train.schedule.model_copy(update={"save_steps": 1})})
    return plan.model_copy(update={"train": train})


def starts_of(plans: dict[str, Plan]) -> list[Start]:
    """`chain` is started once for each moment; the later starts of `fresh` forget Adam, the last one unseen.

    Those on two ranks are killed when the last checkpoint lies there without a mark, and started again; before that, `ddp` is stopped by
    a SIGTERM, and after it, it has lost Adam's file. Those of `part` begin again after their last step: `again` after a kill while the
    model is written and once more, `and more` by transformers' own loop, unseen.
    """
    parts = plans["lora in parts"]
    starts = [
        Start("whole", plans["whole"]),
        *(Start(f"chain {moment}", plans["chain"], "one", moment) for moment in MOMENTS),
        Start("based", plans["based"]),
        Start("fresh 1", plans["fresh"], "one", "step@4"),
        Start("fresh 2", plans["fresh"], "one", "fresh_adam"),
        Start("fresh 3", plans["fresh"], "one", "fresh_adam_unseen"),
        Start("part", plans["part"]),
        Start("part again 1", plans["part again"], "one", "final"),
        Start("part again 2", plans["part again"]),
        Start("part again 3", plans["part again"]),
        Start("part and more 1", plans["part and more"], "one", "final"),
        Start("part and more 2", plans["part and more"], "one", "a_step_more"),
        Start("part and more 3", plans["part and more"]),
        Start("lora 1", plans["lora"], "one", "step@4"),
        Start("lora 2", saving_each_step(plans["lora"]), "one", "sigterm_in_final"),
        Start("stopped", plans["ddp"], "ddp", "sigterm@3"),
        Start("full disk", parts, "fsdp2", "full_disk@2"),
        Start("full disk for a part", parts, "fsdp2", "full_disk_in_part@2"),
        Start("lora in parts 1", parts, "fsdp2", "unmarked@6"),
        Start("lora in parts 2", parts, "fsdp2"),
    ]
    for kind in RANKS:
        starts += [Start(f"{kind} 1", plans[kind], kind, "unmarked@6"), Start(f"{kind} 2", plans[kind], kind)]
    for kind in PARTS_ON_RANKS:
        part = plans[f"part {kind}"]
        starts += [Start(f"part {kind} 1", part, kind, "final"), Start(f"part {kind} 2", part, kind)]
    return [*starts, Start("lost", plans["ddp"], "ddp", "lost_optimizer@6")]
