"""The whole way of the demo world, run as DVC runs it: what comes out, what a change reruns, what a kill leaves."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline.ledger import read_fates, reconcile
from tests.alone import alone, can_be_alone
from tests.conftest import PRODUCTS, ROOT, STAGES, DvcProject, Project


@pytest.fixture(scope="module")
def finished(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> DvcProject:
    """A fresh clone after its first `dvc repro`, in which every stage has run. Tests must leave it as they found it."""
    return DvcProject.copy_of(demo_run, tmp_path_factory.mktemp("finished") / "project")


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


def test_the_dataset_has_the_pool_and_a_licence_read_at_the_base_commit_where_there_is_one(
    finished: DvcProject,
) -> None:
    rows = pl.read_parquet(finished.folder / "curated/dataset/pool/pool.parquet")
    assert rows.height == 78 and rows["licence"].null_count() == 0
    with_file = {
        yaml.safe_load((path.parent.parent / "repository.yaml").read_text(encoding="utf-8"))["full_name"]
        for path in (finished.folder / "demo/world").glob("*/base/LICENSE")
    }
    told = rows.filter(pl.col("origin") == "github_pr").select("source", "licence_as_of").rows()
    assert {source.split("#")[0] in with_file for source, _ in told} == {True, False}
    assert all((source.split("#")[0] in with_file) == (told == "base_commit") for source, told in told)


def test_the_ledger_adds_up_from_the_first_stage_to_the_last(finished: DvcProject) -> None:
    fates = read_fates(finished.folder / "data/ledger")
    reconcile(fates)
    listed = pl.read_parquet(finished.folder / "data/ledger.parquet")
    assert listed.height == fates["collect_prs"].height > 150
    assert listed.filter(pl.col("fate") == "kept").height == 18


def test_a_second_run_does_nothing_and_the_lock_stays_as_committed(finished: DvcProject) -> None:
    for _ in range(2):  # the first one finds a folder that has moved
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
        ("workers: 1", "workers: 2", []),
    ],
)
def test_a_changed_parameter_reruns_exactly_the_stages_below(
    demo_run: Path, tmp_path: Path, old: str, new: str, rerun: list[str] | None
) -> None:
    project = DvcProject.copy_of(demo_run, tmp_path / "project")
    if rerun is None:
        with pytest.raises(AssertionError):
            project.edit(old, new)
        return
    lock = (project.folder / "dvc.lock").read_bytes()
    project.edit(old, new)
    ran = project.repro()
    # A stage below runs only if what it reads has changed.
    assert ran[: len(rerun)] == rerun and ran == [stage for stage in STAGES if stage in ran]
    project.edit(new, old)
    project.repro()
    assert (project.folder / "dvc.lock").read_bytes() == lock


def test_a_clone_gives_the_bytes_that_another_folder_gave_without_a_network(finished: DvcProject) -> None:
    """The lock of the repository tells what came out where its stages ran last, on another day and with workers."""
    assert can_be_alone(), "the run had a network, as `unshare --map-root-user --net` does not work here"
    locked = yaml.safe_load((ROOT / "dvc.lock").read_text(encoding="utf-8"))["stages"].values()
    told = {out["path"]: out["md5"] for stage in locked for out in stage.get("outs", ())}
    for name in PRODUCTS:
        assert hashlib.md5((finished.folder / name).read_bytes()).hexdigest() == told[name]  # noqa: S324


def test_workers_give_the_bytes_that_none_gives_without_a_network(finished: DvcProject, tmp_path: Path) -> None:
    project = Project.copy_of(finished.folder, tmp_path / "another name")
    project.edit("workers: 1", "workers: 2")
    verdicts = project.folder / "data/verdicts"
    before = {path.name: path.read_bytes() for path in verdicts.iterdir()}
    shutil.rmtree(verdicts)
    done = project.run("stages.filter_prs", network=False)
    assert done.returncode == 0, done.stderr
    assert {path.name: path.read_bytes() for path in verdicts.iterdir()} == before


# Gives the loopback interface the address that tests/alone.py looks for, and goes on as the command it is given.
A_NETWORK = """
import fcntl, os, socket, struct, sys
with socket.socket(type=socket.SOCK_DGRAM) as a_socket:
    address = struct.pack("16sHH4s8x", b"lo", socket.AF_INET, 0, socket.inet_aton("192.0.2.1"))
    fcntl.ioctl(a_socket, 0x8916, address)  # SIOCSIFADDR
    fcntl.ioctl(a_socket, 0x8914, struct.pack("16sH14s", b"lo", 0x1 | 0x40, b""))  # SIOCSIFFLAGS
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.mark.parametrize(("before", "said"), [((), ""), (("-c", A_NETWORK), "there is a network here\n")])
def test_what_runs_without_a_network_refuses_to_run_with_one(before: tuple[str, ...], said: str) -> None:
    *unshare, python, script, option, program = alone("-c", "print('it ran')")
    command = [*unshare, python, *before, script, option, program]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("" if said else "it ran\n", said)
