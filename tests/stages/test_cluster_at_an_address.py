"""Partitions on a real cluster at an address: the same bytes as on this machine alone, also when a worker is killed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import psutil
import pytest
from distributed import Client

from pipeline.table import part_name
from pipeline.tables import PULLS, REPOS
from tests.conftest import Project
from tests.stages.test_interruptions import OUTPUTS, start

STAGES = ("select_repos", "collect_prs", "filter_prs", "describe_prs", "compare_prs", "sample_prs")
PRODUCTS = (
    *("data/pulls", "data/verdicts", "data/facts", "data/fingerprints"),
    *("data/repeats.parquet", "data/ledger", "data/sampled.parquet"),
)
PARTS = 14  # repositories of the demo world
ENLARGED = 20  # times the demo's pull requests, so that a partition takes long enough to be hit
MOST_TRIES = 8
Answer = TypeVar("Answer")
PATIENCE = 30  # seconds until a process of Dask must have answered


class DaskCluster:
    """A scheduler and workers without nannies, each a process of its own that was started in the project's folder."""

    def __init__(self, folder: Path, processes: ExitStack) -> None:
        self.folder = folder
        self.processes = processes
        told = folder / ".limi/scheduler.json"
        told.parent.mkdir(exist_ok=True)
        # Should this process be killed itself, the idle scheduler ends, and its workers with it.
        self._start("scheduler", "--port", "0", "--idle-timeout", "2 minutes", "--scheduler-file", str(told))
        self.address = json.loads(soon(lambda: whole_json(told)))["address"]
        self.client = processes.enter_context(Client(self.address, timeout=f"{PATIENCE}s"))  # type: ignore[no-untyped-call]
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def add_worker(self) -> None:
        """Start a worker and wait until the scheduler knows it."""
        known = self.threads().keys()
        threads = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--death-timeout", str(PATIENCE))
        worker = self._start("worker", self.address, *threads)
        (address,) = soon(lambda: self.threads().keys() - known)
        self.workers[address] = worker

    def threads(self) -> dict[str, int]:
        """The address of each worker that the scheduler knows, and its threads."""
        known: dict[str, int] = self.client.nthreads()
        return known

    def work_of(self, address: str) -> int:
        """How many partitions the scheduler has given to a worker and has not got back."""
        return len(self.client.processing().get(address, ()))

    def _start(self, role: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", role, "--host", "127.0.0.1", "--no-dashboard", *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.processes.callback(end, process)
        return process


def end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def whole_json(path: Path) -> str:
    """The text of a file that Dask writes, empty until the last brace is there."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text if text.endswith("}") else ""


def soon(ask: Callable[[], Answer]) -> Answer:
    """What `ask` says as soon as it says something."""
    until = time.monotonic() + PATIENCE
    while not (answer := ask()):
        assert time.monotonic() < until, "a process of Dask did not answer"
        time.sleep(0.02)
    return answer


@contextmanager
def cluster_for(project: Project) -> Iterator[DaskCluster]:
    """A cluster of two workers, whose address stands in the project's parameters. Its processes end with the block."""
    with ExitStack() as processes:
        cluster = DaskCluster(project.folder, processes)
        for _ in range(2):
            cluster.add_worker()
        project.edit("scheduler: local ", f"scheduler: {cluster.address} ")
        yield cluster


def digests(project: Project, *products: str) -> dict[str, str]:
    """The hash of every file, hidden ones included, of a project's products."""
    found = {}
    for name in products:
        top = project.folder / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            found[path.relative_to(project.folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def enlarge(project: Project) -> None:
    """Repeat the pull requests of every part under other numbers, so that each partition has more to do."""
    for repo in REPOS.read(project.folder / "data/repos.parquet", ["repo"])["repo"]:
        part = project.folder / "data/pulls" / part_name(repo)
        pulls = PULLS.read(part)
        times = [pulls.with_columns(number=pl.col("number") + 100_000 * at) for at in range(ENLARGED)]
        renamed = pl.concat(times).with_columns(pr_id=pl.format("{}#{}", "repo", "number"))
        PULLS.write(renamed, part, "enlarged")


@pytest.fixture(scope="module")
def local(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run on this machine alone, without what later stages wrote. Tests must leave it as they found it."""
    project = Project.copy_of(demo_run, tmp_path_factory.mktemp("local") / "project")
    for ledger in (project.folder / "data/ledger").iterdir():
        if ledger.stem not in STAGES:
            ledger.unlink()
    return project


@pytest.fixture(scope="module")
def enlarged(local: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A local run of the enlarged pull requests, as far as partitions go."""
    project = Project.copy_of(local.folder, tmp_path_factory.mktemp("enlarged") / "project")
    enlarge(project)
    for stage in ("filter_prs", "describe_prs"):
        project.stage(stage)
    return project


def test_a_cluster_at_an_address_gives_the_bytes_of_a_local_run(local: Project, project: Project) -> None:
    with cluster_for(project) as cluster:
        for stage in STAGES:
            project.stage(stage)
        assert not (project.folder / ".limi/dask").exists(), "the stages started workers of their own"
        assert list(cluster.threads().values()) == [1, 1]
    assert digests(project, *PRODUCTS) == digests(local, *PRODUCTS)


def kill_if(cluster: DaskCluster, condemned: Callable[[str, int], object]) -> bool:
    """Kill the first worker that `condemned(address, process id)` wants; whether there was one."""
    # Stopped workers can finish nothing while we look at what they do.
    for worker in cluster.workers.values():
        os.killpg(worker.pid, signal.SIGSTOP)
    time.sleep(0.05)  # what they said before has arrived by then
    victim = next((name for name, worker in cluster.workers.items() if condemned(name, worker.pid)), None)
    if victim is not None:
        end(cluster.workers.pop(victim))
    for worker in cluster.workers.values():
        os.killpg(worker.pid, signal.SIGCONT)
    return victim is not None


def run_with_a_kill(
    project: Project, stage: str, seen: str, cluster: DaskCluster, condemned: Callable[[str, int], object]
) -> subprocess.CompletedProcess[str]:
    """Run a stage with all its work to do, and kill a worker once a file like `seen` is there; again until a kill hit."""
    for _ in range(MOST_TRIES):
        for name in OUTPUTS[stage]:
            shutil.rmtree(project.folder / name)
        running = start(project, f"stages.{stage}")
        hit = False
        try:
            while running.poll() is None and not hit:
                if list((project.folder / OUTPUTS[stage][0]).glob(seen)):
                    hit = kill_if(cluster, condemned)
            said, _ = running.communicate(timeout=PATIENCE)
        finally:
            end(running)
        assert len(cluster.threads()) == len(cluster.workers), "a worker came back"
        if hit:
            return subprocess.CompletedProcess(running.args, running.returncode, said)
        assert running.returncode == 0, said
    raise AssertionError(f"none of {MOST_TRIES} runs of {stage} could be hit")


@pytest.mark.parametrize("stage", OUTPUTS)
def test_a_worker_killed_among_its_partitions_changes_nothing(
    local: Project, enlarged: Project, tmp_path: Path, stage: str
) -> None:
    undisturbed = local if stage == "collect_prs" else enlarged
    project = Project.copy_of(undisturbed.folder, tmp_path / "project")
    with cluster_for(project) as cluster:
        done = run_with_a_kill(project, stage, "*.parquet", cluster, lambda name, _: cluster.work_of(name))
        assert len(cluster.workers) == 1
    assert done.returncode == 0, done.stdout
    assert digests(project, *OUTPUTS[stage]) == digests(undisturbed, *OUTPUTS[stage])


def test_a_worker_killed_while_it_writes_leaves_no_half_written_file(enlarged: Project, tmp_path: Path) -> None:
    project = Project.copy_of(enlarged.folder, tmp_path / "project")
    verdicts = project.folder / "data/verdicts"

    def writes(_: str, process: int) -> bool:
        return any(verdicts == Path(file.path).parent for file in psutil.Process(process).open_files())

    with cluster_for(project) as cluster:
        done = run_with_a_kill(project, "filter_prs", ".*.tmp", cluster, writes)
    assert done.returncode == 0, done.stdout
    assert digests(project, "data/verdicts") == digests(enlarged, "data/verdicts")


# That this run fails shows that the kills hit partitions that were being worked on: others are forgiven without a word.
def test_a_cluster_that_forgives_no_lost_worker_ends_the_stage_with_a_sentence(
    enlarged: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    project = Project.copy_of(enlarged.folder, tmp_path / "project")
    with cluster_for(project) as cluster:
        done = run_with_a_kill(project, "filter_prs", "*.parquet", cluster, lambda name, _: cluster.work_of(name))
    assert done.returncode == 1
    assert "a worker was killed again and again" in done.stdout and "Traceback" not in done.stdout
    assert len(list((project.folder / "data/verdicts").glob("*.parquet"))) < PARTS
