import os
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import UserError
from tests.conftest import Repository
from trajectories.collecting.workspace import copy_of, repository_at


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "upstream")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_files_are_those_of_the_commit_and_nothing_later_is_there(upstream: Repository, tmp_path: Path) -> None:
    earlier = upstream.commit("Earlier", {"old.txt": "secret of the past\n"})
    base = upstream.commit("Base", {"src/run.sh": "old\n", "old.txt": None})
    (upstream.path / "src/run.sh").chmod(0o755)
    base = upstream.commit("Make it run", {})
    solution = upstream.commit("The solution", {"src/run.sh": "new\n"})
    upstream.git("tag", "v1", solution)
    folder = tmp_path / "workspace"
    assert repository_at(upstream.path, base, folder) == []
    assert (folder / "src/run.sh").read_text() == "old\n"
    assert os.access(folder / "src/run.sh", os.X_OK)
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "log", "--all", "--format=%an: %s") == "limi-curation: The repository as the work begins\n"
    assert git(folder, "remote") + git(folder, "tag") == ""
    # Not even an object without a ref.
    held = git(folder, "cat-file", "--batch-check=%(objectname)", "--batch-all-objects").split()
    assert {earlier, base, solution}.isdisjoint(held)
    contents = [git(folder, "cat-file", "-p", one) for one in held]
    assert not [text for text in contents if "new" in text or "secret of the past" in text]


def test_hooks_filters_and_submodules_of_the_clone_do_not_run(upstream: Repository, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    upstream.commit("Attributes", {".gitattributes": "*.txt filter=evil\n*.c ident\n", "a.txt": "as it is\n"})
    upstream.git("config", "filter.evil.smudge", f"touch {ran}; cat")
    upstream.git("config", "core.fsmonitor", f"touch {ran}")
    hook = upstream.path / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    upstream.git("update-index", "--add", "--cacheinfo", f"160000,{'a' * 40},module")
    upstream.git("commit", "--quiet", "--message", "A submodule")
    base = upstream.git("rev-parse", "HEAD")
    ran.unlink(missing_ok=True)  # of the commands above
    folder = tmp_path / "workspace"
    repository_at(upstream.path, base, folder)
    assert (folder / "a.txt").read_text() == "as it is\n"
    assert list((folder / "module").iterdir()) == []
    assert not ran.exists()
    assert not (folder / ".git/hooks").exists()


def test_links_that_lead_out_are_left_out_and_told(upstream: Repository, tmp_path: Path) -> None:
    links = {
        "deep/here": "..",
        "fine": "deep/file",
        "etc": "/etc",
        "up": "../outside",
        "by-way": "deep/here/../../outside",  # inside as it is written, outside as it is followed
        "nowhere": "missing",
    }
    (upstream.path / "deep").mkdir()
    (upstream.path / "deep/file").write_text("file")
    for name, target in links.items():
        (upstream.path / name).symlink_to(target)
    base = upstream.commit("Links", {})
    folder = tmp_path / "workspace"
    assert repository_at(upstream.path, base, folder) == ["by-way", "etc", "up"]
    assert (folder / "fine").read_text() == "file"
    assert not (folder / "etc").is_symlink()
    assert (folder / "nowhere").is_symlink()


@pytest.mark.parametrize("name", ["../escaped", ".git/config", ".GIT/hooks/x", "a/../../b", "git~1/config"])
def test_a_path_that_leaves_the_folder_or_enters_git_is_refused(
    upstream: Repository, tmp_path: Path, name: str
) -> None:
    blob = upstream.git("hash-object", "-w", "README.md")
    # Only a tree written by hand holds such a name: git itself refuses to make one.
    entries, tree = name.split("/")[::-1], ""
    kind = f"100644 {entries[0]}".encode() + b"\0" + bytes.fromhex(blob)
    for parent in [None, *entries[1:]]:
        content = kind if parent is None else f"40000 {parent}".encode() + b"\0" + bytes.fromhex(tree)
        written = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=upstream.path,
            input=content,
            capture_output=True,
            check=True,
        )
        tree = written.stdout.decode().strip()
    base = upstream.git("commit-tree", "-m", "evil", tree)
    with pytest.raises(UserError, match="git refuses to write the files"):
        repository_at(upstream.path, base, tmp_path / "inner/workspace")
    assert not (tmp_path / "inner/workspace").exists()
    assert not (tmp_path / "inner/escaped").exists()


def test_a_commit_that_the_clone_lacks_is_named(upstream: Repository, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"has not all of commit {'b' * 40}"):
        repository_at(upstream.path, "b" * 40, tmp_path / "workspace")


def test_a_clone_that_lacks_a_file_of_the_commit_is_refused(upstream: Repository, tmp_path: Path) -> None:
    base = upstream.commit("A file", {"lost.txt": "lost"})
    blob = upstream.git("rev-parse", f"{base}:lost.txt")
    (upstream.path / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    with pytest.raises(UserError, match="has not all of commit"):
        repository_at(upstream.path, base, tmp_path / "workspace")
    assert not (tmp_path / "workspace").exists()


def test_a_given_folder_is_copied_and_stays_as_it_is(tmp_path: Path) -> None:
    given = tmp_path / "given"
    (given / "sub").mkdir(parents=True)
    (given / "sub/file").write_text("mine")
    (given / "link").symlink_to("sub/file")
    copy_of(given, tmp_path / "workspace")
    (tmp_path / "workspace/sub/file").write_text("changed")
    assert (given / "sub/file").read_text() == "mine"
    assert (tmp_path / "workspace/link").is_symlink()


def test_a_given_folder_with_a_pipe_or_around_the_session_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    os.mkfifo(given / "pipe")
    with pytest.raises(UserError, match="pipe is neither a file nor a folder nor a link"):
        copy_of(given, tmp_path / "workspace")
    with pytest.raises(UserError, match="holds the folder of the session itself"):
        copy_of(given, given / "work/workspace")
    with pytest.raises(UserError, match="is no folder"):
        copy_of(given / "pipe", tmp_path / "workspace")
    copy_of(None, tmp_path / "workspace")
    assert list((tmp_path / "workspace").iterdir()) == []
