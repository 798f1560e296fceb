"""The choice of repositories: who could be chosen, who was, and why not."""

import hashlib
from typing import Any

import polars as pl
import pytest

from pipeline.sections import Select
from pipeline.selection import choose_repositories, chosen_repositories
from pipeline.tables import CANDIDATE_SCHEMA, FRAME, REPOS


def candidates(*rows: dict[str, Any]) -> pl.DataFrame:
    standard = {
        "stars": 20_000,
        "language": "Go",
        "licence": "MIT",
        "description": "",
        "head_sha": "a" * 40,
        "pull_refs": "b" * 64,
        "clone": "x",
        "branch": "",
        "topics": [],
        **dict.fromkeys(("archived", "fork", "created_at", "pushed_at", "taken_at")),
    }
    found = [{"repo": f"o/r{at}"} | standard | row for at, row in enumerate(rows)]
    return pl.DataFrame(found, schema=CANDIDATE_SCHEMA)


def chosen_of(frame: pl.DataFrame, seed: int = 3, **changed: Any) -> pl.DataFrame:
    standard = {
        "min_stars": 10_000,
        "repositories": 100,
        "licences": [],
        "languages": [],
        "archived": "drop",
        "forks": "drop",
    }
    select = Select(**{**standard, "active_since": "", **changed})
    return choose_repositories(frame, select, seed)


def reasons(frame: pl.DataFrame, **changed: Any) -> list[str]:
    return chosen_of(frame, **changed)["reason"].to_list()


def many(*languages: str) -> pl.DataFrame:
    return candidates(*({"language": language} for language in languages))


@pytest.mark.parametrize(("stars", "reason"), [(0, "too_few_stars"), (10_000, "too_few_stars"), (10_001, "")])
def test_more_stars_than_the_limit_are_needed(stars: int, reason: str) -> None:
    assert reasons(candidates({"stars": stars})) == [reason]


def test_with_no_limit_one_star_is_still_needed() -> None:
    assert reasons(candidates({"stars": 0}, {"stars": 1}), min_stars=0) == ["too_few_stars", ""]


@pytest.mark.parametrize(
    ("licences", "expected"),
    [([], ["", ""]), (["MIT"], ["", "licence_not_allowed"]), (["ISC"], ["licence_not_allowed"] * 2)],
)
def test_a_licence_must_be_in_the_list_if_there_is_one(licences: list[str], expected: list[str]) -> None:
    assert reasons(candidates({"licence": "MIT"}, {"licence": "AGPL-3.0"}), licences=licences) == expected


def test_too_few_stars_is_said_before_the_licence() -> None:
    assert reasons(candidates({"stars": 1, "licence": "AGPL-3.0"}), licences=["MIT"]) == ["too_few_stars"]


def test_who_is_not_drawn_is_told_so() -> None:
    found = chosen_of(many(*["Go"] * 5), repositories=2)
    assert sorted(found["reason"]) == ["", "", "not_drawn", "not_drawn", "not_drawn"]
    assert found["chosen"].to_list() == [reason == "" for reason in found["reason"]]


def test_the_draw_is_spread_over_the_languages() -> None:
    found = chosen_of(many(*["Go"] * 20, *["C"] * 20, "Zig"), repositories=7)
    counts = dict(found.filter(pl.col("chosen")).group_by("language").len().iter_rows())
    assert counts == {"Go": 3, "C": 3, "Zig": 1}


def test_the_frame_can_be_drawn_again_by_hand() -> None:
    found = chosen_of(many(*["Go"] * 9, *["C"] * 9), seed=12, repositories=6)
    assert found["stratum"].to_list() == [f"{found['leaning'][0]}, {language}" for language in found["language"]]
    for row in found.iter_rows(named=True):
        assert row["draw_key"] == hashlib.sha256(f"12:{row['repo']}".encode()).hexdigest()
    for _, group in found.group_by("stratum"):
        keys = group.sort("draw_key")
        assert keys["chosen"].to_list() == [True] * 3 + [False] * 6


def test_only_the_eligible_are_drawn() -> None:
    rows = [{"stars": 5 if at % 2 else 50_000} for at in range(10)]
    found = chosen_of(candidates(*rows), repositories=100)
    assert found.filter(pl.col("chosen"))["stars"].to_list() == [50_000] * 5


def test_the_order_of_the_candidates_does_not_matter() -> None:
    frame = many(*["Go"] * 9, *["C"] * 9)
    assert chosen_of(frame.reverse(), repositories=5).equals(chosen_of(frame, repositories=5))


def test_a_candidate_without_stars_enough_does_not_change_the_draw_of_the_others() -> None:
    frame = many(*["Go"] * 9)
    more = pl.concat([frame, candidates({"repo": "o/small", "stars": 3})])
    chosen = [set(chosen_repositories(chosen_of(one, repositories=4))["repo"]) for one in (frame, more)]
    assert chosen[0] == chosen[1]
    assert chosen_of(more, repositories=4).height == 10


def test_another_seed_draws_others() -> None:
    frame = many(*["Go"] * 30)
    draws = {tuple(chosen_repositories(chosen_of(frame, seed=seed, repositories=5))["repo"]) for seed in range(8)}
    assert len(draws) == 8


def test_the_frame_is_whole_sorted_and_of_its_schema() -> None:
    found = chosen_of(many("Go", "C", "Go").reverse(), repositories=1)
    assert list(found.schema.items()) == list(FRAME.schema.items())
    assert found["repo"].to_list() == ["o/r0", "o/r1", "o/r2"]


def test_chosen_repositories_are_the_candidates_rows_unchanged() -> None:
    frame = many(*["Go"] * 6)
    repos = chosen_repositories(chosen_of(frame, repositories=3))
    assert list(repos.schema.items()) == list(REPOS.schema.items())
    assert repos.height == 3
    assert set(repos.rows()) <= set(frame.select(*REPOS.schema).rows())


@pytest.mark.parametrize("frame", [candidates(), candidates({"stars": 1}, {"stars": 2})], ids=["none", "none eligible"])
def test_nobody_may_be_eligible(frame: pl.DataFrame) -> None:
    found = chosen_of(frame)
    assert found.height == frame.height
    assert chosen_repositories(found).is_empty()
