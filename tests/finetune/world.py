"""Several short trainings, one after the other, in one group of CPU ranks: starting ranks takes longer than a tiny model trains.

A test gives cases, `run` starts the ranks and gives what each rank 0 saw. The environment of a rank is what accelerate makes of the
launch configuration that users start (finetune/launch/eight-gpus.yaml), but for the number of ranks and the CPU. What can go wrong on
purpose has a name in WRONG.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from finetune.launch.launches import FOLDER
from finetune.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600  # of one group of ranks, on a machine with much else to do
SHARDED = ("fsdp2", "fsdp2_cp")  # the kinds of launch besides `one` and `ddp`


@dataclass(frozen=True)
class Case:
    """One training: its plan, how its ranks are launched, and what is wrong on purpose."""

    name: str
    plan: Plan
    kind: str
    wrong: str = ""


@dataclass
class Seen:
    """What rank 0 saw of a training."""

    losses: list[float] = field(default_factory=list)
    grad_norms: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    tokens: int = 0
    world_size: int = 0
    cp_size: int = 0
    tensors: int = 0
    dtensors: int = 0
    gradients: list[str] = field(default_factory=list)
    error: str = ""


def run(folder: Path, cases: Sequence[Case], ranks: int) -> dict[str, Seen]:
    """Train every case on so many ranks; by name of the case."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [asdict(case) | {"plan": case.plan.model_dump()} for case in cases]
    (folder / "cases.json").write_text(json.dumps(told), encoding="utf-8")
    started = [start(folder, rank, ranks) for rank in range(ranks)]
    try:
        codes = [process.wait(SECONDS) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    said = "\n".join((folder / f"rank-{rank}.log").read_text(encoding="utf-8")[-3000:] for rank in range(ranks))
    assert codes == [0] * ranks, f"{codes}\n{said}"
    return {case.name: Seen(**json.loads((folder / f"{case.name}.json").read_text())) for case in cases}


def start(folder: Path, rank: int, ranks: int) -> "subprocess.Popen[bytes]":
    """One rank, with its output in rank-N.log."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "HF_HUB_OFFLINE": "1"}
    if ranks > 1:
        environment |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1"}
        environment |= {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    with (folder / f"rank-{rank}.log").open("wb") as log:
        command = [sys.executable, "-m", "tests.finetune.world", str(folder)]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def launched(kind: str, precision: str) -> dict[str, str]:
    """What accelerate puts into the environment of the ranks of a kind of launch."""
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    if kind not in SHARDED:
        return {}
    ranks = int(os.environ["WORLD_SIZE"])
    configuration = yaml.safe_load((FOLDER / "eight-gpus.yaml").read_text(encoding="utf-8"))
    configuration |= {"num_processes": ranks, "use_cpu": True}
    if kind == "fsdp2_cp":  # two ranks share a row
        sizes = {"parallelism_config_dp_shard_size": ranks // 2, "parallelism_config_cp_size": 2}
        configuration["parallelism_config"] |= sizes
    else:
        del configuration["parallelism_config"]
    path = Path(f"launch-{kind}-{os.getpid()}.yaml")
    path.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    arguments = launch_command_parser().parse_args(
        [*("--config_file", str(path)), *("--mixed_precision", precision), "x.py"]
    )
    arguments, *_ = _validate_launch_command(arguments)
    arguments.main_process_port = 0
    made = prepare_multi_gpu_env(arguments)
    new = {name: value for name, value in made.items() if os.environ.get(name) != value}
    return new | {"ACCELERATE_USE_CPU": "true"}


def main() -> None:
    """A rank: every case of cases.json."""
    import torch.distributed as dist

    folder = Path(sys.argv[1]).resolve()
    rank, ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    os.chdir(folder)
    import finetune.training.run  # noqa: F401

    gc.collect()
    gc.freeze()  # else each training's end looks through all that was imported, for half of its time
    if ranks > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=ranks)
    for told in json.loads((folder / "cases.json").read_text(encoding="utf-8")):
        case = Case(told["name"], Plan.model_validate(told["plan"]), told["kind"], told["wrong"])
        seen = trained(case)
        if rank == 0:
            (folder / f"{case.name}.json").write_text(json.dumps(asdict(seen)), encoding="utf-8")
    if ranks > 1:
        dist.barrier()
        dist.destroy_process_group()


def trained(case: Case) -> Seen:
    """Train one case here; a sentence of ours ends it, and is kept."""
    from finetune.training.run import train
    from pipeline.errors import LimiError
    from tests.finetune.watching import Watch

    watch = Watch()
    with surroundings(case):
        try:
            train(case.plan, [watch])
        except LimiError as error:
            watch.seen.error = str(error)
            sys.stderr.write(f"{error}\n")
    return watch.seen


@contextmanager
def surroundings(case: Case) -> Iterator[None]:
    """The environment, the shims and what is wrong on purpose, for one case; all is as before when the block ends."""
    from tests.finetune import shims, wrongs

    before = dict(os.environ)
    os.environ.update(launched(case.kind, {"fp32": "no", "bf16": "bf16"}[case.plan.train.hardware.precision]))
    with ExitStack() as stack:
        if case.kind in SHARDED:
            stack.enter_context(shims.gpus_not_counted())
        if case.kind in SHARDED and case.wrong != "no_shim":
            stack.enter_context(shims.fsdp_on_cpu())
        if case.kind == "fsdp2_cp":
            stack.enter_context(shims.context_parallel_on_cpu(reduced=case.wrong != "unreduced"))
        if case.wrong in wrongs.WRONG:
            stack.enter_context(wrongs.WRONG[case.wrong]())
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


if __name__ == "__main__":
    main()
