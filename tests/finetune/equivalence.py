"""What benchmarks/sft_equivalence.py trains: each way of training, each wrong one, and runs that are killed and started again."""

import hashlib
import random
from pathlib import Path
from typing import Any

from finetune.data import prepared
from finetune.plan import Plan
from finetune.preflight.schedule import steps
from pipeline.errors import LimiError
from tests.finetune import made, world
from tests.finetune.runs import killing
from tests.finetune.runs.made import plan_in
from tests.finetune.training import plain
from tests.finetune.training.bases import tiny_glm
from tests.finetune.world import Case, Seen

FILLER = 2  # tokens of the row without loss (finetune/training/trainer.py), which ranks that are out of rows see
# way of training -> kind of launch, ranks, ranks that share a row
MODES = {
    "ddp": ("ddp", 2, 1),
    "fsdp2": ("fsdp2", 2, 1),
    "fsdp2_cp": ("fsdp2_cp", 2, 2),
    "fsdp2_2x_cp_2x": ("fsdp2_cp", 4, 2),
}
RESUMED = {"one": ("one", 1, 1)} | {mode: sizes for mode, sizes in MODES.items() if sizes[1] == 2}
CONTROLS = {
    "keys_without_the_other_ranks_gradient": ("fsdp2_cp", "unreduced"),
    "mean_of_ranks_means": ("ddp", "mean_of_ranks"),
    "first_rows_repeated": ("ddp", "repeated_rows"),
    "same_order_in_each_epoch": ("ddp", "same_epochs"),
}


class Trainings:
    """All that is trained, below one folder, on the same rows."""

    def __init__(self, folder: Path, rows: int, epochs: int, batch: int) -> None:
        self.folder, self.epochs = folder, epochs
        draw = random.Random(7)  # noqa: S311 - lengths
        trained = made.rows(tuple(draw.randrange(100, 600) for _ in range(rows)))
        held = prepared.write(trained, folder / "prepared.parquet")
        self.rows, self.tokens = held.rows, held.tokens
        self.schedule = {"global_batch": batch, "epochs": epochs, "save_steps": 2}
        self.steps = steps(trained, 3, made.train(schedule=self.schedule).schedule, 1).total

    def plan(self, name: str, kind: str = "one", ranks: int = 1, sharing: int = 1, **changed: Any) -> Plan:
        """A plan of the demo's model, or of what `changed` says."""
        hardware = {"launch": "eight-gpus" if kind in world.SHARDED else "cpu"}
        section = made.train(schedule=self.schedule, hardware=hardware, **changed)
        return made.plan(self.folder / name, section, self.steps, ranks, sharing)

    def run(self) -> tuple[dict[str, Seen], dict[str, Seen]]:
        """What was seen of each mode, and of each control; one process is the mode `one`, and `glm_one` that of `glm`."""
        glm = {"name": str(tiny_glm(self.folder / "glm")), "template": "glm4-moe"}
        cases: dict[int, list[Case]] = {1: [], 2: [], 4: []}
        cases[1].append(Case("one", self.plan("one"), "one"))
        cases[1].append(Case("glm_one", self.plan("glm_one", base=glm), "one"))
        cases[2].append(Case("glm", self.plan("glm_two", "fsdp2_cp", 2, 2, base=glm), "fsdp2_cp"))
        for name, (kind, ranks, sharing) in MODES.items():
            cases[ranks].append(Case(name, self.plan(name, kind, ranks, sharing), kind))
        for name, (kind, wrong) in CONTROLS.items():
            plan = self.plan(name, kind, 2, 2 if kind == "fsdp2_cp" else 1)
            cases[2].append(Case(name, plan, kind, wrong))
        seen: dict[str, Seen] = {}
        for ranks, of_ranks in cases.items():
            seen |= world.run(self.folder / f"ranks-{ranks}", of_ranks, ranks)
        return {name: one for name, one in seen.items() if name not in CONTROLS}, {
            name: seen[name] for name in CONTROLS
        }

    def resumed(self) -> dict[str, bool]:
        """By way of training, whether a run that is killed in its last step and started again ends as one that was not."""
        plans, starts = {}, []
        for mode, (kind, ranks, sharing) in RESUMED.items():
            launch = {"hardware.launch": "eight-gpus" if kind in world.SHARDED else "cpu"}
            sizes = {"processes": ranks, "context_parallel": sharing}
            whole, killed = (plan_in(self.folder / f"{mode} {name}", launch, **sizes) for name in ("whole", "killed"))
            plans[mode] = (whole, killed)
            starts.append(killing.Start(f"{mode} whole", whole, kind))
            starts.append(killing.Start(f"{mode} killed", killed, kind, f"step@{killed.steps}"))
            starts.append(killing.Start(f"{mode} again", killed, kind))
        killing.make(self.folder / "resume", starts)
        for start in starts:
            how = killing.end(self.folder / "resume", start.name).how
            if how != ("killed" if start.moment else "done"):
                raise LimiError(f"{start.name}: the run ended with: {how}")
        return {mode: fingerprint(whole) == fingerprint(killed) for mode, (whole, killed) in plans.items()}

    def dropped(self, seen: Seen, data_parallel: int) -> int:
        """Tokens that should have been seen and were not."""
        fillers = self.epochs * (-self.rows % data_parallel)
        return self.epochs * self.tokens + fillers * FILLER - seen.tokens


def fingerprint(plan: Plan) -> dict[str, str]:
    """Losses, gradients and final weights of a run, as hashes."""
    figures = [
        Path(plan.plots) / "metrics" / f"{name}.tsv" for name in ("loss", "grad_norm", "learning_rate", "tokens")
    ]
    files = [*figures, *sorted(plan.final.glob("*.safetensors"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def delta(seen: Seen, one: Seen) -> dict[str, float]:
    """The greatest difference of any step."""
    if not seen.losses or len(seen.losses) != len(one.losses):
        raise LimiError(
            f"{len(seen.losses)} steps were seen in place of {len(one.losses)}: {seen.error or 'no error was told'}"
        )
    losses = [abs(a - b) for a, b in zip(seen.losses, one.losses, strict=True)]
    norms = [abs(a / b - 1) for a, b in zip(seen.grad_norms, one.grad_norms, strict=True)]
    return {"loss_delta": float(f"{max(losses):.2g}"), "grad_norm_delta": float(f"{max(norms):.2g}")}


def measured(folder: Path, rows: int, epochs: int, batch: int) -> dict[str, Any]:
    """What the benchmark prints; its docstring tells each key."""
    trainings = Trainings(folder, rows, epochs, batch)
    seen, wrong = trainings.run()
    by_hand = plain.train(trainings.plan("one"))
    modes = {"plain": delta(Seen(losses=by_hand.losses, grad_norms=by_hand.grad_norms), seen["one"])}
    modes |= {mode: delta(seen[mode], seen["one"]) for mode in MODES}
    modes["glm"] = delta(seen["glm"], seen["glm_one"])
    resume = trainings.resumed()
    ranks = ("world_size", "cp_size", "tensors", "dtensors")
    sharing = {"one": 1} | {mode: count // shared for mode, (_, count, shared) in MODES.items()}
    return {
        "modes": modes,
        "ranks": {mode: {name: getattr(seen[mode], name) for name in ranks} for mode in (*MODES, "glm")},
        "controls": {name: delta(one, seen["one"]) for name, one in wrong.items()},
        "resume": resume,
        "resume_identical": all(resume.values()),
        "dropped_tokens": sum(abs(trainings.dropped(seen[mode], groups)) for mode, groups in sharing.items()),
        "tokens": trainings.epochs * trainings.tokens,
        "steps": trainings.steps,
    }
