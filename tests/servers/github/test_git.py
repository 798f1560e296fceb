"""The git side, held against git itself."""

import gzip
import hashlib
from pathlib import Path

import pytest
import requests

from tests.servers.github.asking import git
from tests.servers.github.server import TOKEN, GitHubServer
from tests.servers.github.world import DemoWorld


def test_git_fetches_exactly_the_merge_commits_without_blobs(
    server: GitHubServer, world: DemoWorld, tmp_path: Path
) -> None:
    facts = world.repositories()[0]
    wanted = [str(pull.merge_commit) for pull in world.pulls(facts, ["MERGED"])]
    folder = world.folder / f"{facts.full_name}.git"
    before = hashlib.sha256((folder / "config").read_bytes()).hexdigest()
    git("init", "--quiet", "--bare", ".", cwd=tmp_path)
    git("remote", "add", "origin", f"{server.git_url}/{facts.full_name}.git", cwd=tmp_path)
    git(
        "fetch", "--quiet", "--depth=2", "--filter=blob:none", "--stdin", "origin",
        cwd=tmp_path, stdin="\n".join(wanted),
    )  # fmt: skip
    objects = git("cat-file", "--batch-all-objects", "--batch-check", cwd=tmp_path)
    assert "blob" not in objects
    assert all(f"{commit} commit" in objects for commit in wanted)
    raw = git(
        "diff-tree", "-r", "--no-renames", f"{wanted[0]}^1", wanted[0], cwd=tmp_path, GIT_NO_LAZY_FETCH="1"
    ).split("\n")
    blobs = {name for line in raw if line for name in line.split()[2:4] if set(name) != {"0"}}
    git("fetch", "--quiet", "--no-filter", "--stdin", "origin", cwd=tmp_path, stdin="\n".join(blobs))
    there = git("diff", f"{wanted[0]}^1", wanted[0], cwd=tmp_path, GIT_NO_LAZY_FETCH="1")
    assert there == git("diff", f"{wanted[0]}^1", wanted[0], cwd=folder)
    assert hashlib.sha256((folder / "config").read_bytes()).hexdigest() == before
    records = server.log.of("git")
    assert {record.method for record in records} == {"GET", "POST"}
    assert all(record.status == 200 and record.sent > 0 for record in records)


def test_a_git_request_may_come_in_chunks_and_compressed(server: GitHubServer, world: DemoWorld) -> None:
    facts = world.repositories()[0]
    body = gzip.compress(b"0014command=ls-refs\n00010018ref-prefix refs/pull0000")
    headers = {
        "Git-Protocol": "version=2",
        "Content-Type": "application/x-git-upload-pack-request",
        "Content-Encoding": "gzip",
    }
    with requests.Session() as session:
        for _ in range(2):  # the second one over the same connection: nothing of the first may be left in it
            pieces = (body[at : at + 7] for at in range(0, len(body), 7))
            answer = session.post(
                f"{server.git_url}/{facts.full_name}.git/git-upload-pack", data=pieces, headers=headers, timeout=30
            )
            assert answer.content.count(b"/head") == len(world.pulls(facts, None))


def test_git_asks_a_stranger_who_he_is_where_there_is_no_repository(server: GitHubServer, tmp_path: Path) -> None:
    address = f"{server.git_url}/no/body.git/info/refs?service=git-upload-pack"
    assert requests.get(address, timeout=30).status_code == 401
    assert requests.get(address, auth=("x-access-token", TOKEN), timeout=30).status_code == 404
    assert requests.get(address, auth=("x-access-token", "wrong"), timeout=30).status_code == 401
    with pytest.raises(AssertionError, match="could not read Username"):
        git("clone", f"{server.git_url}/no/body.git", cwd=tmp_path)
