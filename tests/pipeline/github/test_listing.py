"""Listing: newest first, every merged pull request once, in as few calls as fit, and no page asked for twice."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import LimiError
from pipeline.github import listing as module
from pipeline.github.listing import Listed, Listing
from tests.pipeline.github.worlds import HandWorld, Loopback, loopback, pull_facts_of, repository_facts
from tests.servers.github import Fault, FaultScript, Limits, SyntheticWorld, early_requests, over_limit
from tests.servers.github.facts import Actor, FileFacts, IssueFacts, PullFacts, RepositoryFacts

FILES = (FileFacts("a.py", 1, 0, "MODIFIED"),)
WRONG = "Something went wrong while executing your query."


def world_of(*counts: int, **others: Any) -> HandWorld:
    """Repositories o/r0, o/r1, ... with so many pull requests each."""
    world = HandWorld()
    for at, count in enumerate(counts):
        pulls = [pull_facts_of(number, files=FILES, **others) for number in range(1, count + 1)]
        world.put(repository_facts(f"o/r{at}", at + 1), pulls)
    return world


def listed(hub: Loopback, wanted: list[tuple[str, int]]) -> dict[str, Listed]:
    with hub.door() as opened:
        order = [(name, "main", most, f"state of {name}") for name, most in wanted]
        found = list(Listing(opened.api, opened.answers).read(order))
    assert len(found) == len(wanted)
    return {each.repo: each for each in found}


def numbers(found: Listed) -> list[int]:
    return [node["number"] for node in found.nodes]


def pages(hub: Loopback) -> list[int]:
    return [record.page for record in hub.log.of("graphql")]


def test_pull_requests_come_newest_first_each_once(tmp_path: Path) -> None:
    with loopback(world_of(120), tmp_path) as hub:
        assert numbers(listed(hub, [("o/r0", 120)])["o/r0"]) == list(range(120, 0, -1))
        assert pages(hub) == [50, 50, 20]


def test_only_merged_ones_are_listed(tmp_path: Path) -> None:
    world = world_of(4)
    world.listed["o/r0"][2] = replace(world.listed["o/r0"][2], merged=None)
    with loopback(world, tmp_path) as hub:
        assert numbers(listed(hub, [("o/r0", 9)])["o/r0"]) == [4, 2, 1]


@pytest.mark.parametrize(("most", "calls"), [(1, [1]), (49, [49]), (50, [50]), (51, [50, 1]), (101, [50, 50, 1])])
def test_no_more_are_asked_for_than_are_wanted(most: int, calls: list[int], tmp_path: Path) -> None:
    with loopback(world_of(300), tmp_path) as hub:
        assert numbers(listed(hub, [("o/r0", most)])["o/r0"]) == list(range(300, 300 - most, -1))
        assert pages(hub) == calls


def test_nothing_wanted_costs_nothing(tmp_path: Path) -> None:
    with loopback(world_of(3), tmp_path) as hub:
        assert numbers(listed(hub, [("o/r0", 0)])["o/r0"]) == []
        assert len(hub.log) == 0


def test_ten_small_repositories_share_a_call_and_two_hundred_pull_requests_cost_four(tmp_path: Path) -> None:
    world = world_of(*[5] * 40)
    with loopback(world, tmp_path) as hub:
        found = listed(hub, [(f"o/r{at}", 5) for at in range(40)])
        assert all(numbers(each) == [5, 4, 3, 2, 1] for each in found.values())
        assert hub.queries() == 4
        assert sum(record.cost for record in hub.log.of("graphql")) <= 12


def test_large_and_small_ones_together_fill_each_call(tmp_path: Path) -> None:
    sizes = [120, 3, 70, 1, 0, 50, 8]
    with loopback(world_of(*sizes), tmp_path) as hub:
        found = listed(hub, [(f"o/r{at}", size) for at, size in enumerate(sizes)])
        assert [numbers(found[f"o/r{at}"]) for at in range(7)] == [list(range(size, 0, -1)) for size in sizes]
        assert hub.queries() == math.ceil(sum(sizes) / 50)


def test_a_listing_of_a_thousand_costs_less_than_a_twentieth_of_a_call_each(tmp_path: Path) -> None:
    with loopback(SyntheticWorld([(20_000, 1)], pulls=1_000), tmp_path) as hub:
        name = hub.world.repositories()[0].full_name
        found = listed(hub, [(name, 1_000)])[name]
        assert numbers(found) == sorted(numbers(found), reverse=True) and len(found.nodes) == 1_000
        assert hub.queries() <= 0.05 * 1_000 and hub.queries() == 20
        assert over_limit(hub.log, hub.limits) == []


@pytest.mark.parametrize("kind", ["502", "504", "graphql_resource_limits", "graphql_timeout"])
@pytest.mark.parametrize("most", [1, 6, 20])
def test_pages_that_are_too_much_become_smaller_and_the_same_is_listed(kind: str, most: int, tmp_path: Path) -> None:
    faults = FaultScript([Fault(kind, page_over=most, times=math.inf)])
    with loopback(world_of(60), tmp_path, faults) as hub:
        assert numbers(listed(hub, [("o/r0", 60)])["o/r0"]) == list(range(60, 0, -1))
        assert early_requests(hub.log) == [] and over_limit(hub.log, hub.limits) == []
        good = [record.page for record in hub.log.of("graphql") if not record.fault]
        assert max(good) <= most
    assert faults.used


def test_a_timeout_that_comes_as_200_makes_pages_smaller_too(tmp_path: Path) -> None:
    faults = FaultScript([Fault("graphql_timeout", status=200, page_over=10, times=math.inf)])
    with loopback(world_of(40), tmp_path, faults) as hub:
        assert numbers(listed(hub, [("o/r0", 40)])["o/r0"]) == list(range(40, 0, -1))


def test_the_size_grows_back_after_a_while(tmp_path: Path) -> None:
    faults = FaultScript([Fault("502", page_over=20, times=2)])
    with loopback(world_of(1_000), tmp_path, faults) as hub:
        assert len(listed(hub, [("o/r0", 1_000)])["o/r0"].nodes) == 1_000
        sizes = pages(hub)
        assert sizes[:3] == [50, 25, 12]
        assert max(sizes[3 + module.QUIET :]) > 12


def test_not_even_one_pull_request_at_a_time_is_a_sentence(tmp_path: Path) -> None:
    faults = FaultScript([Fault("502", times=math.inf)])
    with loopback(world_of(30), tmp_path, faults) as hub:
        with pytest.raises(LimiError, match="o/r0"):
            listed(hub, [("o/r0", 30)])
        assert hub.queries() < 30


def test_one_that_is_too_much_alone_is_listed_without_its_files(tmp_path: Path) -> None:
    """Whoever asks for the files of the newest few meets a 502, six times in a row."""
    faults = FaultScript([Fault("502", times=6)])
    with loopback(world_of(12), tmp_path, faults) as hub:
        found = listed(hub, [("o/r0", 12)])["o/r0"]
        assert numbers(found) == list(range(12, 0, -1))
        assert "files" not in found.nodes[0] or found.nodes[0]["files"]
    assert faults.unused == []


def test_a_repository_that_is_gone_says_why_and_the_others_are_listed(tmp_path: Path) -> None:
    world = world_of(3, 60, 4)
    asked = []

    def vanish(facts: RepositoryFacts) -> None:
        asked.append(facts.full_name)
        if facts.full_name == "o/r1":
            world.known.pop("o/r1", None)

    world.on_pulls = vanish
    with loopback(world, tmp_path) as hub:
        found = listed(hub, [("o/r0", 3), ("o/r1", 60), ("o/r2", 4), ("o/never", 5)])
    assert (found["o/r1"].gone, found["o/never"].gone) == ("repository_not_found", "repository_not_found")
    assert numbers(found["o/r1"]) == list(range(60, 60 - len(found["o/r1"].nodes), -1))
    assert numbers(found["o/r0"]) == [3, 2, 1] and numbers(found["o/r2"]) == [4, 3, 2, 1]


def test_a_renamed_repository_is_listed_under_its_old_name(tmp_path: Path) -> None:
    world = world_of()
    world.put(repository_facts("p/new", 7), [pull_facts_of(1)], asked_as="o/old")
    with loopback(world, tmp_path) as hub:
        assert numbers(listed(hub, [("o/old", 1)])["o/old"]) == [1]


def test_null_author_and_null_head_repository_are_no_holes(tmp_path: Path) -> None:
    faults = FaultScript([Fault("null_author", number=3), Fault("null_head_repository", number=2)])
    with loopback(world_of(60), tmp_path, faults) as hub:
        found = listed(hub, [("o/r0", 60)])["o/r0"]
        assert len(found.nodes) == 60 and hub.queries() == 2


@pytest.mark.parametrize("number", [None, 60, 37, 11])
def test_a_page_with_holes_is_asked_for_again_in_smaller_parts(number: int | None, tmp_path: Path) -> None:
    faults = FaultScript([Fault("graphql_partial", number=number, times=2)])
    with loopback(world_of(60), tmp_path, faults) as hub:
        right = listed(hub, [("o/r0", 60)])["o/r0"]
        assert numbers(right) == list(range(60, 0, -1))
        assert all(node["files"]["nodes"] for node in right.nodes)
        assert right.unreadable == 0


def test_a_pull_request_that_stays_a_hole_is_counted_and_all_others_are_listed(tmp_path: Path) -> None:
    faults = FaultScript([Fault("graphql_partial", number=17, times=math.inf)])
    with loopback(world_of(40), tmp_path, faults) as hub:
        found = listed(hub, [("o/r0", 40)])["o/r0"]
        assert numbers(found) == [number for number in range(40, 0, -1) if number != 17]
        assert found.unreadable == 1
        assert hub.queries() < 40


def spoiled(monkeypatch: pytest.MonkeyPatch, field: str, number: int, times: float, kind: str = "") -> None:
    """A field of one pull request is null for a while, and an error says that something went wrong there."""
    from tests.servers.github import graphql_run

    honest, left = graphql_run.json_reply, [times]

    def answer(status: int, told: dict[str, Any]) -> Any:
        for alias, found in (told.get("data") or {}).items():
            nodes = ((found or {}).get("pullRequests") or {}).get("nodes") or []
            for at, node in enumerate(nodes):
                if node.get("number") == number and left[0] > 0:
                    left[0] -= 1
                    node[field] = None
                    path = [alias, "pullRequests", "nodes", at, field]
                    told.setdefault("errors", []).append({"message": WRONG, "path": path})
        return honest(status, told)

    monkeypatch.setattr(graphql_run, "json_reply", answer)


@pytest.mark.parametrize("field", ["files", "author", "labels", "closingIssuesReferences", "mergeCommit", "commits"])
def test_a_field_that_an_error_made_null_is_asked_for_again(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Null there means that GitHub could not answer now, not that there is none."""
    spoiled(monkeypatch, field, number=5, times=2)
    issue = IssueFacts(3, "It breaks", "Always.")
    world = world_of(8, labels=("bug",), issues=(issue,), author=Actor("ada"))
    with loopback(world, tmp_path) as hub:
        found = listed(hub, [("o/r0", 8)])["o/r0"]
    assert numbers(found) == list(range(8, 0, -1))
    assert [node["number"] for node in found.nodes if node[field] is None] == []


def test_a_field_that_stays_null_is_believed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled(monkeypatch, "closingIssuesReferences", number=5, times=math.inf)
    with loopback(world_of(8), tmp_path) as hub:
        assert numbers(listed(hub, [("o/r0", 8)])["o/r0"]) == list(range(8, 0, -1))
        assert hub.queries() < 20


class Liar(Sequence[PullFacts]):
    """Says that there are many and shows none."""

    def __init__(self, guard: list[int]) -> None:
        self.guard = guard

    def __len__(self) -> int:
        return 100

    def __getitem__(self, at: Any) -> Any:
        self.guard[0] += 1
        if self.guard[0] > 40:
            raise RuntimeError("asked for ever")
        return []


def test_an_empty_page_that_says_there_is_more_is_not_asked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.servers.github import graphql_objects

    guard = [0]
    world = world_of(1)
    world.pulls = lambda facts, states: Liar(guard)  # type: ignore[method-assign]
    monkeypatch.setattr(graphql_objects, "_in_order", lambda pulls, order: pulls)
    with loopback(world, tmp_path) as hub:
        with suppress(LimiError):
            listed(hub, [("o/r0", 60)])
        assert hub.queries() < 30


class StopError(Exception):
    """A run is cut off."""


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_listing_cut_off_after_any_page_asks_for_no_page_twice(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_of(70, 20, 90)
    wanted = [("o/r0", 70), ("o/r1", 20), ("o/r2", 90)]
    with loopback(world, tmp_path) as hub:
        honest, left = module.Listing._ask, [after]

        def dies(self: Listing, taken: Any) -> None:
            if not left[0]:
                raise StopError
            left[0] -= 1
            honest(self, taken)

        monkeypatch.setattr(module.Listing, "_ask", dies)
        with pytest.raises(StopError):
            listed(hub, wanted)
        monkeypatch.setattr(module.Listing, "_ask", honest)
        found = listed(hub, wanted)
        assert [numbers(found[name]) for name, _ in wanted] == [list(range(most, 0, -1)) for _, most in wanted]
        assert sum(pages(hub)) <= 180 and hub.queries() <= 6
        hub.log.clear()
        again = listed(hub, wanted)
        assert [numbers(again[name]) for name, _ in wanted] == [list(range(most, 0, -1)) for _, most in wanted]
        assert len(hub.log) == 0


def test_a_listing_goes_on_where_new_pull_requests_came_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was merged since the first page stands before it, and nothing is listed twice."""
    world = world_of(100)
    with loopback(world, tmp_path) as hub:
        world.on_pulls = lambda facts: (
            world.listed["o/r0"].append(pull_facts_of(len(world.listed["o/r0"]) + 1)) if hub.queries() == 2 else None
        )
        found = listed(hub, [("o/r0", 100)])["o/r0"]
        assert numbers(found) == list(range(100, 0, -1))


def test_a_larger_number_wanted_later_goes_on_from_what_is_kept(tmp_path: Path) -> None:
    with loopback(world_of(100), tmp_path) as hub:
        listed(hub, [("o/r0", 30)])
        hub.log.clear()
        assert numbers(listed(hub, [("o/r0", 100)])["o/r0"]) == list(range(100, 0, -1))
        assert sum(pages(hub)) == 70


def test_several_tokens_share_the_work_and_none_is_over_its_limit(tmp_path: Path) -> None:
    world = world_of(*[100] * 12)
    tokens = ["ghp_a", "ghp_b", "ghp_c"]
    with loopback(world, tmp_path, limits=Limits(graphql=20), tokens=tokens) as hub:
        found = listed(hub, [(f"o/r{at}", 100) for at in range(12)])
        assert all(numbers(each) == list(range(100, 0, -1)) for each in found.values())
        assert {record.token for record in hub.log.of("graphql")} == {"token-0", "token-1", "token-2"}
        assert over_limit(hub.log, hub.limits) == [] and early_requests(hub.log) == []


def test_an_error_of_one_worker_reaches_the_caller_and_ends_the_others(tmp_path: Path) -> None:
    world = world_of(*[100] * 6)
    faults = FaultScript([Fault("500", on="graphql", after=3, times=math.inf)])
    with loopback(world, tmp_path, faults, tokens=["ghp_a", "ghp_b"]) as hub, pytest.raises(LimiError):
        listed(hub, [(f"o/r{at}", 100) for at in range(6)])


def test_a_caller_that_stops_listening_ends_the_workers(tmp_path: Path) -> None:
    with loopback(world_of(*[100] * 6), tmp_path) as hub, hub.door() as opened:
        reading = Listing(opened.api, opened.answers).read([(f"o/r{at}", "main", 100, f"{at}") for at in range(6)])
        next(reading)
        reading.close()
        asked = hub.queries()
        assert asked <= 12
        assert hub.queries() == asked
