"""The fate after the comparison: whom a benchmark names, and who repeats an older one, goes; the others stay with what was found."""

from typing import Any

import polars as pl
import pytest

from pipeline.compare.fates import NAMES, compared, named_clusters
from pipeline.sections import Compare
from pipeline.tables import FACTS, LEDGER, REPEATS

NAMED = ["SWE-bench: repository a/b", "Other: pull a/b#1"]


def chosen(**changed: Any) -> Compare:
    standard = {"contamination": ["repository", "pull", "diff"], "lists": "x", "duplicates": "drop", "similarity": 0.8}
    return Compare(**(standard | changed))


def fates_of(
    facts: dict[str, list[str]], repeats: dict[str, dict[str, Any]], **changed: Any
) -> dict[str, tuple[Any, ...]]:
    frame = pl.DataFrame(
        {"pr_id": list(facts), "repo": [pr_id.split("#")[0] for pr_id in facts], "contamination": list(facts.values())},
        {name: FACTS.schema[name] for name in ("pr_id", "repo", "contamination")},
    )
    found = REPEATS.frame([{"pr_id": pr_id} | repeat for pr_id, repeat in repeats.items()])
    parameters = chosen(**changed)
    named = named_clusters(frame.lazy(), found.lazy(), parameters)
    assert dict(named.schema) == NAMES
    fates = compared(frame, found, named, parameters)
    assert dict(fates.schema) == LEDGER.schema
    assert fates["pr_id"].to_list() == list(facts)
    return {row[0]: row[3:] for row in fates.iter_rows()}


def fate_of(named: list[str], repeat: dict[str, Any] | None = None, **changed: Any) -> tuple[Any, ...]:
    fates = fates_of({"a/b#1": named, "a/b#2": []}, {"a/b#1": repeat} if repeat else {}, **changed)
    assert fates["a/b#2"] == ("kept", "", None, None, "")
    return fates["a/b#1"]


EXACT = {"keeper": "c/d#9", "kind": "exact", "similarity": 1.0}
NEAR = {"keeper": "c/d#9", "kind": "near", "similarity": 0.9}


def test_who_repeats_nobody_and_is_not_named_stays() -> None:
    assert fate_of([]) == ("kept", "", None, None, "")


def test_a_repeat_goes_and_says_whom_it_repeats() -> None:
    assert fate_of([], EXACT) == ("dropped", "duplicate", 1.0, 0.8, "repeats c/d#9")
    assert fate_of([], NEAR) == ("dropped", "near_duplicate", 0.9, 0.8, "repeats c/d#9")


def test_a_repeat_that_may_stay_is_flagged() -> None:
    assert fate_of([], EXACT, duplicates="keep") == ("kept", "", None, None, "repeats c/d#9")


def test_whom_a_benchmark_names_goes_and_all_its_lists_are_named() -> None:
    assert fate_of(NAMED) == ("dropped", "contaminated", None, None, "; ".join(NAMED))


@pytest.mark.parametrize(
    ("kinds", "named", "fate"),
    [
        (["repository"], NAMED, "dropped"),
        (["pull"], NAMED, "dropped"),
        (["diff"], NAMED, "kept"),
        ([], NAMED, "kept"),
        (["pull", "diff"], NAMED[:1], "kept"),
        (["diff"], ["B: diff 00"], "dropped"),
        (["diff"], ["B diff: repository a/b"], "kept"),
    ],
)
def test_only_the_chosen_kinds_drop_and_the_others_flag(kinds: list[str], named: list[str], fate: str) -> None:
    found = fate_of(named, contamination=kinds)
    assert (found[0], found[4]) == (fate, "; ".join(named))


def test_who_is_named_and_a_repeat_goes_as_named_with_both_told() -> None:
    assert fate_of(NAMED[:1], EXACT) == ("dropped", "contaminated", None, None, f"{NAMED[0]}; repeats c/d#9")


FIRST = {"keeper": "x/y#1", "kind": "near", "similarity": 0.9}
CLUSTER = {"x/y#2": FIRST, "x/y#3": FIRST}


@pytest.mark.parametrize("duplicates", ["drop", "keep"])
@pytest.mark.parametrize("at", ["x/y#1", "x/y#2", "x/y#3"])
def test_what_says_the_same_as_a_named_one_goes_with_it_older_or_newer(at: str, duplicates: str) -> None:
    facts = {pr_id: ["B: pull " + at] if pr_id == at else [] for pr_id in ("x/y#1", "x/y#2", "x/y#3", "x/y#4")}
    fates = fates_of(facts, CLUSTER, duplicates=duplicates)
    assert {pr_id: fate[1] for pr_id, fate in fates.items()} == {
        "x/y#1": "contaminated",
        "x/y#2": "contaminated",
        "x/y#3": "contaminated",
        "x/y#4": "",
    }
    for pr_id in {"x/y#1", "x/y#2", "x/y#3"} - {at}:
        assert f"says the same as {at}, B: pull {at}" in fates[pr_id][4]


def test_what_says_the_same_as_one_that_is_only_flagged_stays() -> None:
    facts = {"x/y#1": ["B: repository x/y"], "x/y#2": []}
    fates = fates_of(facts, {"x/y#2": FIRST}, contamination=["pull"])
    assert [fate[1] for fate in fates.values()] == ["", "near_duplicate"]
