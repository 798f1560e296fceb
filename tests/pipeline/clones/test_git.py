"""A clone is read without trusting it: nothing of its own or of the user's settings is run or changes an answer."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.clones.git import EMPTY_TREE, GitError, git_dir_of, open_clone
from pipeline.errors import UserError
from tests.conftest import Repository


def written_below(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def bare_copy(repository: Repository, name: str = "bare.git") -> Path:
    path = repository.path.parent / name
    repository.git("clone", "--quiet", "--mirror", str(repository.path), str(path))
    return path


def canary(folder: Path) -> tuple[Path, Path]:
    """A script, and the file that is there only after somebody ran it."""
    script, touched = folder / "canary.sh", folder / "canary-was-run"
    script.write_text(f"#!/bin/sh\ntouch '{touched}'\nexit 1\n")
    script.chmod(0o755)
    return script, touched


def loose_object(repository: Repository, oid: str) -> Path:
    return repository.path / ".git/objects" / oid[:2] / oid[2:]


def read_everything(path: Path, tip: str) -> bytes:
    """Every way that the clone is read in, over one commit with one parent."""
    with open_clone(path) as clone:
        clone.refs("refs/pull")
        clone.resolve("HEAD")
        log = clone.read(["log", "-p", "--format=%H %B", tip])
        with clone.stream(["diff-tree", "--stdin", "-r", "-p"], f"{tip}\n".encode()) as output:
            return log + output.read()


# What a clone is


def test_a_bare_and_a_checked_out_repository_are_clones(repository: Repository) -> None:
    bare = bare_copy(repository)
    assert git_dir_of(repository.path) == repository.path / ".git"
    assert git_dir_of(bare) == bare


def test_a_folder_without_objects_is_no_clone(tmp_path: Path) -> None:
    (tmp_path / "refs").mkdir()
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    assert git_dir_of(tmp_path) is None


def test_a_folder_inside_a_clone_is_no_clone(repository: Repository) -> None:
    inside = repository.path / "docs"
    inside.mkdir()
    with pytest.raises(UserError, match="docs is not a git clone"), open_clone(inside):
        pass


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere does not exist"), open_clone(tmp_path / "nowhere"):
        pass


def test_a_file_in_the_place_of_a_clone_is_no_clone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="file is not a git clone"), open_clone(tmp_path / "file"):
        pass


@pytest.mark.parametrize("bare", [["--bare"], []])
def test_a_shallow_clone_is_refused_with_its_mend(repository: Repository, bare: list[str]) -> None:
    repository.commit("Second", {"a": "1"})
    shallow = repository.path.parent / "shallow"
    repository.git("clone", "--quiet", "--depth=1", *bare, f"file://{repository.path}", str(shallow))
    with pytest.raises(UserError, match=r"is shallow.*fetch --unshallow"), open_clone(shallow):
        pass
    subprocess.run(["git", "-C", str(shallow), "fetch", "--quiet", "--unshallow"], check=True)
    with open_clone(shallow) as clone:
        assert clone.resolve("HEAD") == repository.git("rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["a:b", "with space", "quote'\"", "tab\tand\nnewline", "naïve-日本", "-C", "%s$HOME*"])
def test_a_clone_may_lie_in_a_folder_of_any_name(make_repository: Callable[[str], Repository], name: str) -> None:
    repository = make_repository(name)
    with open_clone(repository.path) as clone:
        head = clone.resolve("HEAD")
        assert head == repository.git("rev-parse", "HEAD")
        assert clone.read(["log", "-1", "--format=%s", head]) == b"Initial commit\n"


def test_a_relative_path_works(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.path.parent)
    with open_clone(Path("repository")) as clone:
        assert clone.read(["cat-file", "-t", clone.resolve("HEAD")]) == b"commit\n"


def test_a_clone_that_borrows_from_another_is_read_whole(repository: Repository) -> None:
    head = repository.commit("Second", {"a": "1\n"})
    repository.git(
        "clone", "--quiet", "--shared", "--bare", str(repository.path), str(repository.path.parent / "s.git")
    )
    with open_clone(repository.path.parent / "s.git") as clone:
        assert b"+1\n" in clone.read(["log", "-p", head])


def test_a_packed_clone_is_read_like_a_loose_one(repository: Repository) -> None:
    head = repository.commit("Second", {"a": "1\n"})
    loose = read_everything(repository.path, head)
    repository.git("gc", "--quiet")
    assert not loose_object(repository, head).exists()
    assert read_everything(repository.path, head) == loose


# Refs and revisions


def test_refs_are_listed_by_pattern(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.pull_ref(7, first)
    with open_clone(repository.path) as clone:
        assert clone.refs("refs/pull") == {"refs/pull/7/head": first}
        assert clone.refs() == {"refs/heads/main": first, "refs/pull/7/head": first}


def test_packed_refs_are_listed_too(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.pull_ref(7, first)
    repository.git("pack-refs", "--all")
    with open_clone(repository.path) as clone:
        assert clone.refs("refs/pull") == {"refs/pull/7/head": first}


@pytest.mark.parametrize("content", [b"", b"not a hash\n", b"\0" * 41, b"0" * 40 + b"\n"])
def test_a_broken_ref_leaves_the_others(repository: Repository, content: bytes) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.pull_ref(7, first)
    repository.pull_ref(8, first)
    (repository.path / ".git/refs/pull/8/head").write_bytes(content)
    with open_clone(repository.path) as clone:
        assert clone.refs("refs/pull").get("refs/pull/7/head") == first


def test_a_branch_a_tag_and_a_commit_resolve_to_the_commit(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    repository.git("tag", "--annotate", "--message=one", "v1")
    with open_clone(repository.path) as clone:
        assert {clone.resolve(name) for name in ("HEAD", "main", "v1", head, head[:10])} == {head}


@pytest.mark.parametrize("revision", ["no-such-branch", "f" * 40, EMPTY_TREE, "--all", "--git-dir", "-h", "main..HEAD"])
def test_what_names_no_commit_does_not_resolve(repository: Repository, revision: str) -> None:
    with open_clone(repository.path) as clone, pytest.raises(GitError, match="git rev-parse over the clone"):
        clone.resolve(revision)


def test_a_clone_without_a_commit_resolves_nothing(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "empty.git")], check=True)
    with open_clone(tmp_path / "empty.git") as clone:
        assert clone.refs() == {}
        with pytest.raises(GitError):
            clone.resolve("HEAD")


# Objects


def test_each_object_that_is_there_is_told_by_its_kind(repository: Repository) -> None:
    repository.git("tag", "--annotate", "--message=one", "v1")
    commit, tree, blob, tag = (
        repository.git("rev-parse", name) for name in ("HEAD", "HEAD^{tree}", "HEAD:README.md", "refs/tags/v1")
    )
    with open_clone(repository.path) as clone:
        kinds = clone.kinds([tag, blob, tree, commit, commit, "d" * 40])
        assert kinds == {commit: "commit", tree: "tree", blob: "blob", tag: "tag"}


@pytest.mark.parametrize("name", ["", "HEAD", "a b", "d\nd", "d" * 39, "D" * 40, "--all", "\u0663" * 40])
def test_what_is_no_full_hash_is_no_object(repository: Repository, name: str) -> None:
    head = repository.git("rev-parse", "HEAD")
    with open_clone(repository.path) as clone:
        assert clone.kinds([name, head, head[:10]]) == {head: "commit"}
        assert clone.kinds([name]) == clone.kinds([]) == {}


# Errors of git


def test_a_failed_read_says_command_clone_and_gits_last_words(repository: Repository) -> None:
    missing = "d" * 40
    with open_clone(repository.path) as clone, pytest.raises(GitError) as caught:
        clone.read(["cat-file", "-p", missing])
    assert str(caught.value).startswith(f"git cat-file over the clone {repository.path} failed: fatal: ")
    assert missing in str(caught.value)


def test_a_stream_ends_with_the_error_after_what_git_had_said(repository: Repository) -> None:
    head = repository.commit("Second", {"a": "1\n"})
    repository.commit("Third", {"a": "2\n"})
    blob = repository.git("rev-parse", "HEAD:a")
    loose_object(repository, blob).unlink()
    pairs = f"{head}\n{repository.git('rev-parse', 'HEAD')}\n".encode()
    said = b""
    with open_clone(repository.path) as clone, pytest.raises(GitError, match=f"git diff-tree.*{blob}"):  # noqa: SIM117
        with clone.stream(["diff-tree", "--stdin", "-p"], pairs) as output:
            said = output.read()
    assert said.startswith(f"{head}\n".encode())


def test_a_stream_that_goes_well_raises_nothing(repository: Repository) -> None:
    head = repository.commit("Second", {"a": "1\n"})
    with open_clone(repository.path) as clone, clone.stream(["diff-tree", "--stdin"], f"{head}\n".encode()) as output:
        assert output.read().startswith(head.encode())


def test_a_large_question_and_a_large_answer_do_not_block_each_other(repository: Repository) -> None:
    repository.commit("Large", {"large": "x" * 79 + "\n" * 1000})
    blob = repository.git("rev-parse", "HEAD:large")
    asked = f"{blob}\n".encode() * 5_000
    with open_clone(repository.path) as clone, clone.stream(["cat-file", "--batch"], asked) as output:
        assert output.read().count(blob.encode()) == 5_000


# Trust


def test_reading_writes_nothing_into_the_clone_and_leaves_no_scratch(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repository.commit("Second", {"a": "1\n"})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    before = written_below(repository.path)
    with open_clone(repository.path) as clone:
        clone.read(["log", "-p", head])
        assert len(list(scratch.iterdir())) == 1
    assert list(scratch.iterdir()) == []
    assert written_below(repository.path) == before


def test_a_hostile_configuration_of_the_clone_runs_nothing_and_changes_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    head = repository.commit("Second", {"ä.txt": "one\ntwo\n", "b.txt": "1\n"})
    wanted = read_everything(repository.path, head)
    script, touched = canary(tmp_path)
    for key in (
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "core.fsmonitor",
        "core.pager",
        "pager.log",
    ):
        repository.git("config", key, str(script))
    for key in ("core.sshCommand", "core.editor", "core.askPass", "credential.helper", "gpg.program", "alias.log"):
        repository.git("config", key, f"!{script}")
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "9",
        "diff.renames": "false",
        "diff.algorithm": "patience",
        "core.quotePath": "false",
        "core.abbrev": "5",
        "core.attributesFile": str(tmp_path / "attributes"),
        "core.hooksPath": str(tmp_path / "hooks"),
        "color.ui": "always",
        "log.showSignature": "true",
        "log.date": "raw",
        "core.worktree": str(tmp_path),
        "log.excludeDecoration": "*",
    }.items():
        repository.git("config", key, value)
    (tmp_path / "attributes").write_text("* diff=evil\n")
    (repository.path / ".git/info/attributes").write_text("* diff=evil -text\n")
    (repository.path / ".gitattributes").write_text("* diff=evil\n")
    for folder in (tmp_path / "hooks", repository.path / ".git/hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("reference-transaction", "post-index-change", "fsmonitor-watchman", "post-checkout"):
            (folder / hook).write_bytes(script.read_bytes())
            (folder / hook).chmod(0o755)
    assert read_everything(repository.path, head) == wanted
    assert not touched.exists()


def test_the_hostile_configuration_would_work_on_plain_git(repository: Repository, tmp_path: Path) -> None:
    """The control of the test above: the canary does sing."""
    head = repository.commit("Second", {"b.txt": "1\n"})
    script, touched = canary(tmp_path)
    repository.git("config", "diff.external", str(script))
    subprocess.run(["git", "diff", f"{head}^", head], cwd=repository.path, capture_output=True)
    assert touched.exists()


@pytest.mark.parametrize("fetched", ["remote.origin.uploadpack", "remote.origin.url", "core.sshCommand"])
def test_a_clone_that_calls_itself_partial_cannot_make_git_run_its_remote(
    repository: Repository, tmp_path: Path, fetched: str
) -> None:
    """A missing object makes git fetch on its own from a promisor remote, by a command that the clone names."""
    repository.commit("Second", {"a": "1\n"})
    script, touched = canary(tmp_path)
    settings = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(tmp_path / "nowhere"),
        "protocol.ext.allow": "always",
        "protocol.allow": "always",
        fetched: str(script),
    }
    settings |= {"remote.origin.url": f"ext::{script}"} if fetched == "remote.origin.url" else {}
    settings |= {"remote.origin.url": "ssh://host.invalid/x"} if fetched == "core.sshCommand" else {}
    for key, value in settings.items():
        repository.git("config", key, value)
    head = repository.git("rev-parse", "HEAD")
    loose_object(repository, head).unlink()
    with open_clone(repository.path) as clone:
        clone.refs("refs/pull")
        with pytest.raises(GitError):
            clone.resolve("HEAD")
        with pytest.raises(GitError):
            clone.resolve("e" * 40)
        with pytest.raises(GitError):
            clone.read(["log", head])
    assert not touched.exists()
    subprocess.run(["git", "log", head], cwd=repository.path, capture_output=True)
    assert touched.exists(), "the control: git itself runs it"


def test_replace_refs_and_grafts_have_no_say(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit("Second", {"a": "1\n"})
    third = repository.commit("Third", {"a": "2\n"})
    wanted = read_everything(repository.path, third)
    repository.git("replace", second, first)
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/grafts").write_text(f"{third} {first}\n")
    assert repository.git("rev-list", third) == f"{third}\n{first}", "the control: git itself obeys the graft"
    assert read_everything(repository.path, third) == wanted


def test_a_commit_graph_that_lies_has_no_say(repository: Repository) -> None:
    """objects/info/commit-graph is a cache of parents that git believes; a clone can bring a false one."""
    first = repository.git("rev-parse", "HEAD")
    repository.commit("Second", {"a": "1\n"})
    third = repository.commit("Third", {"a": "2\n"})
    with open_clone(repository.path) as clone:
        wanted = clone.read(["log", "--format=%H", third])
    repository.git("commit-graph", "write", "--reachable")
    graph = repository.path / ".git/objects/info/commit-graph"
    data = bytearray(graph.read_bytes())
    entry = data.index(b"CDAT")  # in the table of contents; the chunk's offset follows
    order = sorted(wanted.decode().split())
    parent = int.from_bytes(data[entry + 4 : entry + 12], "big") + 36 * order.index(third) + 20
    data[parent : parent + 4] = order.index(first).to_bytes(4, "big")
    graph.chmod(0o644)
    graph.write_bytes(data)
    assert repository.git("rev-list", third) == f"{third}\n{first}", "the control: git itself believes the false graph"
    with open_clone(repository.path) as clone:
        assert clone.read(["log", "--format=%H", third]) == wanted


def test_the_users_own_configuration_has_no_say(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repository.commit("Second", {"ä.txt": "one\ntwo\n"})
    wanted = read_everything(repository.path, head)
    script, touched = canary(tmp_path)
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    hostile = f"[diff]\n\texternal = {script}\n\tnoprefix = true\n[core]\n\tquotePath = false\n\tpager = {script}\n"
    (home / ".gitconfig").write_text(hostile)
    (home / ".config/git/config").write_text(hostile)
    (home / ".config/git/attributes").write_text("* -diff\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    assert read_everything(repository.path, head) == wanted
    assert not touched.exists()
    subprocess.run(["git", "show", "--ext-diff", head], cwd=repository.path, capture_output=True)
    assert touched.exists(), "the control: git itself obeys this configuration"


def test_git_variables_of_the_environment_have_no_say(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repository.commit("Second", {"ä.txt": "one\ntwo\n"})
    wanted = read_everything(repository.path, head)
    script, touched = canary(tmp_path)
    for name, value in {
        "GIT_EXTERNAL_DIFF": str(script),
        "GIT_DIFF_OPTS": "-u0",
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "elsewhere"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.noprefix",
        "GIT_CONFIG_VALUE_0": "true",
        "GIT_CONFIG_PARAMETERS": "'diff.noprefix'='true'",
        "GIT_PAGER": str(script),
        "GIT_TRACE": "1",
        "GIT_NAMESPACE": "other",
        "GIT_CEILING_DIRECTORIES": "/",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_DEFAULT_HASH": "sha256",
        "LC_ALL": "de_DE.UTF-8",
        "LANGUAGE": "de",
        "TZ": "Asia/Tokyo",
    }.items():
        monkeypatch.setenv(name, value)
    assert read_everything(repository.path, head) == wanted
    assert not touched.exists()


def test_a_template_folder_of_the_user_is_not_copied_into_the_scratch(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = repository.commit("Second", {"a.txt": "one\n"})
    (tmp_path / "template/info").mkdir(parents=True)
    (tmp_path / "template/info/attributes").write_text("* -diff\n")
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    assert b"+one\n" in read_everything(repository.path, head)


def test_a_committed_attributes_file_has_no_say(repository: Repository) -> None:
    head = repository.commit("Hide it", {".gitattributes": "*.txt -diff\n", "a.txt": "one\n"})
    assert "Binary files" in repository.git("show", head), "the control: git itself obeys the file"
    assert b"Binary files" not in read_everything(repository.path, head)
    assert b"Binary files" not in read_everything(bare_copy(repository), head)


def test_the_environment_of_this_process_is_left_alone(repository: Repository) -> None:
    before = dict(os.environ)
    read_everything(repository.path, repository.commit("Second", {"a": "1\n"}))
    assert dict(os.environ) == before
