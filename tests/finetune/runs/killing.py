"""Runs that are killed, told to stop, and started again: two processes import what they need once, and fork one for each start.

A test gives starts, `make` makes them one after the other and says how each ended. Those on one process are shared between the two, each
plan's on one of them; the others have both as their ranks. `moment` is when a start ends before its end: `unmarked@4` is while the
checkpoint of step 4 lies there whole and has no mark yet. Rank 0 kills itself with SIGKILL there; the other rank is killed as soon as it
is gone, as its launcher does it.
"""

import errno
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from finetune.plan import Plan
from tests.finetune.world import Case, surroundings

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 240


RANKS = 2


@dataclass(frozen=True)
class Start:
    """One start of a plan, on a `kind` of launch of tests/finetune/world.py."""

    name: str
    plan: Plan
    kind: str = "one"
    moment: str = ""


@dataclass(frozen=True)
class End:
    """How a start ended: `killed`, `stopped`, `done`, or the sentence of its error; and what rank 0 said."""

    how: str
    said: str


def make(folder: Path, starts: Sequence[Start]) -> None:
    """Make the starts; `end` tells of each."""
    folder.mkdir(parents=True, exist_ok=True)
    told = [asdict(start) | {"plan": start.plan.model_dump()} for start in starts]
    (folder / "starts.json").write_text(json.dumps(told), encoding="utf-8")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "HF_HUB_OFFLINE": "1"}
    processes = []
    for number in range(RANKS):
        command = [sys.executable, "-m", "tests.finetune.runs.killing", str(folder), str(number)]
        with (folder / f"process-{number}.log").open("wb") as log:
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
    try:
        until = time.monotonic() + SECONDS
        while any(process.poll() is None for process in processes) and time.monotonic() < until:
            if any(process.poll() for process in processes):
                break  # the other would wait for it
            time.sleep(0.05)
        codes = [process.poll() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    said = "\n".join(path.read_text(encoding="utf-8")[-3000:] for path in sorted(folder.glob("*.log")))
    assert codes == [0] * RANKS, said


def end(folder: Path, name: str) -> End:
    """How a start that was made in this folder ended."""
    return End(
        (folder / f"{name}.end").read_text(encoding="utf-8"), (folder / f"{name}.log").read_text(encoding="utf-8")
    )


def kept(folder: Path, name: str) -> Path:
    """What `unmarked` keeps aside before it kills: checkpoint/ and plots/."""
    return folder / f"{name}.kept"


def main() -> None:
    """One of the two processes: a process for each start in which it has a part."""
    folder, number = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    # Imported here and not by each process: it takes longer than a start.
    import finetune.training.run  # noqa: F401

    gc.collect()
    gc.freeze()  # else each process looks through, and so copies, all that was imported

    lanes: dict[str, int] = {}
    for told in json.loads((folder / "starts.json").read_text(encoding="utf-8")):
        start = Start(told["name"], Plan.model_validate(told["plan"]), told["kind"], told["moment"])
        if start.kind != "one":
            _make(start, folder, number, RANKS)
        elif lanes.setdefault(start.plan.output, len(lanes) % RANKS) == number:
            _make(start, folder, 0, 1)


def _make(start: Start, folder: Path, rank: int, ranks: int) -> None:
    """Fork this rank's process and wait for its end; where rank 0's is killed, say so, and where the other hears it, end this one's."""
    ended = folder / f"{start.name}.end"
    child = os.fork()
    if child == 0:
        _be(start, folder, rank, ranks)
    while not (waited := os.waitpid(child, os.WNOHANG))[0]:
        if rank and ended.exists() and ended.read_text(encoding="utf-8") == "killed":
            os.kill(child, signal.SIGKILL)
        time.sleep(0.02)
    code = os.waitstatus_to_exitcode(waited[1])
    if code == -signal.SIGKILL and rank == 0:
        ended.write_text("killed", encoding="utf-8")
    # Where rank 0 is killed, the other is told so by its connection, if it is not killed before.
    assert code == 0 or (start.moment and (rank or code == -signal.SIGKILL)), f"{start.name} ended with {code}"


def _be(start: Start, folder: Path, rank: int, ranks: int) -> None:
    """The process of one rank of a start; never returns."""
    if ranks > 1:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1"}
        os.environ |= {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks)}
    if rank == 0:
        log = os.open(folder / f"{start.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
    try:
        _run(start, folder, rank, ranks)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _run(start: Start, folder: Path, rank: int, ranks: int) -> None:
    import torch.distributed as dist

    from finetune.runs.manifest import is_final_of
    from finetune.training import run
    from pipeline.errors import LimiError

    if ranks > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/{start.name}.store", rank=rank, world_size=ranks)
    os.chdir(folder)
    with surroundings(Case(start.name, start.plan, start.kind)):
        watching = _armed(start, folder, rank)
        train = run.train
        run.train = lambda plan: train(plan, watching)
        try:
            run.run(start.plan)
            how = "done" if is_final_of(start.plan) else "stopped"
        except (LimiError, OSError) as error:
            how = str(error)
            traceback.print_exc()
    if rank == 0:
        (folder / f"{start.name}.end").write_text(how, encoding="utf-8")
    if ranks > 1:
        dist.barrier()


def _die() -> None:
    """As a machine that is taken away: nothing is flushed, caught or told."""
    os.kill(os.getpid(), signal.SIGKILL)


def _armed(start: Start, folder: Path, rank: int) -> list[Any]:
    """Have the moment come; gives callbacks. SIGTERM and a part without room go to the last rank alone, everything else to rank 0."""
    from finetune.runs import checkpoints, final, keeping, stopping
    from finetune.training.trainer import Trainer

    moment, _, step = start.moment.partition("@")
    saved = f"checkpoint-{step}"
    if moment == "sigterm" and rank == start.plan.processes - 1:
        return [_in_step(int(step), lambda: os.kill(os.getpid(), signal.SIGTERM))]
    if moment == "full_disk_in_part" and rank == start.plan.processes - 1:
        _before(keeping, "write_parts", lambda path, *_: path.name == saved, _find_no_room)
    if rank:
        return []
    if moment == "stop_file":
        return [_in_step(int(step), lambda: stopping.ask_to_stop(Path(start.plan.output)))]
    if moment == "step":
        return [_in_step(int(step), _die)]
    if moment == "without_optimizer":
        _before(Trainer, "_save_optimizer_and_scheduler", lambda _, path: path.endswith(saved), _die)
    if moment == "without_state":
        _before(Trainer, "_save_rng_state", lambda _, path: path.endswith(saved), _die)
    if moment == "unmarked":
        _before(
            checkpoints, "write_json", lambda path, _: path.parent.name == saved, lambda: _keep_and_die(start, folder)
        )
    if moment == "full_disk":
        _before(checkpoints, "write_json", lambda path, _: path.parent.name == saved, _find_no_room)
    if moment == "lost_optimizer":
        (start.plan.checkpoints / saved / "optimizer.pt").unlink()
    if moment == "removing":
        _before(checkpoints.shutil, "rmtree", lambda path, **_: Path(path).name == saved, _die)
    if moment == "final":
        _before(final, "write_manifest", lambda *_: True, _die)
    if moment == "sigterm_in_final":
        _before(final, "write_manifest", lambda *_: True, lambda: os.kill(os.getpid(), signal.SIGTERM))
    if moment.startswith("fresh_adam"):
        Trainer._load_optimizer_and_scheduler = lambda self, path: None  # type: ignore[method-assign]
    if moment == "a_step_more":
        del Trainer._init_training_state
        final.check_steps = lambda trainer, plan: None
    if moment == "fresh_adam_unseen":
        keeping.check_read_back = lambda path, sums: None
    return []


def _find_no_room() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _keep_and_die(start: Start, folder: Path) -> None:
    saved = f"checkpoint-{start.moment.partition('@')[2]}"
    shutil.copytree(start.plan.checkpoints / saved, kept(folder, start.name) / "checkpoint")
    shutil.copytree(start.plan.plots, kept(folder, start.name) / "plots")
    _die()


def _in_step(step: int, do: Callable[[], None]) -> Any:
    """A callback that does something in the middle of a step."""
    from transformers import TrainerCallback

    class InStep(TrainerCallback):  # type: ignore[misc]
        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == step - 1:
                do()

    return InStep()


def _before(owner: Any, name: str, wanted: Callable[..., bool], do: Callable[[], None]) -> None:
    """Do something before a function runs with what is wanted; for good, as this process is for one start."""
    original = getattr(owner, name)

    def changed(*args: Any, **kwargs: Any) -> Any:
        if wanted(*args, **kwargs):
            do()
        return original(*args, **kwargs)

    setattr(owner, name, changed)


if __name__ == "__main__":
    main()
