"""The launcher starts what the plan says, stops all ranks together, and leaves none behind."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from finetune.launch import launching
from finetune.launch.launches import read_launch
from finetune.launch.launching import Node, Stopped, alone, command, environment, run, threads
from finetune.plan import Plan, write_plan
from finetune.runs.checkpoints import choose
from finetune.runs.stopping import STOPPED
from pipeline.errors import LimiError, UserError
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
        base_weights="",
        file_sha256="",
        file_rows=1,
        dropped=0,
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


@pytest.mark.parametrize(
    ("launch", "node", "sentence"),
    [
        (
            "eight-gpus",
            Node(1, "node-0"),
            r"eight-gpus\.yaml is for one node, and each of several would train by itself",
        ),
        ("four-nodes", Node(5, "node-0"), "this is node 5, and .* 4 nodes, which are numbered 0 to 3"),
        ("two-nodes", Node(-1, "node-0"), "this is node -1"),
        ("four-nodes", Node(0, "node-0", machines=2), "for 4 nodes and there are 2; under SLURM: sbatch --nodes=4"),
    ],
)
def test_a_node_that_accelerate_would_take_for_another_is_refused(launch: str, node: Node, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        words(launch, node)


def test_the_users_environment_does_not_decide_what_the_configuration_decides() -> None:
    steering = {
        "ACCELERATE_USE_FSDP": "true",
        "FSDP_VERSION": "1",
        "PARALLELISM_CONFIG_CP_SIZE": "2",
        "WORLD_SIZE": "4",
    }
    found = environment({"HOME": "/home/a", "HF_HOME": "/data", **steering}, read_launch("eight-gpus"))
    assert found["HOME"] == "/home/a" and found["HF_HOME"] == "/data" and not steering.keys() & found.keys()


@pytest.mark.parametrize(
    ("launch", "visible", "seen"),
    [
        ("one-gpu", None, "0"),
        ("one-gpu", "3,5", "3"),
        ("one-gpu", "GPU-8932f937", "GPU-8932f937"),
        ("one-gpu", "", ""),
        ("eight-gpus", None, None),
        ("eight-gpus", "0,1,2,3,4,5,6,7", "0,1,2,3,4,5,6,7"),
        ("cpu", None, None),
    ],
)
def test_one_rank_sees_one_gpu_of_those_that_the_user_lets_it_see(
    launch: str, visible: str | None, seen: str | None
) -> None:
    inherited = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert environment(inherited, read_launch(launch)).get("CUDA_VISIBLE_DEVICES") == seen


def test_ranks_share_the_cores_unless_the_user_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("3", " 3", "3,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        assert threads(read_launch("cpu")) == 3
    for said in ("many", "0", "-1", "2.5"):
        monkeypatch.setenv("OMP_NUM_THREADS", said)
        with pytest.raises(UserError, match=r"^OMP_NUM_THREADS is .* unset it"):
            threads(read_launch("cpu"))
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(os, "cpu_count", lambda: 192)  # the node's
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(96)))  # the task's
    assert (threads(read_launch("cpu")), threads(read_launch("two-nodes"))) == (96, 12)


def test_a_plan_that_was_made_for_another_launch_is_refused(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", small_plan(tmp_path).model_copy(update={"processes": 8}))
    with pytest.raises(UserError, match=r"was made for 8 as processes.*asks for 1; make the plan anew"):
        run(tmp_path / "plan.json")


def test_a_launcher_starts_nothing_where_another_training_is_at_work(tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", small_plan(tmp_path))
    with alone(tmp_path):
        for node in ([], ["--machine-rank", "0", "--address", "node-0"]):
            done = subprocess.run(
                [sys.executable, "-m", "finetune.launch.launching", str(tmp_path / "plan.json"), *node],
                cwd=ROOT, capture_output=True, text=True,
            )  # fmt: skip
            assert (done.returncode, "another training is at work in" in done.stderr) == (2, True), done.stderr


def test_a_disk_without_locks_is_told_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with alone(tmp_path):
        assert "knows no locks (Function not implemented)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lay", "sentence"),
    [
        (lambda output: output.write_text("a file"), "is no folder .*File exists"),
        (lambda output: output.symlink_to("not mounted"), r"no folder .* a link has to lead to a folder"),
        (lambda output: (output / "lock").mkdir(parents=True), "model/lock is no file .*Is a dir"),
    ],
    ids=["file", "link", "folder for a lock"],
)
def test_what_lies_where_the_folder_must_be_is_told(
    tmp_path: Path, lay: Callable[[Path], object], sentence: str
) -> None:
    lay(tmp_path / "model")
    with pytest.raises(UserError, match=sentence), alone(tmp_path / "model"):
        pass


def test_users_of_one_group_can_share_the_lock_and_are_told_where_they_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o002)
    try:
        with alone(tmp_path):
            assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o664
    finally:
        os.umask(before)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with (
        pytest.raises(UserError, match=r"lock cannot be opened to write \(Permission denied\).*chmod g\+w"),
        alone(tmp_path),
    ):
        pass


@pytest.mark.parametrize(
    ("rank", "raised", "sentence"),
    [
        ("{ask}", Stopped, "stopped by SIGTERM; .* newest complete checkpoint, if there is one yet"),
        ("{ask}; {ask}; time.sleep(60)", Stopped, "killed by a second SIGTERM"),
        ("", Stopped, "stopped by a request"),
        ("{ask}; sys.exit(1)", LimiError, "exit code 1 after SIGTERM, and did not save as it asks for"),
        ("sys.exit(1)", LimiError, "exit code 1; what they said"),
    ],
)
def test_only_ranks_that_saved_or_were_killed_were_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str, raised: type[LimiError], sentence: str
) -> None:
    write_plan(tmp_path / "plan.json", small_plan(tmp_path))
    ask = "os.kill(os.getppid(), signal.SIGTERM); time.sleep(0.2)"
    words = [sys.executable, "-c", "import os, signal, sys, time; time.sleep(0.5); " + rank.format(ask=ask)]
    monkeypatch.setattr(launching, "command", lambda *_: words)
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # were it sent before the launcher listens
    try:
        with pytest.raises(LimiError, match=sentence) as found:
            run(tmp_path / "plan.json")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert type(found.value) is raised


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
    checkpoint = choose(running.plan.checkpoints, running.plan).path
    assert checkpoint is not None and checkpoint.name == f"checkpoint-{running.steps() - 1}"  # the header is a line
