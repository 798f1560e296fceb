"""Start the ranks of a plan and stay with them: they are stopped together, and none outlives this process.

    python -m finetune.launch.launching model/plan.json                                       on one node
    python -m finetune.launch.launching model/plan.json --machine-rank 1 --address node-0     on each of several

SIGTERM and Ctrl-C ask the ranks of all nodes to save a checkpoint at the end of the step and leave (finetune/runs/stopping.py); a
second one kills them. accelerate and torchrun between are told to ignore both, since they would kill the ranks half a minute later.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

from finetune.launch.launches import FOLDER, Launch, read_launch
from finetune.launch.tether import tie
from finetune.plan import Plan, read_plan
from finetune.runs.manifest import is_final_of
from finetune.runs.stopping import STOPPED, ask_to_stop, forget
from pipeline.errors import LimiError, UserError

MODULE = "finetune.training"
PORT = 29500  # torchrun's own
# A user's environment must not decide what the launch configuration decides.
STEERING = ("ACCELERATE_", "FSDP_", "PARALLELISM_CONFIG_", "PET_", "TORCHELASTIC_")
STEERING_NAMES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class Stopped(LimiError):  # noqa: N818 - nothing failed
    """The run was stopped from outside; what it did is in its checkpoints."""

    exit_code = STOPPED


@dataclass(frozen=True)
class Node:
    """Which of several nodes this is, and where the first one is reached."""

    rank: int
    address: str
    port: int = PORT


def command(plan_path: Path, plan: Plan, launch: Launch, node: Node | None) -> list[str]:
    """The command of accelerate. Raises UserError where several nodes are asked for and this one does not know which it is."""
    if launch.machines > 1 and node is None:
        raise UserError(
            f"{launch.path.name} is for {launch.machines} nodes, and each starts its own ranks: "
            "finetune/cluster/slurm.sh shows how, after `limi train --preflight` on one of them"
        )
    where = (
        [
            *("--machine_rank", str(node.rank)),
            *("--main_process_ip", node.address),
            *("--main_process_port", str(node.port)),
        ]
        if node is not None
        else ["--main_process_port", "0"] * (launch.processes > 1)
    )
    return [
        *(sys.executable, "-m", "accelerate.commands.launch"),
        *("--config_file", str(launch.path)),
        *("--mixed_precision", "bf16" if plan.train.hardware.precision == "bf16" else "no"),
        *where,
        *("--num_cpu_threads_per_process", str(threads(launch))),
        "--quiet",
        *("-m", MODULE, str(plan_path)),
    ]


def threads(launch: Launch) -> int:
    """Threads of a rank: what OMP_NUM_THREADS says, else its share of the node's cores; accelerate would take one."""
    return int(os.environ.get("OMP_NUM_THREADS") or max(1, (os.cpu_count() or 1) // launch.per_machine))


def environment(inherited: dict[str, str]) -> dict[str, str]:
    """The ranks' environment: the user's, without what steers accelerate or torchrun."""
    kept = {
        name: value for name, value in inherited.items() if not name.startswith(STEERING) and name not in STEERING_NAMES
    }
    # torchrun listens to no signal but the one that nobody sends; the ranks get theirs from here.
    return kept | {"PET_SIGNALS_TO_HANDLE": "SIGQUIT", "TOKENIZERS_PARALLELISM": "false"}


def run(plan_path: Path, node: Node | None = None, folder: Path = FOLDER) -> None:
    """Run a plan to its end, model/final. Raises Stopped if it was told to stop, LimiError if a rank failed."""
    plan = read_plan(plan_path)
    launch = read_launch(plan.train.hardware.launch, folder)
    for name, planned, asked in (
        ("processes", plan.processes, launch.processes),
        ("context parallelism", plan.context_parallel, launch.context_parallel),
    ):
        if planned != asked:
            raise UserError(
                f"{plan_path} was made for {planned} as {name}, and {launch.path} asks for {asked}; make the plan anew: "
                "`limi train --preflight`"
            )
    if node is None or node.rank == 0:
        forget(Path(plan.output))
    started = subprocess.Popen(
        command(plan_path, plan, launch, node),
        env=environment(dict(os.environ)),
        start_new_session=True,  # Ctrl-C reaches this process alone
        preexec_fn=partial(_before_accelerate, os.getpid()),  # no thread runs here
    )
    with _passing_on(started, Path(plan.output)) as told:
        code = started.wait()
    if not code and is_final_of(plan):  # whatever was told: a request that came with the last step changed nothing
        return
    # A request can reach the ranks without this process, as from a cluster's scheduler; they end well then, without a model.
    if told or not code:
        raise Stopped(
            f"stopped by {told[0].name if told else 'a request'}; {plan.checkpoints} has the newest complete checkpoint, and the same "
            "command goes on from it"
        )
    raise LimiError(
        f"the ranks of {plan_path} ended with exit code {code}; what they said stands above. {plan.checkpoints} has the newest complete "
        "checkpoint, if there is one yet, and the same command goes on from it"
    )


def _before_accelerate(parent: int) -> None:
    """In the child, before it becomes accelerate."""
    tie(parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _passing_on(started: subprocess.Popen[bytes], output: Path) -> Iterator[list[signal.Signals]]:
    """Pass SIGTERM and Ctrl-C on as a request to stop, a second one as SIGKILL; gives what came.

    The request is a file and no signal: a scheduler signals the ranks as well, and to a rank a second SIGTERM means at once.
    """
    told: list[signal.Signals] = []

    def stop(number: int, _: FrameType | None) -> None:
        told.append(signal.Signals(number))
        if len(told) == 1:
            sys.stderr.write("train: the ranks save at the end of this step and leave; once more kills them\n")
            ask_to_stop(output)
        else:
            started.kill()  # the ranks are tied to it

    earlier = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
        if started.poll() is None:
            started.kill()
            started.wait()
        if told:
            forget(output)


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m finetune.launch.launching", description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--machine-rank", type=int)
    parser.add_argument("--address", help="of the first node")
    parser.add_argument("--port", type=int, default=PORT)
    given = parser.parse_args()
    if (given.machine_rank is None) != (given.address is None):
        parser.error("--machine-rank and --address go together")
    node = Node(given.machine_rank, given.address, given.port) if given.address else None
    try:
        run(given.plan, node)
    except LimiError as error:
        sys.stderr.write(f"train: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
