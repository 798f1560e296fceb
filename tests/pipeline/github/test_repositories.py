"""The state of chosen repositories: one call for fifty, asked once, and never believed where GitHub answered with a hole."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import LimiError
from pipeline.github.repositories import candidates, states
from tests.pipeline.github.worlds import HandWorld, Loopback, loopback, pull_facts_of, repository_facts
from tests.servers.github import Fault, FaultScript, early_requests, over_limit


def world_of(count: int, pulls: int = 3) -> HandWorld:
    world = HandWorld()
    for at in range(count):
        facts = repository_facts(f"o/r{at}", at + 1, head=f"{at:040x}")
        world.put(facts, [pull_facts_of(number) for number in range(1, pulls + 1)])
    return world


def asked(hub: Loopback, names: list[str], reading: str = "first") -> dict[str, dict[str, Any] | None]:
    with hub.door(reading) as opened:
        return states(opened, [(name, "main") for name in names])


def test_a_state_is_the_name_the_head_and_the_number_of_merged_pull_requests(tmp_path: Path) -> None:
    world = world_of(2)
    world.listed["o/r1"][0] = replace(world.listed["o/r1"][0], merged=None)
    with loopback(world, tmp_path) as hub:
        found = asked(hub, ["o/r0", "o/r1"])
    assert [(state["name"], state["head"], state["pulls"]) for state in found.values() if state] == [
        ("o/r0", f"{0:040x}", 3),
        ("o/r1", f"{1:040x}", 2),
    ]


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (50, 1), (51, 2), (100, 2)])
def test_fifty_repositories_cost_one_call(count: int, calls: int, tmp_path: Path) -> None:
    with loopback(world_of(count), tmp_path) as hub:
        assert len(asked(hub, [f"o/r{at}" for at in range(count)])) == count
        assert hub.queries() == calls
        assert over_limit(hub.log, hub.limits) == []


def test_a_state_that_was_read_stays_as_it_is_within_a_reading(tmp_path: Path) -> None:
    world = world_of(3)
    with loopback(world, tmp_path) as hub:
        before = asked(hub, ["o/r0", "o/r1", "o/nowhere"])
        world.listed["o/r0"].append(pull_facts_of(9))
        hub.log.clear()
        assert asked(hub, ["o/r0", "o/r1", "o/nowhere"]) == before
        assert hub.queries() == 0
        assert asked(hub, ["o/r0", "o/r2"])["o/r0"] == before["o/r0"]
        assert hub.queries() == 1
        after = asked(hub, ["o/r0", "o/r1"], "second")
    assert after["o/r0"] != before["o/r0"] and after["o/r1"] == before["o/r1"]


def test_the_signature_changes_with_each_thing_that_changes_a_listing(tmp_path: Path) -> None:
    signatures = []
    world = world_of(1)
    pulls = world.listed["o/r0"]
    with loopback(world, tmp_path) as hub:
        for at in range(3):
            if at == 1:
                world.listed["o/r0"] = [*pulls, pull_facts_of(4)]
            elif at == 2:
                late = replace(pulls[0], closed=datetime(2025, 5, 5, tzinfo=UTC))
                world.listed["o/r0"] = [late, *pulls[1:]]
            state = asked(hub, ["o/r0"], f"reading{at}")["o/r0"]
            assert state
            signatures.append(state["signature"])
    assert len(set(signatures)) == 3


def test_a_repository_that_github_has_not_got_is_none_and_the_others_are_there(tmp_path: Path) -> None:
    with loopback(world_of(2), tmp_path) as hub:
        found = asked(hub, ["o/r0", "o/nowhere", "o/r1"])
    assert found["o/nowhere"] is None
    assert found["o/r0"] and found["o/r1"]


def test_a_renamed_repository_is_known_by_the_name_it_was_chosen_under_and_fetched_under_its_new_one(
    tmp_path: Path,
) -> None:
    world = world_of(1)
    world.put(repository_facts("p/new", 7), [pull_facts_of(1)], asked_as="o/old")
    with loopback(world, tmp_path) as hub:
        state = asked(hub, ["o/old"])["o/old"]
    assert state and state["name"] == "p/new"


@pytest.mark.parametrize("name", ["../../evil", 'a/b"\n[core]\n\tpager = x', "a/b/c", "-x/y", "", "a/.."])
def test_a_name_that_is_none_is_not_taken_from_an_answer(name: str, tmp_path: Path) -> None:
    world = HandWorld()
    world.put(replace(repository_facts("o/r"), full_name=name or "/"), asked_as="o/r")
    with loopback(world, tmp_path) as hub:
        try:
            state = asked(hub, ["o/r"])["o/r"]
        except LimiError:
            return
    assert state is None or state["name"] in ("", "o/r")


@pytest.mark.parametrize("kind", ["502", "504", "graphql_resource_limits", "graphql_timeout"])
def test_a_query_that_is_too_much_is_asked_in_smaller_parts(kind: str, tmp_path: Path) -> None:
    """Any query for more than twelve repositories is too much for GitHub today."""
    faults = FaultScript([Fault(kind, on="graphql", page_over=12, times=math.inf)])
    world = world_of(40)
    with loopback(world, tmp_path, faults) as hub:
        found = asked(hub, [f"o/r{at}" for at in range(40)])
        assert all(found.values()) and len(found) == 40
        assert early_requests(hub.log) == []
    assert faults.used


@pytest.mark.parametrize("kind", ["502", "504", "graphql_resource_limits"])
def test_a_query_that_is_always_too_much_ends_with_a_sentence(kind: str, tmp_path: Path) -> None:
    faults = FaultScript([Fault(kind, on="graphql", times=math.inf)])
    with loopback(world_of(4), tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            asked(hub, ["o/r0", "o/r1"])
        assert hub.queries() < 60


@pytest.mark.parametrize("kind", ["404", "410", "451"])
def test_no_graphql_at_all_ends_with_a_sentence(kind: str, tmp_path: Path) -> None:
    """Such as behind a proxy, or with an address that lacks a part."""
    faults = FaultScript([Fault(kind, on="graphql", times=math.inf)])
    with loopback(world_of(4), tmp_path, faults) as hub, pytest.raises(LimiError):
        asked(hub, ["o/r0", "o/r1"])


def holed(monkeypatch: pytest.MonkeyPatch, hole: Any, times: int) -> None:
    """The next answers of GraphQL have nulls and say that something went wrong there. `hole(data)` makes them: their paths."""
    from tests.servers.github import graphql_run

    honest, left = graphql_run.json_reply, [times]

    def spoiled(status: int, answer: dict[str, Any]) -> Any:
        if left[0] and answer.get("data"):
            left[0] -= 1
            told = "Something went wrong while executing your query."
            answer = answer | {"errors": [{"message": told, "path": path} for path in hole(answer["data"])]}
        return honest(status, answer)

    monkeypatch.setattr(graphql_run, "json_reply", spoiled)


def all_of_them(data: dict[str, Any]) -> list[list[Any]]:
    names = [name for name in data if name != "rateLimit"]
    for name in names:
        data[name] = None
    return [[name] for name in names]


def no_branch(data: dict[str, Any]) -> list[list[Any]]:
    data["r0"]["defaultBranchRef"] = None
    return [["r0", "defaultBranchRef"]]


def no_node(data: dict[str, Any]) -> list[list[Any]]:
    data["r0"]["pullRequests"]["nodes"][0] = None
    return [["r0", "pullRequests", "nodes", 0]]


@pytest.mark.parametrize("hole", [all_of_them, no_branch, no_node])
def test_a_hole_says_nothing_of_a_repository_and_is_asked_again(
    hole: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"o/r{at}" for at in range(20)]
    with loopback(world_of(20), tmp_path) as hub:
        right = asked(hub, names, "right")
        holed(monkeypatch, hole, times=2)
        assert asked(hub, names, "spoiled") == right
        assert asked(hub, names, "spoiled") == right


def test_holes_without_an_end_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holed(monkeypatch, all_of_them, times=10**6)
    with loopback(world_of(3), tmp_path) as hub, pytest.raises(LimiError):
        asked(hub, ["o/r0", "o/r1"])


def test_an_empty_repository_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no branch, and GitHub says so without an error."""
    from tests.servers.github import graphql_run

    honest = graphql_run.json_reply

    def empty(status: int, answer: dict[str, Any]) -> Any:
        answer["data"]["r0"]["defaultBranchRef"] = None
        return honest(status, answer)

    monkeypatch.setattr(graphql_run, "json_reply", empty)
    with loopback(world_of(2), tmp_path) as hub:
        assert asked(hub, ["o/r0", "o/r1"])["o/r0"] is None


def test_a_cut_after_the_first_fifty_asks_only_for_the_rest(tmp_path: Path) -> None:
    faults = FaultScript([Fault("500", on="graphql", after=1, times=math.inf)])
    names = [f"o/r{at}" for at in range(60)]
    with loopback(world_of(60), tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            asked(hub, names)
        faults.faults.clear()
        hub.log.clear()
        assert len(asked(hub, names)) == 60
        assert [record.cost for record in hub.log.of("graphql")] == [1]
        assert hub.queries() == 1


def test_candidates_say_when_they_were_taken_and_the_same_again_in_a_rerun(tmp_path: Path) -> None:
    with loopback(world_of(3), tmp_path) as hub:
        with hub.door() as opened:
            first = candidates(opened, 10_000)
        hub.clock.sleep_until(hub.clock.now() + 86_400)
        hub.log.clear()
        with hub.door() as opened:
            assert candidates(opened, 10_000).equals(first)
        assert len(hub.log) == 0
        with hub.door("second") as opened:
            assert candidates(opened, 10_000)["taken_at"][0] > first["taken_at"][0]
    assert first["taken_at"].n_unique() == 1
