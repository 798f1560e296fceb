"""From a clone to its part of the table: the same bytes whatever surrounds the clone, and a row for every pull request."""

import subprocess
from pathlib import Path

import polars as pl
import pytest

from pipeline.clones.collect import collect_clone
from pipeline.errors import UserError
from pipeline.sections import Collect
from pipeline.tables import PULLS
from tests.conftest import Repository, count_processes

ROOMY = Collect(max_listed=1000, max_patch_bytes=1 << 24, max_changed_lines=1200)


def collected(path: Path, head: str, collect: Collect = ROOMY) -> pl.DataFrame:
    return collect_clone("ada/doors", path, head, collect)


def main_of(repository: Repository) -> str:
    return repository.git("rev-parse", "main")


def branch(repository: Repository, name: str, *messages: str) -> list[str]:
    """Commits on a branch of their own; back on main."""
    repository.git("switch", "--quiet", "--create", name)
    made = [repository.commit(message, {f"{name}/{at}.txt": f"{message}\n"}) for at, message in enumerate(messages)]
    repository.git("switch", "--quiet", "main")
    return made


def a_life(repository: Repository, start: int = 1) -> None:
    """One pull request of every kind, with awkward files; four are merged and one is not."""
    kind = f"life{start}"
    repository.commit(
        f"Squash (#{start})",
        {
            f"{kind}/ä\t.txt": "one\r\ntwo\n",
            f"{kind}/b.bin": b"\0\1",
            f"{kind}/old": "same\n" * 9,
            ".gitattributes": "* -diff\n",
        },
    )
    merged = branch(repository, f"{kind}m", "Merged one", "Merged two")
    rebased = branch(repository, f"{kind}r", "Rebased one", "Rebased two")
    unmerged = branch(repository, f"{kind}u", "Unmerged")
    for number, head in ((start + 1, merged[-1]), (start + 2, rebased[-1]), (start + 3, unmerged[-1])):
        repository.pull_ref(number, head)
    repository.clock += 60
    repository.git(
        "merge", "--quiet", "--no-ff", "--message", f"Merge pull request #{start + 1} from a/b\n\nTitle", merged[-1]
    )
    for commit in rebased:
        repository.clock += 60
        repository.git("cherry-pick", commit)
    (repository.path / kind / "b.bin").chmod(0o755)
    repository.commit(
        f"Move (#{start + 4})", {f"{kind}/old": None, f"{kind}/new": "same\n" * 9 + "x\n", f"{kind}/l1": b"\xff"}
    )


def test_every_merged_pull_request_is_a_row_by_number(repository: Repository) -> None:
    a_life(repository)
    frame = collected(repository.path, main_of(repository))
    assert dict(frame.schema) == PULLS.schema
    assert frame.select("pr_id", "number", "method", "failure").rows() == [
        ("ada/doors#1", 1, "squash", ""),
        ("ada/doors#2", 2, "merge", ""),
        ("ada/doors#3", 3, "rebase", ""),
        ("ada/doors#5", 5, "squash", ""),
    ]
    assert frame["patch_utf8"].to_list() == [True, True, True, False]
    assert [len(files) for files in frame["files"]] == [4, 2, 2, 3]


def test_a_clone_without_pull_requests_is_an_empty_table(repository: Repository) -> None:
    frame = collected(repository.path, main_of(repository))
    assert frame.height == 0
    assert dict(frame.schema) == PULLS.schema


def test_only_the_newest_are_collected_and_still_by_number(repository: Repository) -> None:
    for number in (9, 2, 7, 5):
        repository.commit(f"Change (#{number})", {"a": str(number)})
    frame = collected(
        repository.path, main_of(repository), Collect(max_listed=3, max_patch_bytes=1000, max_changed_lines=1200)
    )
    assert frame["number"].to_list() == [2, 5, 7]


def test_a_patch_over_the_bound_is_a_row_without_its_patch(repository: Repository) -> None:
    repository.commit("Small (#1)", {"a": "1\n"})
    repository.commit("Large (#2)", {"a": "2\n" * 5000})
    frame = collected(
        repository.path, main_of(repository), Collect(max_listed=10, max_patch_bytes=1000, max_changed_lines=1200)
    )
    assert frame["patch"].is_null().to_list() == [False, True]
    assert frame["failure"].to_list() == ["", ""]
    assert frame["patch_bytes"][1] > 15_000
    assert frame["files"][1][0]["additions"] == 5000


def test_the_same_clone_gives_the_same_table_twice(repository: Repository) -> None:
    a_life(repository)
    head = main_of(repository)
    assert collected(repository.path, head).equals(collected(repository.path, head))


def test_later_commits_do_not_change_what_a_pinned_head_gives(repository: Repository) -> None:
    a_life(repository)
    head = main_of(repository)
    before = collected(repository.path, head)
    a_life(repository, 100)
    repository.git("gc", "--quiet", "--prune=now")
    assert collected(repository.path, head).equals(before)


# The same bytes whatever surrounds the clone


def test_bare_checked_out_packed_and_borrowing_clones_give_the_same_table(repository: Repository) -> None:
    a_life(repository)
    head = main_of(repository)
    wanted = collected(repository.path, head)
    assert wanted.height == 4
    folder = repository.path.parent
    for name, options in {
        "mirror.git": ["--mirror"],
        "shared.git": ["--mirror", "--shared"],
        "local.git": ["--mirror", "--no-hardlinks"],
    }.items():
        repository.git("clone", "--quiet", *options, str(repository.path), str(folder / name))
        assert collected(folder / name, head).equals(wanted), name
    repository.git("clone", "--quiet", str(repository.path), str(folder / "checked-out"))
    repository.git("-C", str(folder / "checked-out"), "fetch", "--quiet", "origin", "+refs/pull/*:refs/pull/*")
    assert collected(folder / "checked-out", head).equals(wanted)
    repository.git("-C", str(folder / "mirror.git"), "repack", "-adfq", "--write-bitmap-index")
    repository.git("-C", str(folder / "mirror.git"), "commit-graph", "write", "--reachable", "--changed-paths")
    repository.git("-C", str(folder / "mirror.git"), "pack-refs", "--all")
    assert collected(folder / "mirror.git", head).equals(wanted)


def hostile(repository: Repository, script: Path) -> None:
    """Everything in a clone that plain git would obey."""
    for key, value in {
        "diff.external": str(script),
        "diff.evil.textconv": str(script),
        "diff.evil.command": str(script),
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.srcPrefix": "x/",
        "diff.context": "0",
        "diff.interHunkContext": "99",
        "diff.renames": "copies",
        "diff.renameLimit": "1",
        "diff.algorithm": "patience",
        "diff.indentHeuristic": "false",
        "diff.submodule": "log",
        "diff.ignoreSubmodules": "all",
        "diff.orderFile": str(repository.path / ".git/order"),
        "diff.wsErrorHighlight": "all",
        "diff.suppressBlankEmpty": "true",
        "diff.colorMoved": "zebra",
        "diff.relative": "true",
        "core.quotePath": "false",
        "core.abbrev": "40",
        "core.fsmonitor": str(script),
        "core.pager": str(script),
        "core.autocrlf": "true",
        "core.whitespace": "cr-at-eol",
        "core.commentChar": "x",
        "core.bigFileThreshold": "1",
        "color.ui": "always",
        "log.follow": "true",
        "log.showRoot": "false",
        "log.mailmap": "true",
        "mailmap.file": str(script),
        "i18n.logOutputEncoding": "UTF-16",
        "i18n.commitEncoding": "UTF-16",
        "format.pretty": "oneline",
        "log.showSignature": "true",
        "gpg.program": str(script),
        "uploadpack.packObjectsHook": str(script),
    }.items():
        repository.git("config", key, value)
    git_dir = repository.path / ".git"
    (git_dir / "order").write_text("*.bin\n")
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info/attributes").write_text("* diff=evil -text filter=evil\n")
    (repository.path / ".gitattributes").write_text("* diff=evil\n")
    (git_dir / "hooks").mkdir(exist_ok=True)
    for hook in ("reference-transaction", "post-index-change", "pre-auto-gc", "post-checkout"):
        (git_dir / "hooks" / hook).write_bytes(script.read_bytes())
        (git_dir / "hooks" / hook).chmod(0o755)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """A script that leaves `was-run` beside itself when somebody runs it."""
    path = tmp_path / "canary.sh"
    path.write_text(f"#!/bin/sh\ntouch '{tmp_path}/was-run'\nexit 1\n")
    path.chmod(0o755)
    return path


def test_a_hostile_clone_runs_nothing_and_changes_no_byte(repository: Repository, tmp_path: Path, script: Path) -> None:
    a_life(repository)
    head = main_of(repository)
    wanted = collected(repository.path, head)
    first = repository.git("rev-list", "--max-parents=0", "main")
    second = repository.git("rev-parse", f"{head}^")
    hostile(repository, script)
    repository.git("-c", "core.hooksPath=/dev/null", "replace", second, first)
    (repository.path / ".git/info/grafts").write_text(f"{head} {first}\n")
    (tmp_path / "was-run").unlink(missing_ok=True)
    assert collected(repository.path, head).equals(wanted)
    assert not (tmp_path / "was-run").exists()
    subprocess.run(["git", "diff", f"{head}^", head], cwd=repository.path, capture_output=True)
    assert (tmp_path / "was-run").exists(), "the control: plain git runs it"


def test_a_hostile_home_runs_nothing_and_changes_no_byte(
    repository: Repository, tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(repository)
    head = main_of(repository)
    wanted = collected(repository.path, head)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f"[diff]\n\texternal = {script}\n\tnoprefix = true\n\trenames = false\n[core]\n\tquotePath = false\n\tabbrev = 40\n"
        f"\tattributesFile = {home}/attributes\n[init]\n\ttemplateDir = {home}/template\n\tdefaultObjectFormat = sha256\n"
        f"[alias]\n\tlog = !{script}\n[i18n]\n\tlogOutputEncoding = UTF-16\n[safe]\n\tbareRepository = explicit\n"
        f'[diff "evil"]\n\ttextconv = {script}\n'
    )
    (home / "attributes").write_text("* diff=evil\n")
    (home / "template/info").mkdir(parents=True)
    (home / "template/info/attributes").write_text("* -diff\n")
    monkeypatch.setenv("HOME", str(home))
    assert collected(repository.path, head).equals(wanted)
    assert not (tmp_path / "was-run").exists()
    subprocess.run(["git", "diff", f"{head}^", head], cwd=repository.path, capture_output=True)
    assert (tmp_path / "was-run").exists(), "the control: plain git runs it"


def test_a_commit_graph_that_lies_changes_no_row(repository: Repository) -> None:
    for number in (1, 2, 3):
        repository.commit(f"Change (#{number})", {"a": f"{number}\n"})
    head = main_of(repository)
    wanted = collected(repository.path, head)
    order = sorted(repository.git("rev-list", head).split())
    first = repository.git("rev-list", "--max-parents=0", head)
    repository.git("commit-graph", "write", "--reachable")
    graph = repository.path / ".git/objects/info/commit-graph"
    data = bytearray(graph.read_bytes())
    entry = data.index(b"CDAT")
    parent = int.from_bytes(data[entry + 4 : entry + 12], "big") + 36 * order.index(head) + 20
    data[parent : parent + 4] = order.index(first).to_bytes(4, "big")
    graph.chmod(0o644)
    graph.write_bytes(data)
    assert collected(repository.path, head).equals(wanted)


# Missing objects


def loose_object(repository: Repository, revision: str) -> Path:
    oid = repository.git("rev-parse", revision)
    return repository.path / ".git/objects" / oid[:2] / oid[2:]


@pytest.mark.parametrize("what", ["life1/0.txt", "life1"])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_missing_object_is_a_row_with_its_failure_and_harms_no_other(
    repository: Repository, number: int, what: str
) -> None:
    repository.commit("Change (#0)", {"life1/0.txt": "0\n"})
    for each in range(1, 7):
        repository.commit(f"Change (#{each})", {"life1/0.txt": f"{each}\n", "b": f"{each}\n"})
    head = main_of(repository)
    wanted = collected(repository.path, head)
    loose_object(repository, f"main~{6 - number}:{what}").unlink()
    found = collected(repository.path, head)
    # The next pull request begins from the missing object, so it cannot be read either.
    hurt = [number, number + 1]
    assert found["number"].to_list() == wanted["number"].to_list()
    assert found.filter(pl.col("failure") != "")["number"].to_list() == hurt
    unharmed = ~pl.col("number").is_in(hurt)
    assert found.filter(unharmed).equals(wanted.filter(unharmed))
    failed = found.filter(~unharmed)
    assert failed["patch"].null_count() == 2
    assert all(reason.startswith("git ") and str(repository.path) not in reason for reason in failed["failure"])
    assert failed.select("title", "base_sha", "merge_sha").equals(
        wanted.filter(~unharmed).select("title", "base_sha", "merge_sha")
    )


def test_a_missing_commit_of_a_squashed_branch_harms_nothing(repository: Repository) -> None:
    repository.pull_ref(1, branch(repository, "work", "Draft")[-1])
    repository.commit("Change (#1)", {"a": "1\n"})
    head = main_of(repository)
    wanted = collected(repository.path, head).drop("head_sha")
    loose_object(repository, "refs/pull/1/head").unlink()
    assert collected(repository.path, head).drop("head_sha").equals(wanted)


def test_a_missing_commit_of_a_rebased_branch_harms_no_other(repository: Repository) -> None:
    a_life(repository)
    head = main_of(repository)
    wanted = collected(repository.path, head)
    loose_object(repository, "refs/pull/3/head~1").unlink()
    others = pl.col("number") != 3
    assert collected(repository.path, head).filter(others).equals(wanted.filter(others))


def test_a_missing_commit_of_a_merged_branch_harms_no_other(repository: Repository) -> None:
    a_life(repository)
    head = main_of(repository)
    wanted = collected(repository.path, head)
    loose_object(repository, "refs/pull/2/head").unlink()
    assert collected(repository.path, head).equals(wanted), "base..merge needs no commit of the branch"


@pytest.mark.parametrize("damage", ["no objects", "garbage", "no main commit"])
def test_a_wholly_corrupt_clone_is_one_error_of_the_user(repository: Repository, damage: str) -> None:
    for number in (1, 2, 3):
        repository.commit(f"Change (#{number})", {"a": f"{number}\n"})
    head = main_of(repository)
    for path in [path for path in (repository.path / ".git/objects").rglob("*") if path.is_file()]:
        path.chmod(0o644)
        if damage == "no objects":
            path.unlink()
        elif damage == "garbage":
            path.write_bytes(b"garbage")
    if damage == "no main commit":
        loose = repository.path / ".git/objects" / head[:2] / head[2:]
        loose.unlink()
    with pytest.raises(UserError, match=str(repository.path)) as caught:
        collected(repository.path, head)
    assert "\n" not in str(caught.value)


def test_a_head_that_the_clone_lacks_is_an_error_of_the_user(repository: Repository) -> None:
    with pytest.raises(UserError, match=str(repository.path)):
        collected(repository.path, "d" * 40)


# Processes


def test_the_number_of_processes_does_not_grow_with_the_pull_requests(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(repository)
    early = main_of(repository)
    few = count_processes(tmp_path, monkeypatch, lambda: collected(repository.path, early))
    for start in range(10, 60, 10):
        a_life(repository, start)
    late = main_of(repository)
    assert (collected(repository.path, early).height, collected(repository.path, late).height) == (4, 24)
    many = count_processes(tmp_path, monkeypatch, lambda: collected(repository.path, late))
    assert 1 <= many <= few <= 8


def test_the_counter_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above."""

    def work() -> None:
        for _ in range(3):
            subprocess.run(["git", "--version"], capture_output=True, check=True)

    assert count_processes(tmp_path, monkeypatch, work) == 3
