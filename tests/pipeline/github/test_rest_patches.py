"""GitHub's own diffs: whatever comes is a diff of the pull request, or nothing is stored."""

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline.clones.patches import Change
from pipeline.github.facts import pull_facts
from pipeline.github.queries import page_query
from pipeline.github.rest_patches import NotThePatchError, diff_of, files_of
from pipeline.github.verdict import GoneError, TooMuchError, TroubleError
from pipeline.patch import headers
from tests.pipeline.github.worlds import GitWorld, Loopback, loopback
from tests.servers.github import Fault, FaultScript, Limits

LINES = "".join(f"line {at}\n" for at in range(30))


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    """One pull request of every awkward thing."""
    made = GitWorld(tmp_path / "world")
    made.commit(
        "Start",
        {
            "old name.txt": LINES,
            "gone.txt": "gone\n",
            "crlf.txt": "a\r\nb\r\n",
            "end.txt": "no end",
            "run.sh": "echo\n",
        },
    )
    base = made.git("rev-parse", "HEAD")
    made.git("switch", "--quiet", "--create", "work")
    made.git("mv", "old name.txt", "new name.txt")
    (made.path / "run.sh").chmod(0o755)
    files: dict[str, str | bytes | None] = {
        "crlf.txt": "a\r\nc\r\n",
        "end.txt": "still no end",
        "gone.txt": None,
        "new name.txt": LINES + "more\n",
        "added.txt": "x\n",
        "run.sh": "echo 2\n",
    }
    head = made.commit("All", files)
    made.git("switch", "--quiet", "main")
    made.opened(1, base, head, made.merge(head))
    return made


def facts(hub: Loopback, number: int = 1) -> dict[str, Any]:
    """As the listing knows it."""
    with hub.door() as opened:
        answer = opened.api.graphql(*page_query([("ada/doors", "main", 50, None)]))
    nodes = answer["data"]["r0"]["pullRequests"]["nodes"]
    return pull_facts("ada/doors", next(node for node in nodes if node["number"] == number))


def asked(hub: Loopback, way: Any, number: int = 1, most: int = 1 << 20, **changed: Any) -> Change:
    pull = facts(hub, number) | changed
    with hub.door() as opened:
        return way(opened.api, pull, most)


def applies(world: GitWorld, text: str) -> None:
    """Onto the branch's base, giving the branch's head but for the modes of files, which /files does not say."""
    pull = world.listed["ada/doors"][0]
    world.git("switch", "--quiet", "--detach", pull.base_oid)
    for options in (["--check"], ["--index"]):
        done = subprocess.run(
            ["git", "-C", str(world.path), "apply", *options, "-"], input=text.encode(), capture_output=True
        )
        assert done.returncode == 0, done.stderr
    left = world.git("diff", "--cached", "--numstat", pull.head_oid)
    assert all(line.startswith("0\t0\t") for line in left.splitlines())


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_either_way_has_every_file_with_its_lines_and_applies(way: Any, world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub:
        change = asked(hub, way)
        assert len(hub.log.of("core")) == 1
    files = {
        file["path"]: (file["old_path"], file["status"], file["additions"], file["deletions"]) for file in change.files
    }
    assert files == {
        "added.txt": ("added.txt", "A", 1, 0),
        "crlf.txt": ("crlf.txt", "M", 1, 1),
        "end.txt": ("end.txt", "M", 1, 1),
        "gone.txt": ("gone.txt", "D", 0, 1),
        "new name.txt": ("old name.txt", "R", 1, 0),
        "run.sh": ("run.sh", "M", 1, 1),
    }
    assert change.patch and change.patch_bytes == len(change.patch.encode()) and change.utf8
    assert set(headers(change.patch)) == set(files)
    assert "-b\r\n+c\r\n" in change.patch and change.patch.count("\\ No newline at end of file") == 2
    if way is diff_of:
        assert "old mode 100644\nnew mode 100755" in change.patch
    applies(world, change.patch)


def single(world: GitWorld, files: dict[str, str | bytes | None], number: int = 2) -> None:
    base = world.git("rev-parse", "main")
    head = world.branch((f"Change {number}", files), name=f"b{number}")
    world.opened(number, base, head, world.merge(head))


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_a_binary_file_has_no_lines(way: Any, world: GitWorld, tmp_path: Path) -> None:
    single(world, {"picture.bin": b"\0\1", "text.txt": "t\n"})
    with loopback(world, tmp_path / "github") as hub:
        change = asked(hub, way, 2)
    assert {file["path"]: file["additions"] for file in change.files} == {"picture.bin": None, "text.txt": 1}
    assert change.patch and "Binary files /dev/null and b/picture.bin differ" in change.patch


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_an_empty_file_is_text(way: Any, world: GitWorld, tmp_path: Path) -> None:
    """GitHub shows no patch of it, as of a binary one; but its blob is the empty one."""
    single(world, {"empty.txt": "", "text.txt": "t\n"})
    with loopback(world, tmp_path / "github") as hub:
        change = asked(hub, way, 2)
    assert {file["path"]: file["additions"] for file in change.files} == {"empty.txt": 0, "text.txt": 1}
    assert change.patch and "Binary" not in change.patch


@pytest.mark.parametrize("way", [diff_of, files_of])
@pytest.mark.parametrize("name", ["ä.txt", 'quo"te.txt', "back\\slash.txt", "a b.txt"])
def test_names_that_git_quotes_come_back_and_apply(way: Any, name: str, world: GitWorld, tmp_path: Path) -> None:
    single(world, {name: "t\n"})
    with loopback(world, tmp_path / "github") as hub:
        change = asked(hub, way, 2)
    assert [file["path"] for file in change.files] == [name]
    assert change.patch and list(headers(change.patch)) == [name]
    world.git("switch", "--quiet", "--detach", world.listed["ada/doors"][1].base_oid)
    done = subprocess.run(
        ["git", "-C", str(world.path), "apply", "--numstat", "-z", "--check", "-"],
        input=change.patch.encode(),
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (0, f"1\t0\t{name}\0".encode()), done.stderr


def test_two_hundred_and_fifty_files_are_three_pages(world: GitWorld, tmp_path: Path) -> None:
    single(world, {f"many/{at:03d}.txt": f"{at}\n" for at in range(250)})
    with loopback(world, tmp_path / "github", limits=Limits(diff_files=200)) as hub:
        with pytest.raises(TooMuchError):
            asked(hub, diff_of, 2)
        hub.log.clear()
        change = asked(hub, files_of, 2)
        assert len(hub.log.of("core")) == 3
    assert len(change.files) == 250 and change.patch


@pytest.mark.parametrize("way", [diff_of, files_of])
@pytest.mark.parametrize("wrong", [{"additions": 99}, {"deletions": 0}, {"changed_files": 5}])
def test_a_diff_of_other_numbers_is_refused(way: Any, wrong: dict[str, int], world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub, pytest.raises(NotThePatchError):
        asked(hub, way, **wrong)


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_an_error_page_with_status_200_is_never_a_patch(way: Any, world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault("html_200", on="pulls", times=math.inf)])
    with loopback(world, tmp_path / "github", faults) as hub, pytest.raises((NotThePatchError, TroubleError)):
        asked(hub, way)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "github").rglob("*.sqlite*"))
    assert b"Whoa there" not in kept


@pytest.mark.parametrize("way", [diff_of, files_of])
@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_what_is_gone_says_so(way: Any, kind: str, world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault(kind, on="pulls")])
    with loopback(world, tmp_path / "github", faults) as hub, pytest.raises(GoneError, match=kind):
        asked(hub, way)


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_a_patch_longer_than_allowed_is_a_size(way: Any, world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub:
        change = asked(hub, way, most=100)
    assert change.patch is None and change.patch_bytes > 100 and len(change.files) == 6


@pytest.mark.parametrize("way", [diff_of, files_of])
def test_asked_again_it_costs_nothing_and_is_the_same(way: Any, world: GitWorld, tmp_path: Path) -> None:
    with loopback(world, tmp_path / "github") as hub:
        first = asked(hub, way)
        hub.log.clear()
        assert asked(hub, way) == first
        assert [(record.status, record.cost) for record in hub.log.of("core")] == [(304, 0)]


def test_a_truncated_diff_is_not_believed_later_because_its_tag_still_fits(world: GitWorld, tmp_path: Path) -> None:
    faults = FaultScript([Fault("bad_json", on=r"pulls/1$")])
    with loopback(world, tmp_path / "github", faults) as hub:
        try:
            first = asked(hub, diff_of)
        except NotThePatchError:
            first = asked(hub, diff_of)
    assert len(first.files) == 6
