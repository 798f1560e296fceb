"""Every pull request has one fate per stage, and the sums come out even or it is said where they do not."""

from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LimiError
from pipeline.ledger import STAGES, fate, funnel, lives, read_fates, reconcile, write_fates, write_fates_by_repository
from pipeline.tables import LEDGER

Fates = dict[str, pl.DataFrame]


def part(stage: str, **fates: str) -> pl.DataFrame:
    """A stage's ledger: `a="kept"`, `b="dropped:binary"`, `c="failed:objects_missing"`."""
    rows = []
    for name, text in fates.items():
        outcome, _, reason = text.partition(":")
        rows.append(fate(f"o/r#{name}", "o/r", stage, outcome, reason))
    return LEDGER.frame(rows)


def whole() -> Fates:
    """Three stages that add up."""
    return {
        "collect_prs": part("collect_prs", a="kept", b="kept", c="kept", d="failed:objects_missing"),
        "filter_prs": part("filter_prs", a="kept", b="dropped:binary", c="kept"),
        "sample_prs": part("sample_prs", a="kept", c="dropped:not_sampled"),
    }


def complaint(fates: Fates) -> str:
    with pytest.raises(LimiError) as caught:
        reconcile(fates)
    return str(caught.value)


def test_measures_become_shares() -> None:
    assert fate("o/r#1", "o/r", "s", "dropped", "binary", 2, 0) == {
        "pr_id": "o/r#1",
        "repo": "o/r",
        "stage": "s",
        "fate": "dropped",
        "reason": "binary",
        "value": 2.0,
        "limit": 0.0,
        "evidence": "",
    }
    assert (fate("o/r#1", "o/r", "s", "kept")["value"], fate("o/r#1", "o/r", "s", "kept")["limit"]) == (None, None)


def test_what_adds_up_passes() -> None:
    fates = whole()
    reconcile(fates)
    assert set(fates) == {"collect_prs", "filter_prs", "sample_prs"}


def test_no_stage_and_one_stage_add_up() -> None:
    reconcile({})
    reconcile({"collect_prs": part("collect_prs", a="kept", b="failed:x")})
    reconcile({"collect_prs": part("collect_prs")})


def test_a_lost_pull_request_is_named() -> None:
    fates = whole() | {"filter_prs": part("filter_prs", a="kept", b="dropped:binary")}
    said = complaint(fates)
    assert "collect_prs kept 3 pull requests, filter_prs has 2; lost: o/r#c;" in said
    assert "`dvc repro --force filter_prs`" in said


def test_a_pull_request_from_nowhere_is_named() -> None:
    fates = whole() | {"sample_prs": part("sample_prs", a="kept", c="kept", z="kept")}
    said = complaint(fates)
    assert "filter_prs kept 2 pull requests, sample_prs has 3; from nowhere: o/r#z;" in said
    assert "lost" not in said


@pytest.mark.parametrize("name", ["b", "d"])
def test_one_that_was_dropped_or_failed_cannot_come_back(name: str) -> None:
    after = {"filter_prs": "sample_prs", "collect_prs": "filter_prs"}["filter_prs" if name == "b" else "collect_prs"]
    kept = {"sample_prs": {"a": "kept", "c": "kept"}, "filter_prs": {"a": "kept", "b": "kept", "c": "kept"}}[after]
    assert f"from nowhere: o/r#{name}" in complaint(whole() | {after: part(after, **kept, **{name: "kept"})})


def test_one_swapped_for_another_is_seen_though_the_numbers_agree() -> None:
    said = complaint(whole() | {"sample_prs": part("sample_prs", a="kept", z="kept")})
    assert "kept 2 pull requests, sample_prs has 2; lost: o/r#c; from nowhere: o/r#z" in said


def test_the_first_break_is_told() -> None:
    fates = whole() | {"filter_prs": part("filter_prs", a="kept"), "sample_prs": part("sample_prs", z="kept")}
    assert "collect_prs kept 3" in complaint(fates)


def test_a_stage_that_is_missing_in_between_is_seen() -> None:
    fates = whole()
    del fates["filter_prs"]
    assert "collect_prs kept 3 pull requests, sample_prs has 2; lost: o/r#b" in complaint(fates)


def test_a_life_is_the_last_stage_that_a_pull_request_reached() -> None:
    found = lives(whole())
    assert list(found.schema.items()) == list(LEDGER.schema.items())
    assert found.select("pr_id", "stage", "fate", "reason").rows() == [
        ("o/r#a", "sample_prs", "kept", ""),
        ("o/r#b", "filter_prs", "dropped", "binary"),
        ("o/r#c", "sample_prs", "dropped", "not_sampled"),
        ("o/r#d", "collect_prs", "failed", "objects_missing"),
    ]


def test_lives_that_do_not_add_up_are_not_told() -> None:
    with pytest.raises(LimiError, match="does not add up"):
        lives(whole() | {"sample_prs": part("sample_prs", a="kept")})


def test_the_funnel_counts_every_loss_by_its_reason_largest_first() -> None:
    filtered = {"a": "kept", "b": "dropped:binary", "c": "dropped:empty", "d": "dropped:binary", "e": "failed:binary"}
    assert funnel({"filter_prs": part("filter_prs", **filtered)}) == [
        {
            "stage": "filter_prs",
            "entered": 5,
            "kept": 1,
            "dropped": {"binary": 2, "empty": 1},
            "failed": {"binary": 1},
        }
    ]
    (step,) = funnel({"filter_prs": part("filter_prs", **filtered)})
    assert list(step["dropped"]) == ["binary", "empty"]


def test_losses_of_equal_size_come_in_the_order_of_their_names() -> None:
    (step,) = funnel({"s": part("s", a="dropped:z", b="dropped:m", c="dropped:a")})
    assert list(step["dropped"]) == ["a", "m", "z"]


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["kept", "kept", "dropped:x", "dropped:y", "failed:x"]), max_size=8), max_size=6)
)
def test_a_funnel_of_any_run_adds_up(drawn: list[list[str]]) -> None:
    fates: Fates = {}
    entered = [f"n{at}" for at in range(8)]
    for stage, outcomes in zip(STAGES, drawn, strict=False):
        outcome = dict(zip(entered, outcomes + ["kept"] * 8, strict=False))
        fates[stage] = part(stage, **outcome)
        entered = [name for name, text in outcome.items() if text == "kept"]
    reconcile(fates)
    steps = funnel(fates)
    for step, after in pairwise(steps):
        assert after["entered"] == step["kept"]
    for step in steps:
        assert step["entered"] == step["kept"] + sum(step["dropped"].values()) + sum(step["failed"].values())
    if fates:
        assert lives(fates).height == 8
        assert lives(fates).filter(pl.col("fate") == "kept").height == steps[-1]["kept"]


def test_fates_are_written_sorted_and_read_in_the_order_of_the_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for stage in reversed(whole()):
        write_fates(stage, whole()[stage].reverse())
    found = read_fates()
    assert list(found) == ["collect_prs", "filter_prs", "sample_prs"]
    assert found["collect_prs"]["pr_id"].to_list() == ["o/r#a", "o/r#b", "o/r#c", "o/r#d"]
    reconcile(found)


def test_rows_can_be_dictionaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_fates("synthesize", (fate(f"o/r#{at}", "o/r", "synthesize", "kept") for at in (2, 1)))
    written = LEDGER.read(tmp_path / "data/ledger/synthesize.parquet")
    assert written["pr_id"].to_list() == ["o/r#1", "o/r#2"]


def test_fates_of_many_repositories_are_written_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repositories = [
        [fate(f"{repo}#{at}", repo, "filter_prs", "kept") for at in (9, 10)] for repo in ("a-b/c", "a/b", "a/c")
    ]
    write_fates_by_repository("filter_prs", (LEDGER.frame(rows) for rows in repositories))
    together = LEDGER.read(tmp_path / "data/ledger/filter_prs.parquet")
    write_fates("filter_prs", [row for rows in reversed(repositories) for row in rows])
    assert LEDGER.read(tmp_path / "data/ledger/filter_prs.parquet").equals(together)
    assert together["pr_id"].to_list()[:2] == ["a-b/c#10", "a-b/c#9"]


@pytest.mark.parametrize("order", [["a/c", "a/b"], ["a/b", "a/b"]])
def test_repositories_out_of_order_or_twice_are_not_written(
    order: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    frames = (LEDGER.frame([fate(f"{repo}#{at}", repo, "filter_prs", "kept")]) for at, repo in enumerate(order))
    with pytest.raises(LimiError, match=f"filter_prs: {order[1]} would be in the ledger twice or out of order"):
        write_fates_by_repository("filter_prs", frames)
    assert not list((tmp_path / "data/ledger").iterdir())


def test_one_pull_request_twice_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    row = fate("o/r#1", "o/r", "filter_prs", "kept")
    with pytest.raises(LimiError, match="filter_prs: o/r#1 would be in the ledger twice"):
        write_fates("filter_prs", [row, row | {"fate": "dropped"}])
    assert not list((tmp_path / "data/ledger").iterdir())


def test_a_folder_without_ledgers_has_no_stages(tmp_path: Path) -> None:
    assert read_fates(tmp_path / "nowhere") == {}
