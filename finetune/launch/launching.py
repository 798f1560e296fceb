"""Start the ranks of a plan and stay with them: they are stopped together, and none outlives this process.

    python -m finetune.launch.launching model/plan.json                                       on one node
    python -m finetune.launch.launching model/plan.json --machine-rank 1 --address node-0     on each of several

Where it is known how many nodes there are, as in a cluster's job, `--machines` tells it.

SIGTERM and Ctrl-C ask the ranks of all nodes to save a checkpoint at the end of the step and leave (finetune/runs/stopping.py); a
second one kills them. Both are exit code 75. Ranks that end otherwise have not saved, whatever came, and are an error. accelerate and
torchrun between are told to ignore both signals, since they would kill the ranks half a minute later.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType

import psutil

from finetune.launch.launches import FOLDER, Launch, read_launch
from finetune.launch.tether import tie
from finetune.plan import Plan, read_plan
from finetune.runs.manifest import is_final_of
from finetune.runs.stopping import STOPPED, ask_to_stop, forget
from pipeline.errors import LimiError, UserError

MODULE = "finetune.training"
PORT = 29500  # torchrun's own
LOCK = "lock"  # in the output folder; it stays there, since a removed file's lock is another one than its successor's
# A user's environment must not decide what the launch configuration decides.
STEERING = ("ACCELERATE_", "FSDP_", "PARALLELISM_CONFIG_", "PET_", "TORCHELASTIC_")
STEERING_NAMES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


class Stopped(LimiError):  # noqa: N818 - nothing failed
    """The run was stopped from outside; what it did is in its checkpoints."""

    exit_code = STOPPED


@dataclass(frozen=True)
class Node:
    """Which of several nodes this is, where the first one is reached, and how many there are, where that is known."""

    rank: int
    address: str
    port: int = PORT
    machines: int | None = None


def command(plan_path: Path, plan: Plan, launch: Launch, node: Node | None) -> list[str]:
    """The command of accelerate. Raises UserError where the node is none of those that the launch configuration is for."""
    _check_node(launch, node)
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


def _check_node(launch: Launch, node: Node | None) -> None:
    """Raises UserError for a node that accelerate would take for another: each of two would train by itself, or wait for one more."""
    name, machines = launch.path.name, launch.machines
    if node is None:
        if machines > 1:
            raise UserError(
                f"{name} is for {machines} nodes, and each starts its own ranks: "
                "finetune/cluster/slurm.sh shows how, after `limi train --preflight` on one of them"
            )
    elif machines == 1:
        raise UserError(
            f"{name} is for one node, and each of several would train by itself into the same folder; `limi train` starts it, or "
            "train.hardware.launch names a configuration of several nodes"
        )
    elif node.machines not in (None, machines):
        raise UserError(
            f"{name} is for {machines} nodes and there are {node.machines}; under SLURM: sbatch --nodes={machines} "
            "finetune/cluster/slurm.sh"
        )
    elif not 0 <= node.rank < machines:
        raise UserError(
            f"this is node {node.rank}, and {name} is for {machines} nodes, which are numbered 0 to {machines - 1}"
        )


def threads(launch: Launch) -> int:
    """Threads of a rank: what OMP_NUM_THREADS says, else its share of the cores that it may use; accelerate would take one.

    Raises UserError where it says no number.
    """
    # 4,2 means four threads, and two of each where these start more.
    said = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if said and not (said.isdecimal() and int(said)):
        raise UserError(
            f"OMP_NUM_THREADS is {os.environ['OMP_NUM_THREADS']!r}, and has to be a number of threads; unset it, or set it to one"
        )
    return int(said or max(1, cores() // launch.per_machine))


def cores() -> int:
    """The cores that this process may use: those of a cluster's task, which are fewer than the node's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def environment(inherited: dict[str, str], launch: Launch) -> dict[str, str]:
    """The ranks' environment: the user's, without what steers accelerate or torchrun.

    One rank on a GPU sees that GPU alone: where it sees more, transformers takes them all, each with the whole model, and TRL refuses.
    """
    kept = {
        name: value for name, value in inherited.items() if not name.startswith(STEERING) and name not in STEERING_NAMES
    }
    if launch.processes == 1 and not launch.cpu:
        kept["CUDA_VISIBLE_DEVICES"] = kept.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
    # torchrun listens to no signal but the one that nobody sends; the ranks get theirs from here.
    return kept | {"PET_SIGNALS_TO_HANDLE": "SIGQUIT", "TOKENIZERS_PARALLELISM": "false"}


def run(plan_path: Path, node: Node | None = None, folder: Path = FOLDER) -> None:
    """Run a plan to its end, model/final. Raises Stopped where the ranks saved as they were told, or a second signal killed them; and
    LimiError where they ended otherwise, as by a disk that was full for the checkpoint that they were told to write."""
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
        env=environment(dict(os.environ), launch),
        start_new_session=True,  # Ctrl-C reaches this process alone
        preexec_fn=partial(_before_accelerate, os.getpid()),  # no thread runs here
    )
    with _passing_on(started, Path(plan.output)) as told:
        code = started.wait()
    if not code and is_final_of(plan):  # whatever was told: a request that came with the last step changed nothing
        return
    # A request can reach the ranks without this process, as from a cluster's scheduler; they end well then, without a model.
    goes_on = f"{plan.checkpoints} has the newest complete checkpoint, if there is one yet, and the same command goes on from it"
    if not code:
        raise Stopped(f"stopped by {told[0].name if told else 'a request'}; {goes_on}")
    if len(told) > 1:
        raise Stopped(f"killed by a second {told[1].name}; {goes_on}")
    after = f" after {told[0].name}, and did not save as it asks for" if told else ""
    raise LimiError(
        f"the ranks of {plan_path} ended with exit code {code}{after}; what they said stands above. {goes_on}"
    )


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Hold the folder for one training, whose rows and plan another one would replace. Raises UserError if one is at work there.

    The lock is on a file, since a shared disk tells other nodes of a file's lock and not of a folder's; a process that died holds nothing.
    """
    path = output / LOCK
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{output} is no folder that a training can write to ({error.strerror}). Remove or mend what lies there; a link has to lead to "
            "a folder, on a disk that is mounted"
        ) from None
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # less the umask: a project may be shared by a group
    except PermissionError as error:
        raise UserError(
            f"{path} cannot be opened to write ({error.strerror}): another user has trained here. Have them give you that right (chmod "
            "g+w), or remove the file when no training is at work"
        ) from None
    except OSError as error:
        raise UserError(
            f"{path} is no file that can be written to ({error.strerror}); remove or mend what lies there"
        ) from None
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another training is at work in {output}; wait for it to end, or stop it") from None
        except OSError as error:
            sys.stderr.write(
                f"train: the disk of {output} knows no locks ({error.strerror}); see to it yourself that one training is at work there\n"
            )
        yield
    finally:
        os.close(held)


def _before_accelerate(parent: int) -> None:
    """In the child, before it becomes accelerate."""
    tie(parent)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ask_by_signal(accelerate: int) -> None:
    """SIGTERM to this node's ranks, who tell the others. Each may be in a session of its own, so they are looked for by what they run."""
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(accelerate).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if MODULE in one.cmdline():
                    one.terminate()


@contextmanager
def _passing_on(started: subprocess.Popen[bytes], output: Path) -> Iterator[list[signal.Signals]]:
    """Pass SIGTERM and Ctrl-C on as a request to stop, a second one as SIGKILL; gives what came.

    The request is a file, which the ranks of all nodes see, and which kills none that takes no step yet or any more. Where it cannot be
    written, as to a full disk, the ranks get SIGTERM in its place: their checkpoints may lie on another disk.
    """
    told: list[signal.Signals] = []

    def stop(number: int, _: FrameType | None) -> None:
        told.append(signal.Signals(number))
        if len(told) == 1:
            sys.stderr.write(
                "train: the ranks save at the end of this step and leave, or end the model they write; once more kills them\n"
            )
            try:
                ask_to_stop(output)
            except LimiError as error:
                sys.stderr.write(f"train: {error}. The ranks are asked by SIGTERM in its place\n")
                _ask_by_signal(started.pid)
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
    parser.add_argument("--machines", type=int, help="how many nodes there are")
    given = parser.parse_args()
    if (given.machine_rank is None) != (given.address is None):
        parser.error("--machine-rank and --address go together")
    node = Node(given.machine_rank, given.address, given.port, given.machines) if given.address else None
    try:
        # The first node holds the folder for all: they are one training.
        with alone(Path(read_plan(given.plan).output)) if node is None or node.rank == 0 else nullcontext():
            run(given.plan, node)
    except LimiError as error:
        sys.stderr.write(f"train: {error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
