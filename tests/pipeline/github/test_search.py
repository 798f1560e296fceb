"""Every repository over a number of stars is found, whatever ties, drift and half answers do, within the limit of searches."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import LimiError
from pipeline.github.repositories import candidates
from pipeline.github.search import Search
from tests.pipeline.github.worlds import START, HandWorld, Loopback, loopback, repository_facts
from tests.servers.github import Fault, FaultScript, SyntheticWorld, early_requests, over_limit
from tests.servers.github.facts import RepositoryFacts, World


def found(hub: Loopback, min_stars: int = 10_000, reading: str = "first") -> list[str]:
    with hub.door(reading) as opened:
        return [item["full_name"] for item in Search(opened.api, opened.store).repositories(min_stars)]


def names(world: World, min_stars: int = 10_000) -> list[str]:
    return sorted(facts.full_name for facts in world.repositories() if facts.stars > min_stars)


def searches(hub: Loopback) -> list[str]:
    return [record.path for record in hub.log.of("search")]


def many(count: int, stars: int = 20_000) -> HandWorld:
    """Repositories with one star less each."""
    world = HandWorld()
    for at in range(count):
        world.put(repository_facts(f"o/r{at:05d}", number=at + 1, stars=stars - at))
    return world


class Drifting(HandWorld):
    """Before the n-th search, something happens to the stars."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.known = many(count).known
        self.events: dict[int, tuple[str, int]] = {}
        self.searched = 0

    def repositories(self) -> Sequence[RepositoryFacts]:
        self.searched += 1
        if event := self.events.get(self.searched):
            name, stars = event
            self.known[name] = replace(self.known[name], stars=stars)
        return super().repositories()


TIES = [(stars, 7) for stars in range(30_000, 30_100)] + [(15_000, 1_300), (12_345, 500), (10_001, 100)]


@pytest.fixture(scope="module")
def tied() -> SyntheticWorld:
    return SyntheticWorld([*TIES, (10_000, 50), (9_999, 30)])


def test_2600_repositories_with_1300_of_one_star_count_are_all_found_within_thirty_searches_a_minute(
    tied: SyntheticWorld, tmp_path: Path
) -> None:
    assert len(names(tied)) == 2_600
    with loopback(tied, tmp_path) as hub:
        assert found(hub) == names(tied)
        assert over_limit(hub.log, hub.limits) == []
        assert early_requests(hub.log) == []
        arrived = sorted(record.arrived for record in hub.log.of("search"))
        fullest = max(sum(begin <= when < begin + 60 for when in arrived) for begin in arrived)
        assert fullest <= 30
        # A page for each hundred, and what the overlaps of ties and the halves of a tie cost on top.
        assert len(arrived) <= 26 + 1_300 / 100 + 10 + 10


def test_one_repository_stands_once_however_often_the_slices_show_it(tied: SyntheticWorld, tmp_path: Path) -> None:
    with loopback(tied, tmp_path) as hub, hub.door() as opened:
        frame = candidates(opened, 10_000)
    assert frame["repo"].n_unique() == frame.height == 2_600


@pytest.mark.parametrize("above", [0, 1, 999, 1_000, 1_001, 2_000, 2_001])
def test_any_number_of_repositories_around_a_thousand_is_found(above: int, tmp_path: Path) -> None:
    world = SyntheticWorld([(11_000, above), (10_000, 5)] if above else [(10_000, 5)])
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_exactly_min_stars_is_not_more_than_min_stars(tmp_path: Path) -> None:
    world = SyntheticWorld([(10_001, 3), (10_000, 1_200)])
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)
        assert len(found(hub)) == 3


def test_a_tie_that_crosses_the_thousandth_place_loses_nobody(tmp_path: Path) -> None:
    world = SyntheticWorld([(20_000, 950), (19_000, 400), (18_000, 300)])
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_ties_at_the_lowest_star_count_are_all_found(tmp_path: Path) -> None:
    world = SyntheticWorld([(20_000, 10), (10_001, 1_500)])
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_forks_and_archived_repositories_are_candidates(tmp_path: Path) -> None:
    world = HandWorld()
    world.put(repository_facts("o/plain", 1))
    world.put(repository_facts("o/fork", 2, fork=True))
    world.put(repository_facts("o/old", 3, archived=True))
    with loopback(world, tmp_path) as hub, hub.door() as opened:
        frame = candidates(opened, 10_000)
    assert frame.select("repo", "fork", "archived").rows() == [
        ("o/fork", True, False),
        ("o/old", False, True),
        ("o/plain", False, False),
    ]


@pytest.mark.parametrize("times", [1, 3])
def test_an_incomplete_answer_is_asked_again(times: int, tmp_path: Path) -> None:
    world = many(250)
    faults = FaultScript(
        [Fault("incomplete_results", times=times), Fault("incomplete_results", on="page=3", times=times)]
    )
    with loopback(world, tmp_path, faults) as hub:
        assert found(hub) == names(world)
        assert faults.unused == []
        assert len(searches(hub)) == 3 + 2 * times


def test_a_range_that_stays_incomplete_is_cut_and_nobody_is_lost(tmp_path: Path) -> None:
    """Open ranges never answer whole: not even the top range ends it. Only the first does not: the others bring all."""
    tied = SyntheticWorld([(30_000, 130), (15_000, 80)])
    faults = FaultScript([Fault("incomplete_results", on="stars%3A%3E|stars:>", times=math.inf)])
    with loopback(tied, tmp_path, faults) as hub, pytest.raises(LimiError, match="incomplete"):
        found(hub)
    faults = FaultScript([Fault("incomplete_results", on="stars%3A%3E%3D10001", times=math.inf)])
    with loopback(tied, tmp_path / "second", faults) as hub:
        assert found(hub) == names(tied)
        assert over_limit(hub.log, hub.limits) == []


def test_wide_closed_ranges_that_stay_incomplete_are_halved_down_to_single_stars(tmp_path: Path) -> None:
    world = SyntheticWorld([(10_003, 30), (10_004, 40), (10_010, 20)])
    wide = r"stars%3A10001\.\.|stars%3A%3E%3D10001"
    faults = FaultScript([Fault("incomplete_results", on=wide, times=math.inf)])
    with loopback(world, tmp_path, faults) as hub:
        assert found(hub) == names(world)


def test_a_search_that_is_always_incomplete_ends_with_a_sentence_and_not_never(tmp_path: Path) -> None:
    world = SyntheticWorld([(10_003, 30)])
    faults = FaultScript([Fault("incomplete_results", times=math.inf)])
    with loopback(world, tmp_path, faults) as hub:
        with pytest.raises(LimiError, match="incomplete"):
            found(hub)
        assert len(searches(hub)) < 400
        assert over_limit(hub.log, hub.limits) == []


def test_an_incomplete_answer_is_never_kept(tmp_path: Path) -> None:
    world = many(60)
    faults = FaultScript([Fault("incomplete_results", times=math.inf)])
    with loopback(world, tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            found(hub)
        faults.faults.clear()
        assert found(hub) == names(world)


def test_an_incomplete_answer_of_an_earlier_reading_is_not_believed_when_it_is_unchanged(tmp_path: Path) -> None:
    """Its ETag still fits: GitHub answers 304, and what is known of it is the half answer."""
    world = many(60)
    faults = FaultScript([Fault("incomplete_results", times=math.inf)])
    with loopback(world, tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            found(hub, reading="first")
        assert len(names(world)) == 60
        faults.faults.clear()
        faults.add(Fault("incomplete_results", times=1))
        assert found(hub, reading="second") == names(world)


def test_a_repository_that_gains_stars_between_two_pages_is_not_lost(tmp_path: Path) -> None:
    """It moves from the second page to the first, which was read already: no page shows it any more."""
    world = Drifting(250)
    world.events[2] = ("o/r00150", 99_999)
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_a_repository_that_loses_stars_between_two_pages_takes_nobody_else_with_it(tmp_path: Path) -> None:
    """One of the first page falls to the end: the first of the second page moves up to the page that was read."""
    world = Drifting(250)
    world.events[2] = ("o/r00010", 10_500)
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_a_repository_that_gains_stars_between_two_slices_is_not_lost(tmp_path: Path) -> None:
    world = Drifting(1_500)
    world.events[11] = ("o/r01200", 99_999)
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_more_than_a_thousand_of_one_second_is_a_sentence_that_names_stars_and_time(tmp_path: Path) -> None:
    world = HandWorld()
    for at in range(1_001):
        world.put(repository_facts(f"o/r{at}", number=at + 1, stars=12_000, created=START))
    with loopback(world, tmp_path) as hub:
        with pytest.raises(LimiError, match=r"1000 of 1001 .*12000 stars.*2024-01-01T00:00:00Z"):
            found(hub)
        assert over_limit(hub.log, hub.limits) == []


def test_a_thousand_of_one_second_beside_others_are_all_found(tmp_path: Path) -> None:
    world = HandWorld()
    for at in range(1_000):
        world.put(repository_facts(f"o/r{at}", number=at + 1, stars=12_000, created=START))
    for at, seconds in enumerate((-1, 1)):
        when = START + timedelta(seconds=seconds)
        world.put(repository_facts(f"p/r{at}", number=at + 5_000, stars=12_000, created=when))
    with loopback(world, tmp_path) as hub:
        assert found(hub) == names(world)


def test_a_repository_made_while_the_search_runs_is_within_its_times(tmp_path: Path) -> None:
    """The virtual clock's now is 2026; so is the creation of these."""
    world = HandWorld()
    with loopback(world, tmp_path) as hub:
        now = START.fromtimestamp(hub.clock.now(), START.tzinfo)
        for at in range(1_100):
            world.put(repository_facts(f"o/r{at}", number=at + 1, stars=12_000, created=now - timedelta(minutes=at)))
        assert found(hub) == names(world)


@pytest.mark.parametrize("after", [0, 3, 12])
def test_a_search_that_was_cut_off_goes_on_where_it_was(after: int, tmp_path: Path) -> None:
    """Trouble ends the first run in the middle; the second asks for no page that the first has got."""
    tied = SyntheticWorld([(20_000, 200), (12_000, 1_020)])
    faults = FaultScript([Fault("500", on="search", after=after, times=99)])
    with loopback(tied, tmp_path, faults) as hub:
        with pytest.raises(LimiError):
            found(hub)
        got = {record.path for record in hub.log.of("search") if record.status == 200}
        assert len(got) == after
        faults.faults.clear()
        hub.log.clear()
        assert found(hub) == names(tied)
        assert got & set(searches(hub)) == set()
        hub.log.clear()
        assert found(hub) == names(tied)
        assert searches(hub) == []


def test_two_limits_of_stars_in_one_reading_do_not_mix(tmp_path: Path) -> None:
    tied = SyntheticWorld([(30_000, 30), (15_000, 80)])
    with loopback(tied, tmp_path) as hub:
        assert found(hub, 20_000) == names(tied, 20_000)
        assert found(hub, 10_000) == names(tied, 10_000)


def test_nulls_of_a_search_result_are_words_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.servers.github import rest

    honest = rest.repository

    def with_nulls(facts: RepositoryFacts, base: str) -> dict[str, object]:
        odd = {"description": None, "language": None, "license": None, "topics": None}
        whole = honest(facts, base) | (odd if facts.name == "nulls" else {})
        if facts.name == "other":
            whole["license"] = {"key": "other", "name": "Other", "spdx_id": None, "url": None, "node_id": "x"}
        if facts.name == "old":
            del whole["topics"]
        return whole

    monkeypatch.setattr(rest, "repository", with_nulls)
    world = HandWorld()
    for at, name in enumerate(("nulls", "other", "old")):
        world.put(repository_facts(f"o/{name}", at + 1))
    with loopback(world, tmp_path) as hub, hub.door() as opened:
        frame = candidates(opened, 10_000)
    rows = {row["repo"]: row for row in frame.iter_rows(named=True)}
    assert (rows["o/nulls"]["language"], rows["o/nulls"]["licence"]) == ("none", "NONE")
    assert (rows["o/nulls"]["description"], rows["o/nulls"]["topics"]) == ("", [])
    assert rows["o/other"]["licence"] == "NONE"
    assert rows["o/old"]["topics"] == []


def test_a_repository_that_was_never_pushed_to_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official description allows null for a repository's pushed_at."""
    from tests.servers.github import rest

    honest = rest.repository
    monkeypatch.setattr(rest, "repository", lambda facts, base: honest(facts, base) | {"pushed_at": None})
    world = many(2)
    with loopback(world, tmp_path) as hub, hub.door() as opened:
        assert candidates(opened, 10_000)["repo"].to_list() == names(world)
