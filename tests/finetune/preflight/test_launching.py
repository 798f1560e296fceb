"""The launcher starts what the plan says, stops all ranks together, and leaves none behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from finetune.launch.launches import read_launch
from finetune.launch.launching import Node, command, environment, run, threads
from finetune.plan import Plan, write_plan
from finetune.runs.checkpoints import newest_complete
from finetune.runs.stopping import STOPPED
from pipeline.errors import UserError
from tests.conftest import ROOT
from tests.finetune.made import plan, train

PATIENCE = 120  # seconds until something must have happened


def words(launch: str, node: Node | None = None) -> list[str]:
    made = read_launch(launch)
    return command(Path("model/plan.json"), small_plan(Path("unused"), launch), made, node)


def small_plan(folder: Path, launch: str = "cpu", steps: int = 2_000) -> Plan:
    """A plan of so many steps that it ends only when it is told to."""
    section = train(hardware={"launch": launch}, schedule={"global_batch": 8, "save_steps": 5})
    return Plan(
        train=section,
        seed=3,
        prepared="none",
        prepared_sha256="",
        rows=1,
        tokens=1,
        loss_tokens=1,
        steps=steps,
        processes=read_launch(launch).processes,
        context_parallel=read_launch(launch).context_parallel,
        output=str(folder),
        plots=str(folder),
        metrics=str(folder / "x"),
    )


def test_accelerate_is_told_configuration_precision_and_plan() -> None:
    said = words("eight-gpus")
    assert said[said.index("--config_file") + 1].endswith("finetune/launch/eight-gpus.yaml")
    assert said[said.index("--mixed_precision") + 1] == "no"
    assert said[said.index("--main_process_port") + 1] == "0"  # two trainings on one machine do not meet
    assert said[-3:] == ["-m", "finetune.training", "model/plan.json"]


def test_each_of_several_nodes_is_told_which_it_is() -> None:
    said = words("two-nodes", Node(1, "node-0", 29_501))
    places = ("--machine_rank", "--main_process_ip", "--main_process_port")
    assert [said[said.index(name) + 1] for name in places] == ["1", "node-0", "29501"]
    with pytest.raises(UserError, match=r"two-nodes\.yaml is for 2 nodes.*slurm\.sh"):
        words("two-nodes")


def test_the_users_environment_does_not_decide_what_the_configuration_decides() -> None:
    steering = {
        "ACCELERATE_USE_FSDP": "true",
        "FSDP_VERSION": "1",
        "PARALLELISM_CONFIG_CP_SIZE": "2",
        "WORLD_SIZE": "4",
    }
    found = environment({"HOME": "/home/a", "HF_HOME": "/data", **steering})
    assert found["HOME"] == "/home/a" and found["HF_HOME"] == "/data" and not steering.keys() & found.keys()


def test_ranks_share_the_cores_unless_the_user_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads(read_launch("cpu")) == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(os, "cpu_count", lambda: 96)
    assert (threads(read_launch("cpu")), threads(read_launch("two-nodes"))) == (96, 12)


def test_a_plan_that_was_made_for_another_launch_is_refused(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", small_plan(tmp_path).model_copy(update={"processes": 8}))
    with pytest.raises(UserError, match=r"was made for 8 as processes.*asks for 1; make the plan anew"):
        run(tmp_path / "plan.json")


class Running:
    """A training under the launcher, as `limi train` and the stage start it."""

    def __init__(self, folder: Path) -> None:
        self.plan = plan(folder, small_plan(folder).train, steps=2_000)
        write_plan(folder / "plan.json", self.plan)
        self.path, self.said = folder / "plan.json", folder / "said.txt"

    def start(self) -> subprocess.Popen[bytes]:
        """Start it and wait until it takes steps that it had not taken."""
        before = self.steps()
        # A file and no pipe, which a rank that outlives the launcher would keep open.
        with self.said.open("w", encoding="utf-8") as said:
            started = subprocess.Popen(
                [sys.executable, "-m", "finetune.launch.launching", str(self.path)],
                cwd=ROOT,
                stderr=said,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        until(lambda: self.steps() > before or started.poll() is not None)
        assert started.poll() is None, self.said.read_text(encoding="utf-8")
        return started

    def steps(self) -> int:
        """Steps that were written down."""
        path = Path(self.plan.plots) / "metrics/loss.tsv"
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def processes(self) -> list[psutil.Process]:
        """Every process of it, the launcher included."""
        return [
            one
            for one in psutil.process_iter(["cmdline"])
            if str(self.path) in (one.info["cmdline"] or ()) and one.status() != psutil.STATUS_ZOMBIE
        ]


def until(done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    (tmp_path / "run").mkdir()
    made = Running(tmp_path / "run")
    yield made
    for one in made.processes():
        one.kill()


def test_no_rank_outlives_a_killed_launcher_and_a_request_to_stop_leaves_a_checkpoint(running: Running) -> None:
    started = running.start()
    assert len(running.processes()) == 3  # launcher, accelerate, rank
    started.kill()
    started.wait()
    until(lambda: not running.processes())

    started = running.start()
    started.send_signal(signal.SIGTERM)
    code, said = started.wait(timeout=PATIENCE), running.said.read_text(encoding="utf-8")
    assert code == STOPPED, said
    assert "stopped by SIGTERM" in said and "the same command goes on from it" in said and "Traceback" not in said
    assert not running.processes() and not running.plan.final.exists()
    checkpoint = newest_complete(running.plan.checkpoints, running.plan)
    assert checkpoint is not None and checkpoint.name == f"checkpoint-{running.steps() - 1}"  # the header is a line
