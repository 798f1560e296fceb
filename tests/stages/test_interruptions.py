"""A kill at any moment, a full disk: a rerun ends with the same bytes, finished partitions are not done again."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import STAGES, DvcProject, Project


@pytest.fixture
def interrupted(demo_run: Path, tmp_path: Path) -> DvcProject:
    """A fresh clone in which every stage has run once."""
    return DvcProject.copy_of(demo_run, tmp_path / "project")


@pytest.fixture
def finished(demo_run: Path, tmp_path: Path) -> Project:
    """A project in which every stage has run once."""
    return Project.copy_of(demo_run, tmp_path / "project")


def start(project: Project, *command: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, so that its children can be killed with it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def process_of(group: int, stage: str) -> psutil.Process | None:
    """The stage's own process, not DVC's, in a process group, if it is alive."""
    return next(
        (
            process
            for process in psutil.process_iter(["cmdline"])
            if f"stages.{stage}" in (process.info["cmdline"] or ()) and os.getpgid(process.pid) == group
        ),
        None,
    )


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


# The partitioned stages and what they write, first the parts that tell what is done.
OUTPUTS = {
    "collect_prs": ["data/pulls"],
    "filter_prs": ["data/verdicts"],
    "describe_prs": ["data/facts", "data/fingerprints"],
}
# Parts of the time that a stage takes: while it loads and works; a partitioned one works longer than it loads.
MOMENTS = {stage: (0.2, 0.4, 0.6) if stage in OUTPUTS else (0.3, 0.6) for stage in STAGES}
MOST_TRIES = 12


def start_stage(project: DvcProject, stage: str, by_dvc: bool) -> subprocess.Popen[str]:
    """Start just this stage with all its work to do. DVC takes two seconds to come to it and then does nothing but wait for it."""
    if stage in OUTPUTS:
        shutil.rmtree(project.folder / OUTPUTS[stage][0], ignore_errors=True)
    if not by_dvc:
        return start(project, f"stages.{stage}")
    project.mend_lock()
    process = start(project, "dvc", "repro", "--single-item", "--force", stage)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"Running stage '{stage}'"):
            return process
    raise AssertionError(f"DVC did not run {stage}")


def seconds_of(project: DvcProject, stage: str) -> float:
    """How long the stage takes when nobody disturbs it."""
    began = time.monotonic()
    process = start_stage(project, stage, by_dvc=False)
    process.communicate()
    assert process.returncode == 0
    return time.monotonic() - began


@pytest.mark.parametrize("stage", STAGES)
def test_kills_in_a_stage_change_nothing(interrupted: DvcProject, stage: str) -> None:
    """One test for all moments on purpose: the stage is killed in the state that the kill before it left. The first time DVC runs it."""
    undisturbed, status = interrupted.digests(), interrupted.git("status", "--porcelain")
    interrupted.edit("workers: 1", "workers: 2")  # a kill takes them with it
    whole = seconds_of(interrupted, stage)
    hit = tries = 0
    while hit < len(MOMENTS[stage]) and tries < MOST_TRIES:
        tries += 1
        process = start_stage(interrupted, stage, by_dvc=hit == 0)
        time.sleep(whole * MOMENTS[stage][hit])
        # Only a working stage is killed: DVC's own files, which it does not write atomically, are at rest while it waits for one.
        if process_of(process.pid, stage):
            hit += 1
            kill(process)
        else:
            process.communicate()
            whole *= 0.7  # the machine was busier when the time was taken
        for unfinished in (interrupted.folder / "data").rglob("*.tmp"):
            assert unfinished.name.startswith("."), "a half-written file must not look like a whole one"
    assert hit >= 2, f"{stage} was hit by {hit} of {tries} kills; the others came too late to prove anything"
    interrupted.edit("workers: 2", "workers: 1")
    interrupted.stage(stage)  # DVC itself sees nothing to do where all was already written
    assert list((interrupted.folder / "data").rglob("*.tmp")) == []
    interrupted.repro()
    assert interrupted.digests() == undisturbed
    assert interrupted.git("status", "--porcelain") == status


@pytest.mark.parametrize("stage", OUTPUTS)
def test_finished_partitions_are_not_done_again(finished: Project, stage: str) -> None:
    parts = finished.folder / OUTPUTS[stage][0]
    done: dict[str, int] = {}
    for _ in range(MOST_TRIES):  # on a busy machine the stage may have ended before it is killed
        for name in OUTPUTS[stage]:
            shutil.rmtree(finished.folder / name, ignore_errors=True)
        process = start(finished, f"stages.{stage}")
        while process.poll() is None and len(list(parts.glob("*.parquet"))) < 3:
            time.sleep(0.001)
        if process.poll() is None:
            kill(process)
            done = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
            if 3 <= len(done) < 14:
                break
    assert 3 <= len(done) < 14, "the kills came too late to prove anything"
    finished.stage(stage)
    after = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    assert len(after) == 14
    assert {name: after[name] for name in done} == done


def test_a_changed_limit_does_every_partition_again(finished: Project) -> None:
    parts = finished.folder / "data/verdicts"
    before = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    finished.edit("max_tokens: 1200", "max_tokens: 1100")
    finished.stage("filter_prs")
    assert all(path.stat().st_mtime_ns != before[path.name] for path in parts.glob("*.parquet"))


def test_changed_code_does_its_partitions_again(finished: Project) -> None:
    parts = finished.folder / "data/facts"
    before = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    finished.edit('otherwise = "back-end"', 'otherwise = "front-end"', "pipeline/subdomains.toml")
    finished.stage("describe_prs")
    assert all(path.stat().st_mtime_ns != before[path.name] for path in parts.glob("*.parquet"))


FULL_DISK = """
set -e
mount -t tmpfs -o size=8m tmpfs "$1"
cp -r "$2"/data "$2"/curated "$1"/
dd if=/dev/zero of="$1"/filler bs=4k 2>/dev/null || true
cd "$2"
mount --bind "$1"/data data
mount --bind "$1"/curated curated
set +e
"$3" -m "stages.$4" 1>&2
echo "exit $?"
sha256sum $(find data curated -type f ! -name '.*' | sort)
find data curated -name '.*.tmp'
"""


@pytest.mark.parametrize("stage", ["filter_prs", "compare_prs", "sample_prs", "build_pool"])
def test_a_full_disk_is_a_sentence_and_leaves_every_file_whole(finished: Project, tmp_path: Path, stage: str) -> None:
    files = sorted(
        path.relative_to(finished.folder).as_posix()
        for name in ("data", "curated")
        for path in (finished.folder / name).rglob("*")
        if path.is_file()
    )
    before = "".join(f"{hashlib.sha256((finished.folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    finished.edit("seed: 20250917", "seed: 7")
    finished.edit("max_tokens: 1200", "max_tokens: 1150")
    (tmp_path / "small").mkdir()
    done = subprocess.run(
        [
            "unshare",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            FULL_DISK,
            "sh",
            str(tmp_path / "small"),
            str(finished.folder),
            sys.executable,
            stage,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    code, _, after = done.stdout.partition("\n")
    assert code == "exit 2", done.stderr
    assert "could not be written" in done.stderr and "Traceback" not in done.stderr
    assert sorted(after.splitlines()) == sorted(before.splitlines())
