"""The rules that only GitHub's facts can answer: archived, fork, inactive, language, gone."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest

from pipeline.sections import Select
from pipeline.selection import choose_repositories, chosen_repositories
from pipeline.tables import CANDIDATE_SCHEMA, REPOS

PUSHED = datetime(2025, 6, 15, 12, tzinfo=UTC)


def candidate(name: str = "o/r", **changed: Any) -> dict[str, Any]:
    known = {
        "repo": name,
        "stars": 20_000,
        "language": "Go",
        "licence": "MIT",
        "description": "",
        **dict.fromkeys(("head_sha", "pull_refs", "clone"), ""),
        "branch": "main",
        "topics": [],
        "archived": False,
        "fork": False,
        "created_at": datetime(2015, 1, 1, tzinfo=UTC),
        "pushed_at": PUSHED,
        "taken_at": datetime(2026, 11, 1, tzinfo=UTC),
    }
    return known | changed


def choose(*rows: dict[str, Any], seed: int = 3, gone: tuple[str, ...] = (), **changed: Any) -> pl.DataFrame:
    known: dict[str, Any] = {"min_stars": 10_000, "repositories": 100, "licences": [], "languages": [], "archived": "drop",
                             "forks": "drop", "active_since": ""}  # fmt: skip
    return choose_repositories(pl.DataFrame(rows, schema=CANDIDATE_SCHEMA), Select(**known | changed), seed, gone)


def reason(row: dict[str, Any], gone: tuple[str, ...] = (), **changed: Any) -> str:
    (found,) = choose(row, gone=gone, **changed)["reason"]
    return str(found)


@pytest.mark.parametrize(("flag", "name", "parameter"), [("archived",) * 3, ("fork", "fork", "forks")])
def test_an_archived_one_and_a_fork_are_chosen_only_if_the_parameters_keep_them(
    flag: str, name: str, parameter: str
) -> None:
    assert reason(candidate(**{flag: True})) == name
    assert reason(candidate(**{flag: True}), **{parameter: "keep"}) == ""
    assert reason(candidate(**{flag: False})) == ""


@pytest.mark.parametrize("flag", ["archived", "fork"])
def test_where_nobody_knows_a_flag_it_does_not_count(flag: str) -> None:
    assert reason(candidate(**{flag: None})) == ""


@pytest.mark.parametrize(
    ("since", "expected"), [("", ""), ("2025-06-14", ""), ("2025-06-15", ""), ("2025-06-16", "inactive")]
)
def test_a_push_on_the_day_or_later_is_active(since: str, expected: str) -> None:
    assert reason(candidate(), active_since=since) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(0, ""), (-1, "inactive")])
def test_the_day_begins_at_midnight_of_greenwich(seconds: int, expected: str) -> None:
    midnight = datetime(2025, 6, 15, tzinfo=UTC) + timedelta(seconds=seconds)
    assert reason(candidate(pushed_at=midnight), active_since="2025-06-15") == expected
    elsewhere = midnight.astimezone(timezone(timedelta(hours=9)))
    assert reason(candidate(pushed_at=elsewhere), active_since="2025-06-15") == expected


def test_where_nobody_knows_the_last_push_it_does_not_count() -> None:
    assert reason(candidate(pushed_at=None), active_since="2026-01-01") == ""


@pytest.mark.parametrize(
    ("language", "languages", "expected"),
    [
        ("Go", [], ""),
        ("Go", ["Go", "C"], ""),
        ("Go", ["C"], "language_not_allowed"),
        ("Go", ["go"], "language_not_allowed"),
        ("none", ["Go"], "language_not_allowed"),
        ("none", ["none"], ""),
    ],
)
def test_a_language_must_be_in_the_list_if_there_is_one(language: str, languages: list[str], expected: str) -> None:
    assert reason(candidate(language=language), languages=languages) == expected


def test_what_is_gone_is_not_chosen_and_told_so() -> None:
    assert reason(candidate(), gone=("o/r",)) == "gone"
    assert reason(candidate(), gone=("o/other",)) == ""
    assert not choose(candidate(), gone=("o/r",))["chosen"].any()


BROKEN = {
    "too_few_stars": {"stars": 10_000},
    "licence_not_allowed": {"licence": "NONE"},
    "language_not_allowed": {"language": "C"},
    "archived": {"archived": True},
    "fork": {"fork": True},
    "inactive": {"pushed_at": datetime(2020, 1, 1, tzinfo=UTC)},
}
STRICT = {"licences": ["MIT"], "languages": ["Go"], "active_since": "2025-01-01"}


@pytest.mark.parametrize("first", range(len(BROKEN)))
def test_of_several_reasons_the_first_of_the_list_is_told(first: int) -> None:
    reasons = list(BROKEN)
    changed: dict[str, Any] = {}
    for name in reasons[first:]:
        changed |= BROKEN[name]
    assert reason(candidate(**changed), gone=("o/r",), **STRICT) == reasons[first]


def many(count: int) -> list[dict[str, Any]]:
    return [candidate(f"o/r{at:03d}", language=["Go", "C", "Rust"][at % 3]) for at in range(count)]


def test_in_place_of_what_is_gone_another_is_drawn() -> None:
    first = set(chosen_repositories(choose(*many(60), repositories=9))["repo"])
    lost = sorted(first)[:2]
    again = choose(*many(60), repositories=9, gone=tuple(lost))
    assert set(chosen_repositories(again)["repo"]).isdisjoint(lost)
    assert again["chosen"].sum() == 9
    assert set(again.filter(pl.col("reason") == "gone")["repo"]) == set(lost)


def test_a_redraw_is_the_draw_of_a_world_that_never_had_it() -> None:
    rows = many(60)
    lost = sorted(chosen_repositories(choose(*rows, repositories=9))["repo"])[:3]
    without = choose(*(row for row in rows if row["repo"] not in lost), repositories=9)
    redrawn = choose(*rows, repositories=9, gone=tuple(lost))
    assert set(chosen_repositories(redrawn)["repo"]) == set(chosen_repositories(without)["repo"])


def test_the_ineligible_change_nothing_of_the_draw() -> None:
    rows = many(40)
    others = [candidate(f"o/x{at}", **changed) for at, changed in enumerate(BROKEN.values())]
    plain = chosen_repositories(choose(*rows, repositories=7, active_since="2025-01-01"))
    mixed = chosen_repositories(choose(*others[3:], *rows, repositories=7, active_since="2025-01-01"))
    assert mixed.equals(plain)


def test_the_leaning_comes_from_description_and_topics() -> None:
    frame = choose(
        candidate("o/a", description="Deploy containers to Kubernetes with Docker and Terraform"),
        candidate("o/b", topics=["profiling", "benchmark"]),
        candidate("o/c", description="A React component library with CSS for the browser"),
    )
    assert frame["leaning"].to_list() == ["deployment", "optimization", "front-end"]
    assert frame["stratum"].to_list() == ["deployment, Go", "optimization, Go", "front-end, Go"]


def test_equal_shares_go_to_the_leanings_before_the_languages() -> None:
    rows = [candidate(f"o/k{at}", description="kubernetes docker terraform deploy") for at in range(20)]
    rows += [candidate(f"o/w{at}", description="react css browser component", language="C") for at in range(20)]
    rows += [candidate(f"o/v{at}", description="react css browser component", language="Zig") for at in range(20)]
    chosen = choose(*rows, repositories=8).filter(pl.col("chosen"))
    assert dict(chosen.group_by("stratum").len().iter_rows()) == {
        "deployment, Go": 4,
        "front-end, C": 2,
        "front-end, Zig": 2,
    }


def test_no_candidate_at_all_is_an_empty_frame() -> None:
    frame = choose(gone=("o/r",), **STRICT)
    assert frame.is_empty()
    assert list(chosen_repositories(frame).schema.items()) == list(REPOS.schema.items())
