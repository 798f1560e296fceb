"""The whole way of the demo world, run as DVC runs it: what comes out, what a change reruns, what a kill leaves."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline.ledger import read_fates, reconcile
from tests.conftest import ROOT, Project

STAGES = list(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
PRODUCTS = ("curated/pool.jsonl", "curated/candidates.jsonl", "data/ledger.parquet")


class DvcProject(Project):
    """A project with git and DVC, as a fresh clone is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("dvc.yaml", "dvc.lock", ".gitignore", ".dvcignore", ".gitattributes"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache", "config.local"))
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "as cloned")

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def mend_lock(self) -> None:
        """What `limi doctor` says to do after a kill that hit DVC in the middle of writing its own lock."""
        lock = self.folder / ".dvc/tmp/rwlock"
        if lock.exists() and not lock.read_bytes():
            lock.unlink()

    def dvc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.mend_lock()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return self.run("dvc", *arguments, PATH=path)

    def repro(self, *arguments: str) -> list[str]:
        """Run `dvc repro` and return the stages it ran."""
        done = self.dvc("repro", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return [line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")]

    def digests(self) -> dict[str, str]:
        return {name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in PRODUCTS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DvcProject]:
    """A fresh clone after its first `dvc repro`. Tests must leave it as they found it."""
    project = DvcProject(tmp_path_factory.mktemp("finished") / "project")
    assert project.repro() == STAGES
    yield project


def test_the_pool_has_78_rows(finished: DvcProject) -> None:
    rows = [
        json.loads(line) for line in (finished.folder / "curated/pool.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    origins = [row["origin"] for row in rows]
    assert (len(rows), origins.count("real_world"), origins.count("github_pr")) == (78, 60, 18)
    assert len({row["id"] for row in rows}) == 78
    assert all("demo" in row["origin_note"] for row in rows)


def test_every_pull_request_row_says_where_it_comes_from_and_why(finished: DvcProject) -> None:
    rows = [
        json.loads(line) for line in (finished.folder / "curated/pool.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for row in (row for row in rows if row["origin"] == "github_pr"):
        assert row["reason"] and row["licence"]
        assert row["source"] == f"{row['pull_request']['repo']}#{row['pull_request']['number']}"
        assert len(row["review"]["annotators"]) == 2
        assert row["pull_request"]["tokens"] < 1200


def test_the_ledger_adds_up_from_the_first_stage_to_the_last(finished: DvcProject) -> None:
    fates = read_fates(finished.folder / "data/ledger")
    reconcile(fates)
    listed = pl.read_parquet(finished.folder / "data/ledger.parquet")
    assert listed.height == fates["collect_prs"].height > 150
    assert listed.filter(pl.col("fate") == "kept").height == 18


def test_a_second_run_does_nothing_and_the_lock_stays_as_committed(finished: DvcProject) -> None:
    assert finished.repro() == []
    assert finished.git("status", "--porcelain") == ""


def test_outputs_are_ignored_by_git_without_entries_of_dvc(finished: DvcProject) -> None:
    assert (finished.folder / ".gitignore").read_text() == (ROOT / ".gitignore").read_text()


@pytest.mark.parametrize(
    ("old", "new", "rerun"),
    [
        ("realism: 4", "realism: 3", None),
        ("repositories: 100", "repositories: 99", ["select_repos"]),
        ("count_up_to: 4800", "count_up_to: 4700", ["filter_prs", "describe_prs"]),
        ("overlap: 2", "overlap: 1", ["merge_reviews"]),
        ("origin_note: demo world,", "origin_note: another demo world,", ["build_pool"]),
        ("workers: 0", "workers: 1", []),
    ],
)
def test_a_changed_parameter_reruns_exactly_the_stages_below(
    finished: DvcProject, old: str, new: str, rerun: list[str] | None
) -> None:
    if rerun is None:
        with pytest.raises(AssertionError):
            finished.edit(old, new)
        return
    lock = (finished.folder / "dvc.lock").read_bytes()
    finished.edit(old, new)
    try:
        assert finished.repro("--dry")[: len(rerun)] == rerun
        ran = finished.repro()
        # A stage below runs only if what it reads has changed.
        assert ran[: len(rerun)] == rerun and ran == [stage for stage in STAGES if stage in ran]
    finally:
        finished.edit(new, old)
        finished.repro()
    assert (finished.folder / "dvc.lock").read_bytes() == lock


def test_two_clones_in_different_folders_give_the_same_bytes(finished: DvcProject, tmp_path: Path) -> None:
    other = DvcProject(tmp_path / "elsewhere" / "another name")
    other.edit("workers: 0", "workers: 1")
    other.repro()
    assert other.digests() == finished.digests()


# Brings the loopback interface up (Dask's workers talk over it) and goes on as the command it is given.
ALONE = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError:
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
sys.exit("there is a network here")
"""


def test_the_run_needs_no_network(finished: DvcProject, tmp_path: Path) -> None:
    project = DvcProject(tmp_path / "alone")
    (tmp_path / "alone.py").write_text(ALONE, encoding="utf-8")
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", sys.executable, str(tmp_path / "alone.py"), "-m", "dvc", "repro"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.digests() == finished.digests()
