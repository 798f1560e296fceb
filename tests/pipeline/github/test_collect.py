"""From chosen repositories to parts of PULLS: the same rows as from the clones, each once, whatever is cut off in between."""

import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.clones.collect import collect_clone
from pipeline.errors import LimiError
from pipeline.github import collect as module
from pipeline.github import fetch
from pipeline.github.collect import AHEAD, Wanted, collect_repositories
from pipeline.github.listing import LISTED_AHEAD, REPOSITORIES
from pipeline.tables import PULLS
from tests.pipeline.github.worlds import GitWorld, HandWorld, limi, loopback, pull_facts_of, repository_facts
from tests.servers.github import DemoWorld, Fault, FaultScript, SyntheticWorld, early_requests, over_limit
from tests.servers.github.facts import FileFacts

# What a clone cannot know as GitHub does.
TOLD = ("title", "body", "author", "author_is_bot", "labels", "closing_issues")
FILE = FileFacts("a.py", 1, 0, "MODIFIED", blob="1" * 40, patch="@@ -0,0 +1 @@\n+x")


def names(world: DemoWorld) -> list[str]:
    return [facts.full_name for facts in world.repositories()]


def whole(frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames[name] for name in sorted(frames))


def test_the_demo_world_through_github_is_the_demo_world_from_its_clones(demo_world: DemoWorld, tmp_path: Path) -> None:
    params = limi()
    with loopback(demo_world, tmp_path) as hub:
        frames, missing = hub.collect(names(demo_world))
        assert missing == {}
        scanned = whole(frames).height
        assert hub.queries() + len(hub.log.of("core")) <= 0.05 * scanned
        assert hub.log.of("core") == []
        assert over_limit(hub.log, hub.limits) == [] and early_requests(hub.log) == []
    direct = {
        facts.full_name: collect_clone(
            facts.full_name, demo_world.folder / f"{facts.full_name}.git", facts.head, params.collect
        )
        for facts in demo_world.repositories()
    }
    ours, theirs = whole(frames), whole(direct)
    assert ours["pr_id"].to_list() == theirs["pr_id"].to_list()
    kept = ours["skipped"] == ""
    assert 190 < kept.sum() < ours.height
    for column in PULLS.schema:
        if column not in (*TOLD, "skipped"):
            assert ours.filter(kept)[column].equals(theirs.filter(kept)[column]), column
    skipped = ours.filter(~kept)
    assert skipped["patch"].null_count() == skipped.height and set(skipped["patch_source"]) == {""}
    assert skipped.select("additions", "deletions", "changed_files").equals(
        theirs.filter(~kept).select("additions", "deletions", "changed_files")
    )


def test_a_second_run_asks_for_nothing(demo_world: DemoWorld, tmp_path: Path) -> None:
    few = names(demo_world)[:3]
    with loopback(demo_world, tmp_path) as hub:
        first, _ = hub.collect(few)
        hub.log.clear()
        second, _ = hub.collect(few)
        assert len(hub.log) == 0
        third, _ = hub.collect(few, reading="later")
        assert (hub.queries(), len(hub.log.of("core")), len(hub.log.of("git"))) == (1, 0, 0)
    assert whole(first).equals(whole(second)) and whole(first).equals(whole(third))


class CutError(BaseException):
    """The run ends here, as if it were killed: nothing catches it."""


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_run_cut_off_at_a_fetch_resumes_with_nothing_refetched(
    at: int, demo_world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = names(demo_world)[:3]
    with loopback(demo_world, tmp_path / "whole") as hub:
        right, _ = hub.collect(few)
        calls, packs = hub.queries(), hub.packs()
    with loopback(demo_world, tmp_path / "cut") as hub:
        honest, left, guard = fetch.Fetched._git, [at], threading.Lock()

        def dies(self: fetch.Fetched, *arguments: Any) -> str | None:
            with guard:
                left[0] -= 1
                if left[0] < 0:
                    raise CutError
            return honest(self, *arguments)

        frames: dict[str, pl.DataFrame] = {}
        monkeypatch.setattr(fetch.Fetched, "_git", dies)
        with pytest.raises(CutError), hub.door() as opened:
            wanted = [Wanted(name, "main", lambda frame, name=name: frames.__setitem__(name, frame)) for name in few]
            collect_repositories(opened, wanted, limi().collect, limi().filter, lambda *_: None)
        monkeypatch.setattr(fetch.Fetched, "_git", honest)
        rest, _ = hub.collect([name for name in few if name not in frames])
        assert whole(frames | rest).equals(whole(right))
        assert hub.queries() == calls
        assert hub.packs() == packs


@pytest.mark.parametrize("kind", ["500", "reset"])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_run_that_trouble_ended_resumes_with_no_page_refetched(kind: str, after: int, tmp_path: Path) -> None:
    """Rejects by facts alone, so that there is no git in it: 5 pages and a state."""
    world = HandWorld()
    for at in range(5):
        pulls = [pull_facts_of(number, files=(FileFacts("a.md", 1, 0, "MODIFIED"),)) for number in range(1, 51)]
        world.put(repository_facts(f"o/r{at}", at + 1), pulls)
    few = [f"o/r{at}" for at in range(5)]
    faults = FaultScript([Fault(kind, on="graphql", after=after, times=99)])
    with loopback(world, tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            hub.collect(few)
        faults.faults.clear()
        frames, missing = hub.collect(few)
        assert missing == {} and whole(frames).height == 250
        good = [record for record in hub.log.of("graphql") if not record.fault]
        assert len(good) == 6
        assert set(whole(frames)["skipped"]) == {"markdown_only"}


def test_no_more_is_listed_ahead_than_memory_should_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = SyntheticWorld([(20_000, 45)], pulls=60)
    few = [facts.full_name for facts in world.repositories()]
    go_on, begun = threading.Event(), []

    def slow(reading: Any, listed: Any, *others: Any) -> pl.DataFrame:
        begun.append(listed.repo)
        go_on.wait(20)
        return PULLS.frame([])

    monkeypatch.setattr(module, "collect_repository", slow)
    with loopback(world, tmp_path) as hub:
        running = threading.Thread(target=hub.collect, args=(few,), daemon=True)
        running.start()
        before, still = -1, 0
        while running.is_alive() and (still < 10 or not begun):  # until nothing is asked any more
            time.sleep(0.05)
            still = still + 1 if hub.queries() == before and before > 0 else 0
            before = hub.queries()
        listed_pages, at_work = hub.queries() - 2, len(begun)
        go_on.set()
        running.join(30)
        assert not running.is_alive()
    assert 0 < at_work <= AHEAD
    # Two pages a repository; those that are handed over, those that wait, and those in a worker's hands.
    assert listed_pages <= 2 * (AHEAD + LISTED_AHEAD + REPOSITORIES)
    assert sorted(begun) == sorted(few)


@pytest.mark.parametrize("broken", ["pack", "config", "folder"])
def test_a_broken_folder_of_one_repository_does_not_cost_the_others_theirs(
    broken: str, demo_world: DemoWorld, tmp_path: Path
) -> None:
    few = names(demo_world)[:3]
    with loopback(demo_world, tmp_path) as hub:
        hub.collect(few)
        folder = tmp_path / "repositories" / f"{few[1]}.git"
        if broken == "pack":
            for pack in folder.rglob("*.pack"):
                pack.chmod(0o644)
                pack.write_bytes(pack.read_bytes()[:200])
        elif broken == "config":
            (folder / "config").write_text("[core\n")
        else:
            for path in folder.rglob("*.idx"):
                path.chmod(0o644)
                path.write_bytes(b"")
        frames: dict[str, pl.DataFrame] = {}
        with hub.door() as opened:
            wanted = [Wanted(name, "main", lambda frame, name=name: frames.__setitem__(name, frame)) for name in few]
            collect_repositories(opened, wanted, limi().collect, limi().filter, lambda *_: None)
    assert set(frames) == set(few)
    assert all(frames[name].filter(pl.col("failure") != "").is_empty() for name in (few[0], few[2]))
    taken = frames[few[1]].filter(pl.col("skipped") == "")
    assert taken.filter((pl.col("patch_source") == "") & (pl.col("failure") == "")).is_empty()


def test_an_error_while_one_part_is_written_reaches_the_caller_and_the_others_are_written(
    demo_world: DemoWorld, tmp_path: Path
) -> None:
    few = names(demo_world)[:4]
    frames: dict[str, pl.DataFrame] = {}

    def full(frame: pl.DataFrame) -> None:
        raise OSError("the disk is full")

    with loopback(demo_world, tmp_path) as hub, hub.door() as opened:
        wanted = [Wanted(name, "main", lambda frame, name=name: frames.__setitem__(name, frame)) for name in few]
        wanted[0] = Wanted(few[0], "main", full)
        with pytest.raises(OSError, match="full"):
            collect_repositories(opened, wanted, limi().collect, limi().filter, lambda *_: None)
    assert set(frames) == set(few[1:])


def test_what_github_has_not_got_is_an_empty_part_and_a_reason(tmp_path: Path) -> None:
    world = HandWorld()
    world.put(repository_facts("o/here"), [pull_facts_of(1, files=(FileFacts("a.md", 1, 0, "MODIFIED"),))])
    told: list[str] = []
    with loopback(world, tmp_path) as hub, hub.door() as opened:
        frames: dict[str, pl.DataFrame] = {}
        wanted = [
            Wanted(name, "main", lambda frame, name=name: frames.__setitem__(name, frame))
            for name in ("o/gone", "o/here")
        ]
        missing = collect_repositories(
            opened, wanted, limi().collect, limi().filter, lambda repo, frame: told.append(repo)
        )
    assert missing == {"o/gone": "repository_not_found"}
    assert frames["o/gone"].is_empty() and frames["o/gone"].schema == PULLS.frame([]).schema
    assert frames["o/here"].height == 1
    assert sorted(told) == ["o/gone", "o/here"]


def test_a_repository_that_goes_between_choice_and_listing_is_missing(tmp_path: Path) -> None:
    world = HandWorld()
    for at, name in enumerate(("o/a", "o/b")):
        world.put(repository_facts(name, at + 1), [pull_facts_of(1, files=(FileFacts("a.md", 1, 0, "MODIFIED"),))])
    with loopback(world, tmp_path) as hub:
        world.on_pulls = lambda facts: world.known.pop("o/b", None) and None if facts.full_name == "o/b" else None
        frames, missing = hub.collect(["o/a", "o/b"])
    assert missing == {"o/b": "repository_not_found"}
    assert frames["o/a"].height == 1 and frames["o/b"].height == 0


def test_rejects_by_facts_cost_no_patch(tmp_path: Path) -> None:
    world = HandWorld()
    large = FileFacts("a.py", 1_200, 0, "MODIFIED")
    kinds = [(FileFacts("a.md", 1, 0, "MODIFIED"),), (large,), ()]
    world.put(
        repository_facts("o/r"), [pull_facts_of(number, files=files) for number, files in enumerate(kinds, start=1)]
    )
    with loopback(world, tmp_path) as hub:
        frames, _ = hub.collect(["o/r"])
        assert hub.log.of("git") == [] and hub.log.of("core") == []
    assert frames["o/r"]["skipped"].to_list() == ["markdown_only", "patch_too_large", "empty"]
    assert frames["o/r"]["failure"].to_list() == [""] * 3


@pytest.mark.parametrize(("most", "listed"), [(1, [30]), (7, list(range(24, 31))), (50, list(range(1, 31)))])
def test_the_newest_are_listed_up_to_max_listed(most: int, listed: list[int], tmp_path: Path) -> None:
    world = HandWorld()
    world.put(
        repository_facts("o/r"),
        [pull_facts_of(number, files=(FileFacts("a.md", 1, 0, "MODIFIED"),)) for number in range(1, 31)],
    )
    with loopback(world, tmp_path) as hub:
        collect = limi().collect.model_copy(update={"max_listed": most})
        assert hub.collect(["o/r"], collect)[0]["o/r"]["number"].to_list() == listed


def test_a_renamed_repository_is_collected_under_its_old_name_from_its_new_one(tmp_path: Path) -> None:
    world = GitWorld(tmp_path / "world", "p/new")
    base = world.git("rev-parse", "HEAD")
    head = world.branch(("One", {"one.txt": "1\n"}))
    world.opened(1, base, head, world.merge(head))
    world.known = {"o/old": world.known["p/new"]}
    with loopback(world, tmp_path / "github") as hub:
        honest = world.repository
        world.repository = lambda name: honest("o/old" if name == "p/new" else name)  # type: ignore[method-assign]
        frames, missing = hub.collect(["o/old"])
    assert missing == {}
    assert frames["o/old"].select("pr_id", "repo", "patch_source").row(0) == ("o/old#1", "o/old", "git")


def test_failures_are_rows_with_a_reason(tmp_path: Path) -> None:
    """No git, and every diff is refused."""
    world = HandWorld()
    world.put(repository_facts("o/r"), [pull_facts_of(number, files=(FILE,)) for number in (1, 2, 3)])
    faults = FaultScript([Fault("404", on="pulls/1"), Fault("451", on="pulls/2"), Fault("410", on="pulls/3")])
    with loopback(world, tmp_path, faults) as hub:
        frame = hub.collect(["o/r"])[0]["o/r"]
    assert frame["failure"].to_list() == ["http_404", "http_451", "http_410"]
    assert frame["patch_source"].to_list() == [""] * 3 and frame["patch"].null_count() == 3
    assert faults.unused == []
