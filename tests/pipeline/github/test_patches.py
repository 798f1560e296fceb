"""Each way to a patch brings the whole change, which applies where it says, and is believed only if GitHub's numbers agree."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.clones.patches import Change
from pipeline.github.fetch import Fetched
from pipeline.github.patches import Patch, agrees, fetch_patches
from tests.pipeline.github.worlds import GitWorld, Loopback, limi, loopback
from tests.servers.github import Fault, FaultScript, early_requests
from tests.servers.github.facts import PullFacts

LINES = "".join(f"line {at}\n" for at in range(40))
UNKNOWN = "dead" * 10


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    made = GitWorld(tmp_path / "world")
    made.commit("Start", {"a.txt": LINES, "b/c.txt": LINES})
    return made


def rows(hub: Loopback, world: GitWorld, **changed: Any) -> dict[int, dict[str, Any]]:
    collect = limi().collect.model_copy(update=changed)
    frames, missing = hub.collect([world.name], collect)
    assert missing == {}
    return {row["number"]: row for row in frames[world.name].iter_rows(named=True)}


def collected(world: GitWorld, tmp_path: Path, faults: FaultScript | None = None) -> dict[int, dict[str, Any]]:
    with loopback(world, tmp_path / "github", faults) as hub:
        found = rows(hub, world)
        assert early_requests(hub.log) == []
        if all(row["patch_source"] in ("git", "git_branch") for row in found.values()):
            assert hub.log.of("core") == []
    return found


def applied(world: GitWorld, row: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    """In a real clone at `base_sha`, the patch applies and makes the tree of `wanted`, for the paths that it touches."""
    clone = tmp_path / f"clone{row['number']}"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(world.path), str(clone)], check=True)
    git = ["git", "-C", str(clone)]
    subprocess.run([*git, "fetch", "--quiet", "origin", "refs/pull/*/head:refs/pull/*/head"], check=True)
    subprocess.run([*git, "checkout", "--quiet", row["base_sha"]], check=True)
    patch = row["patch"].encode()
    checked = subprocess.run([*git, "apply", "--check", "-"], input=patch, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    subprocess.run([*git, "apply", "--index", "-"], input=patch, check=True)
    paths = [path for file in row["files"] for path in (file["path"], file["old_path"])]
    left = subprocess.run([*git, "diff", "--cached", "--stat", wanted, "--", *paths], check=True, capture_output=True)
    assert left.stdout == b""


def changed(name: str, line: int, text: str, base: str = LINES) -> dict[str, str | bytes | None]:
    lines = base.splitlines(keepends=True)
    lines[line] = f"{text}\n"
    return {name: "".join(lines)}


def test_a_merge_of_several_commits_is_one_patch_onto_its_first_parent(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", {"new.txt": "new\n"}))
    world.commit("Main goes on", {"d.txt": "d\n"})
    onto = world.git("rev-parse", "HEAD")
    merge = world.merge(head)
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"], row["failure"]) == ("git", "merge", onto, "")
    assert [file["path"] for file in row["files"]] == ["a.txt", "new.txt"]
    applied(world, row, merge, tmp_path)


def test_a_squash_is_one_patch_onto_its_parent(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", changed("b/c.txt", 9, "nine")))
    merge = world.squash(head, "Both (#1)")
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"]) == ("git", "squash", base)
    applied(world, row, merge, tmp_path)


@pytest.mark.parametrize("commits", [1, 2, 5])
def test_a_rebase_is_all_of_its_commits(commits: int, world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(*[(f"Commit {at}", {f"n{at}.txt": f"{at}\n"}) for at in range(commits)])
    world.commit("Main goes on", {"d.txt": "d\n"})
    onto = world.git("rev-parse", "HEAD")
    merge = world.rebase(base, head)
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"]) == ("git", "rebase", onto)
    assert [file["path"] for file in row["files"]] == [f"n{at}.txt" for at in range(commits)]
    applied(world, row, merge, tmp_path)


def test_a_rebase_whose_last_commit_counts_like_the_whole_is_still_the_whole(world: GitWorld, tmp_path: Path) -> None:
    """Both commits change the same line: each alone and both together are one line added and one removed of the same file."""
    base = world.git("rev-parse", "HEAD")
    middle = changed("a.txt", 3, "half-way")
    head = world.branch(("Change", middle), ("Fix a typo in it", changed("a.txt", 3, "three", str(middle["a.txt"]))))
    merge = world.rebase(base, head)
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert "half-way" not in row["patch"]
    assert (row["base_sha"], row["method"]) == (base, "rebase")
    applied(world, row, merge, tmp_path)


def test_a_squash_whose_parent_counts_alike_is_still_the_squash(world: GitWorld, tmp_path: Path) -> None:
    """Two commits squashed; what main got before touches the same line, and both together would count the same."""
    before = changed("a.txt", 3, "before")
    world.commit("Direct", before)
    base = world.git("rev-parse", "HEAD")
    head = world.branch(
        ("One", changed("a.txt", 3, "once", str(before["a.txt"]))), ("Two", changed("a.txt", 3, "twice"))
    )
    merge = world.squash(head, "Twice (#1)")
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["base_sha"], row["method"]) == (base, "squash")
    assert "-before\n+twice\n" in row["patch"]


def test_a_merge_that_brought_something_else_is_taken_from_its_branch(world: GitWorld, tmp_path: Path) -> None:
    """Part of the branch was on main already, so the merge commit brings less than the pull request."""
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", {"new.txt": "new\n"}))
    world.commit("The same on main", changed("a.txt", 3, "three"))
    merge = world.merge(head)
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"]) == ("git_branch", "merge", base)
    applied(world, row, head, tmp_path)


@pytest.mark.parametrize("merge", [None, UNKNOWN])
def test_without_its_merge_commit_the_branch_tells(merge: str | None, world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", {"new.txt": "new\n"}))
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"]) == ("git_branch", "", base)
    assert row["merge_sha"] == (merge or "")
    applied(world, row, head, tmp_path)


def test_without_any_commit_github_prints_it(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", {"new.txt": "new\n"}))
    lost(world, world.opened(1, base, head, UNKNOWN))
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["base_sha"], row["failure"]) == ("rest_diff", "", base, "")
    applied(world, row, head, tmp_path)


def lost(world: GitWorld, pull: PullFacts) -> PullFacts:
    """GitHub still prints it, but git has neither its merge nor its head."""
    diff, gone = (
        world.diff(world.known[world.name.lower()], pull),
        replace(pull, head_oid="beef" * 10, merge_commit=UNKNOWN),
    )
    honest = world.diff
    world.diff = lambda facts, asked: diff if asked.number == pull.number else honest(facts, asked)  # type: ignore[method-assign]
    world.listed[world.name] = [gone if known.number == pull.number else known for known in world.listed[world.name]]
    return gone


def test_a_branch_that_took_main_in_goes_to_rest(world: GitWorld, tmp_path: Path) -> None:
    """It runs not in one line, so where it began cannot be counted back; and of its merge commit nothing is known."""
    world.branch(("One", {"one.txt": "1\n"}))
    base = world.commit("Main goes on", {"d.txt": "d\n"})
    world.git("switch", "--quiet", "work")
    world.git("merge", "--quiet", "--no-ff", "--message", "Take main in", "main")
    head = world.commit("Two", {"two.txt": "2\n"})
    world.git("switch", "--quiet", "main")
    world.opened(1, base, head, None)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["failure"]) == ("rest_diff", "", "")
    assert [file["path"] for file in row["files"]] == ["one.txt", "two.txt"]
    applied(world, row, head, tmp_path)


def test_numbers_that_no_way_brings_are_a_failed_row_and_no_patch(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    merge = world.merge(head)
    pull = world.opened(1, base, head, merge)
    wrong = replace(pull, files=(replace(pull.files[0], additions=2),))
    world.listed[world.name] = [wrong]
    row = collected(world, tmp_path)[1]
    assert (row["patch"], row["patch_source"], row["patch_bytes"]) == (None, "", 0)
    assert row["failure"] == "not_the_patch"
    assert (row["additions"], row["deletions"], row["base_sha"]) == (2, 1, base)


@pytest.mark.parametrize(
    "wrong",
    [
        {"additions": 2},
        {"deletions": 0},
        {"changed_files": 2},
        {"files": [{"path": "other.txt", "additions": 1, "deletions": 1}]},
        {"files": [{"path": "a.txt", "additions": 1, "deletions": 0}]},
    ],
)
def test_the_gate_refuses_a_change_of_other_numbers(wrong: dict[str, Any], world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    world.opened(1, base, head, world.merge(head))
    row = collected(world, tmp_path)[1]
    change = Change(row["files"], row["patch"], row["patch_bytes"], True)
    facts = {
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
        "files": [{"path": "a.txt", "additions": 1, "deletions": 1}],
    }
    assert agrees(change, facts) and agrees(change, facts | {"files": None})
    assert not agrees(change, facts | wrong)
    assert not agrees(replace(change, failure="broken"), facts)


def test_two_pull_requests_of_one_merge_commit_each_get_their_own_patch(world: GitWorld, tmp_path: Path) -> None:
    """A stack: the second branch stands on the first, and one merge brings both."""
    base = world.git("rev-parse", "HEAD")
    first = world.branch(("One", changed("a.txt", 3, "three")), name="first")
    world.git("switch", "--quiet", "first")
    second = world.branch(("Two", {"new.txt": "new\n"}), name="second")
    world.git("switch", "--quiet", "main")
    merge = world.merge(second)
    world.opened(1, base, first, merge)
    world.opened(2, first, second, merge, commits=1)
    found = collected(world, tmp_path)
    assert [file["path"] for file in found[1]["files"]] == ["a.txt"]
    assert [file["path"] for file in found[2]["files"]] == ["new.txt"]
    applied(world, found[1], first, tmp_path)
    applied(world, found[2], second, tmp_path)


def test_two_pull_requests_that_name_one_merge_commit_and_one_change_both_have_it(
    world: GitWorld, tmp_path: Path
) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    merge = world.merge(head)
    world.opened(1, base, head, merge)
    world.opened(2, base, head, merge)
    found = collected(world, tmp_path)
    assert found[1]["patch"] == found[2]["patch"] != ""
    assert {found[1]["patch_source"], found[2]["patch_source"]} == {"git"}


def test_two_rebases_that_end_in_one_commit_are_told_apart(world: GitWorld, tmp_path: Path) -> None:
    """The second pull request's own commits are the last two of the first one's four."""
    base = world.git("rev-parse", "HEAD")
    head = world.branch(*[(f"Commit {at}", {f"n{at}.txt": f"{at}\n"}) for at in range(4)])
    merge = world.rebase(base, head)
    middle = world.git("rev-parse", f"{head}~2")
    world.opened(1, base, head, merge)
    world.opened(2, middle, head, merge)
    found = collected(world, tmp_path)
    assert [file["path"] for file in found[1]["files"]] == ["n0.txt", "n1.txt", "n2.txt", "n3.txt"]
    assert [file["path"] for file in found[2]["files"]] == ["n2.txt", "n3.txt"]
    assert {found[1]["patch_source"], found[2]["patch_source"]} == {"git"}
    applied(world, found[1], merge, tmp_path)
    applied(world, found[2], merge, tmp_path)


def test_two_branches_with_one_tip_and_two_bases_each_get_their_own_patch(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(*[(f"Commit {at}", {f"n{at}.txt": f"{at}\n"}) for at in range(4)])
    middle = world.git("rev-parse", f"{head}~2")
    world.opened(1, base, head, None)
    world.opened(2, middle, head, None)
    world.opened(3, base, head, None)
    found = collected(world, tmp_path)
    assert {row["patch_source"] for row in found.values()} == {"git_branch"}
    assert [file["path"] for file in found[2]["files"]] == ["n2.txt", "n3.txt"]
    assert found[1]["patch"] == found[3]["patch"]
    applied(world, found[1], head, tmp_path)
    applied(world, found[2], head, tmp_path)


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_awkward_files_come_whole_and_apply(how: str, world: GitWorld, tmp_path: Path) -> None:
    """Renamed, binary, quoted, without a last newline, with carriage returns, executable, empty, removed."""
    (world.path / "run.sh").write_text("echo\n")
    world.commit("More", {"old name.txt": LINES, "gone.txt": "gone\n", "crlf.txt": "a\r\nb\r\n", "end.txt": "no end"})
    base = world.git("rev-parse", "HEAD")
    world.git("switch", "--quiet", "--create", "work")
    world.git("mv", "old name.txt", "new ä\tname.txt")
    (world.path / "run.sh").chmod(0o755)
    world.commit(
        "All at once",
        {
            "picture.bin": b"\0\1\2",
            'quo"te.txt': "x\n",
            "crlf.txt": "a\r\nc\r\n",
            "end.txt": "still no end",
            "empty.txt": "",
            "gone.txt": None,
        },
    )
    world.commit("And more", {"new ä\tname.txt": LINES + "more\n"})
    head = world.git("rev-parse", "HEAD")
    world.git("switch", "--quiet", "main")
    merge = {
        "merge": world.merge,
        "squash": lambda tip: world.squash(tip, "All (#1)"),
        "rebase": lambda tip: world.rebase(base, tip),
    }[how](head)
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["method"], row["failure"]) == ("git", how, "")
    files = {file["path"]: file for file in row["files"]}
    assert files["new ä\tname.txt"] == {
        "path": "new ä\tname.txt",
        "old_path": "old name.txt",
        "status": "R",
        "additions": 1,
        "deletions": 0,
    }
    assert files["picture.bin"]["additions"] is None
    assert files["empty.txt"]["additions"] == 0
    assert row["changed_files"] == len(files) == 8
    assert "old mode 100644\nnew mode 100755" in row["patch"]
    assert "+c\r\n" in row["patch"]
    assert "\\ No newline at end of file" in row["patch"]
    text = row["patch"].split("diff --git a/picture.bin")
    row["patch"] = text[0] + "diff --git " + text[1].split("diff --git ", 1)[1]
    row["files"] = [file for file in row["files"] if file["path"] != "picture.bin"]
    applied(world, row, merge, tmp_path)


def test_a_submodule_that_moves_is_a_patch_and_no_object_is_asked_for_it(world: GitWorld, tmp_path: Path) -> None:
    world.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    world.git("commit", "--quiet", "--message", "Add lib")
    base = world.git("rev-parse", "HEAD")
    world.git("switch", "--quiet", "--create", "work")
    world.git("update-index", "--cacheinfo", f"160000,{'2' * 40},lib")
    world.git("commit", "--quiet", "--message", "Move lib")
    head = world.git("rev-parse", "HEAD")
    world.git("switch", "--quiet", "main")
    world.git("update-ref", "refs/heads/main", head)
    world.opened(1, base, head, head)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["failure"]) == ("git", "")
    assert f"-Subproject commit {'1' * 40}\n+Subproject commit {'2' * 40}\n" in row["patch"]


def test_a_patch_longer_than_allowed_is_a_size_and_no_text(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("Long", {"long.txt": "x" * 300_000}))
    merge = world.squash(head, "Long (#1)")
    world.opened(1, base, head, merge)
    row = collected(world, tmp_path)[1]
    assert (row["patch"], row["patch_source"], row["failure"]) == (None, "git", "")
    assert 300_000 < row["patch_bytes"] < 300_500


def test_bytes_that_are_not_utf8_are_replaced_and_said(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("Latin", {"latin.txt": b"caf\xe9\n"}))
    world.opened(1, base, head, world.merge(head))
    row = collected(world, tmp_path)[1]
    assert row["patch_utf8"] is False
    assert "+caf�\n" in row["patch"]


def test_two_fetches_bring_a_whole_repository_and_no_rest_call(world: GitWorld, tmp_path: Path) -> None:
    for number in range(1, 31):
        base = world.git("rev-parse", "HEAD")
        head = world.branch((f"Work {number}", {f"w{number}.txt": f"{number}\n"}))
        world.opened(number, base, head, world.merge(head, f"Merge pull request #{number} from ada/work"))
    with loopback(world, tmp_path / "github") as hub:
        found = rows(hub, world)
        assert {row["patch_source"] for row in found.values()} == {"git"}
        assert hub.packs() <= 4  # two fetches, each with its refs and its pack
        assert hub.log.of("core") == []


def test_merge_commits_that_github_forgot_cost_few_fetches(world: GitWorld, tmp_path: Path) -> None:
    """A history that was rewritten: the server names one unknown commit at a time, but each fetch must not be for one."""
    base = world.git("rev-parse", "HEAD")
    for number in range(1, 41):
        head = world.branch((f"Work {number}", {f"w{number}.txt": f"{number}\n"}))
        world.opened(number, base, head, f"{number:040x}")
    with loopback(world, tmp_path / "github") as hub:
        found = rows(hub, world)
        assert {row["patch_source"] for row in found.values()} == {"git_branch"}
        fetches = sum("info/refs" in record.path for record in hub.log.of("git"))
    assert fetches <= 20


def test_a_pull_request_of_more_commits_than_are_walked_goes_to_rest(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", {"one.txt": "1\n"}))
    world.opened(1, base, head, None, commits=101)
    row = collected(world, tmp_path)[1]
    assert (row["patch_source"], row["base_sha"]) == ("rest_diff", base)


def test_a_merge_commit_that_is_no_hash_ends_nothing(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", {"one.txt": "1\n"}))
    world.opened(1, base, head, "--upload-pack=touch /tmp/x\nHEAD", commits=1)
    world.opened(2, base, head, world.merge(head))
    found = collected(world, tmp_path)
    assert (found[1]["patch_source"], found[2]["patch_source"]) == ("git_branch", "git")


def test_when_git_cannot_bring_it_every_pull_request_is_asked_by_rest(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    world.opened(1, base, head, world.merge(head))
    faults = FaultScript([Fault("git_404")])
    row = collected(world, tmp_path, faults)[1]
    assert (row["patch_source"], row["failure"]) == ("rest_diff", "")
    assert faults.unused == []
    applied(world, row, head, tmp_path)


def test_of_two_ways_that_bring_the_same_change_the_patch_is_the_same(world: GitWorld, tmp_path: Path) -> None:
    """A merge onto the very commit where the branch began: git and REST print the same bytes."""
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")), ("Two", {"ä.txt": "x"}))
    world.opened(1, base, head, world.merge(head))
    by_git = collected(world, tmp_path)[1]
    by_rest = collected(world, tmp_path / "other", FaultScript([Fault("git_404")]))[1]
    assert by_rest["patch_source"] == "rest_diff"
    assert (by_rest["patch"], by_rest["files"], by_rest["base_sha"]) == (
        by_git["patch"],
        by_git["files"],
        by_git["base_sha"],
    )


def test_fetch_patches_answers_for_every_pull_request_it_was_given(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    merge = world.merge(head)
    world.opened(1, base, head, merge)
    with loopback(world, tmp_path / "github") as hub, hub.door() as opened:
        pull = {
            "repo": world.name,
            "number": 1,
            "merge_sha": merge,
            "head_sha": head,
            "base_sha": base,
            "commits": 1,
            "additions": 1,
            "deletions": 1,
            "changed_files": 1,
            "files": None,
        }
        pulls = [pull, pull | {"number": 7, "merge_sha": "", "head_sha": ""}]
        found = fetch_patches(opened.api, Fetched(opened.repositories, opened.git, world.name), pulls, 1 << 20)
    assert set(found) == {1, 7}
    assert isinstance(found[1], Patch) and found[1].way == "git"
    assert (found[7].way, found[7].change.failure) == ("", "http_404")


def test_a_table_of_all_ways_has_the_columns_of_its_schema(world: GitWorld, tmp_path: Path) -> None:
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", changed("a.txt", 3, "three")))
    world.opened(1, base, head, world.merge(head))
    world.opened(2, base, head, None)
    world.opened(3, base, head, UNKNOWN)
    with loopback(world, tmp_path / "github") as hub:
        frames, _ = hub.collect([world.name])
    frame = frames[world.name]
    assert frame["number"].to_list() == [1, 2, 3]
    assert frame.filter(pl.col("failure") != "").is_empty()
    assert frame["patch"].n_unique() == 1
