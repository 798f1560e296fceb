"""`limi publish` on a fresh clone after its run: previewed, refused with reasons, sent once, and named by commit and lock."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.conftest import DvcProject
from tests.servers.hub import TOKEN, HubServer

NAME = "amara/queries"


@pytest.fixture(scope="module")
def clone(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> DvcProject:
    return DvcProject.copy_of(demo_run, tmp_path_factory.mktemp("publish") / "project")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as hub:
        yield hub


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    number = os.open(folder, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def publish(
    clone: DvcProject, server: HubServer, *arguments: str, token: str = TOKEN
) -> subprocess.CompletedProcess[str]:
    done = clone.run(
        *("limi", "publish", NAME, "--tag", "v1.0", *arguments),
        **{
            "HF_TOKEN": token,
            "HF_ENDPOINT": server.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(clone.folder / ".limi/hf"),
        },
    )
    assert "Traceback" not in done.stderr and (not token or token not in done.stdout + done.stderr)
    return done


def test_a_demo_is_refused_unless_asked_for_and_a_preview_sends_nothing(clone: DvcProject, server: HubServer) -> None:
    done = publish(clone, server, "--send")
    assert done.returncode == 2 and "refused: " in done.stdout and "demo" in done.stdout
    done = publish(clone, server, "--allow-demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "would be made" in done.stdout and "nothing was sent; --send sends it" in done.stdout
    assert all(record.method in ("GET", "HEAD") for record in server.log)


def test_what_was_sent_names_its_commit_and_is_not_sent_again(clone: DvcProject, server: HubServer) -> None:
    done = publish(clone, server, "--allow-demo", "--send")
    assert done.returncode == 0, done.stdout + done.stderr
    state = server.dataset(NAME)
    assert state.tags == {"v1.0": state.head} and state.private
    files = state.commit(state.head).entries
    manifest = json.loads(state.blob(files["manifest.json"].oid))
    lock = (clone.folder / "dvc.lock").read_bytes()
    assert manifest["commit"] == clone.git("rev-parse", "HEAD").strip()
    assert manifest["lock_sha256"] == hashlib.sha256(lock).hexdigest()
    assert manifest["commit"] in state.blob(files["README.md"].oid).decode()
    made = json.loads((clone.folder / "curated/dataset/manifest.json").read_bytes())["files"]
    rows = [name for name in made if name.endswith((".parquet", ".jsonl"))]
    assert len(rows) == 6 and all(manifest["files"][name] == made[name] for name in rows)
    server.log.clear()
    again = publish(clone, server, "--allow-demo", "--send")
    assert again.returncode == 0 and "nothing to do" in again.stdout
    assert all(record.method in ("GET", "HEAD") for record in server.log)


def test_what_is_not_committed_or_stale_is_refused(clone: DvcProject, server: HubServer) -> None:
    clone.edit("origin_note: demo world", "origin_note: another world")
    try:
        done = publish(clone, server, "--allow-demo", "--send")
        assert done.returncode == 2
        assert "refused: not all is committed (params.yaml)" in done.stdout
        assert "refused: the pipeline is stale at build_dataset, build_pool" in done.stdout
        assert not [record for record in server.log if record.method == "POST"]
    finally:
        clone.git("checkout", "--", "params.yaml")


def test_what_git_is_told_to_hide_is_not_committed_all_the_same(clone: DvcProject, server: HubServer) -> None:
    clone.git("config", "status.showUntrackedFiles", "no")
    (clone.folder / "left.txt").write_text("x")
    try:
        assert "not all is committed (left.txt)" in publish(clone, server, "--allow-demo").stdout
    finally:
        (clone.folder / "left.txt").unlink()


def test_an_input_that_git_does_not_hold_is_refused(clone: DvcProject, server: HubServer, tmp_path: Path) -> None:
    project = DvcProject.copy_of(clone.folder, tmp_path / "project")
    project.git("rm", "--quiet", "--cached", "demo/real_world.jsonl")
    with (project.folder / ".gitignore").open("a") as file:
        file.write("/demo/real_world.jsonl\n")
    project.git("commit", "--quiet", "--all", "--message", "forget it")
    done = publish(project, server, "--allow-demo")
    assert done.returncode == 2
    assert "refused: git does not hold what the pipeline reads (demo/real_world.jsonl); commit it" in done.stdout


def test_what_only_a_training_read_does_not_concern_the_dataset(
    clone: DvcProject, server: HubServer, tmp_path: Path
) -> None:
    project = DvcProject.copy_of(clone.folder, tmp_path / "project")
    path = project.folder / "dvc.lock"
    lock = yaml.safe_load(path.read_bytes())
    own_rows = {"path": "elsewhere.parquet", "hash": "md5", "md5": "0" * 32, "size": 1}
    lock["stages"]["train"] = {"cmd": "python -m stages.train", "deps": [own_rows]}
    path.write_text(yaml.safe_dump(lock), encoding="utf-8")
    project.git("commit", "--quiet", "--all", "--message", "trained on other rows")
    done = publish(project, server, "--allow-demo")
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_at_once_are_kept_apart(clone: DvcProject, server: HubServer) -> None:
    folder = clone.folder / ".limi/publish"
    folder.mkdir(parents=True, exist_ok=True)
    with opened(folder) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = publish(clone, server, "--allow-demo")
    assert done.returncode == 2 and "another `limi publish` is at work here" in done.stderr
    shutil.rmtree(folder)
    folder.write_text("")
    done = publish(clone, server, "--allow-demo")
    assert done.returncode == 2 and ".limi/publish is no folder" in done.stderr
    folder.unlink()


def test_rows_that_are_not_the_stages_are_refused(clone: DvcProject, server: HubServer) -> None:
    path = clone.folder / "curated/dataset/manifest.json"
    before = path.read_bytes()
    changed = json.loads(before)
    changed["files"]["pool/pool.jsonl"]["sha256"] = "0" * 64
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        done = publish(clone, server, "--allow-demo")
        assert done.returncode == 2 and "pool/pool.jsonl made now is not the one in curated/dataset" in done.stderr
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize(("token", "said"), [("", "HF_TOKEN is not set"), ("hf_wrong", "token")])
def test_no_key_or_a_wrong_one_is_a_sentence(clone: DvcProject, server: HubServer, token: str, said: str) -> None:
    done = publish(clone, server, "--allow-demo", "--send", token=token)
    assert done.returncode == 2 and said in done.stderr
    assert not [record for record in server.log if record.method == "POST" and record.status < 400]


def test_outside_of_a_clone_nothing_is_published(clone: DvcProject, server: HubServer, tmp_path: Path) -> None:
    bare = DvcProject.copy_of(clone.folder, tmp_path / "bare")
    (bare.folder / ".git").rename(tmp_path / "git")
    done = publish(bare, server, "--allow-demo")
    assert done.returncode == 2 and "git cannot tell what is committed here" in done.stderr
