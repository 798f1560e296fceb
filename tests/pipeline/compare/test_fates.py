"""The fate after the comparison: whom a benchmark names, and who repeats an older one, goes; the others stay with what was found."""

from typing import Any

import polars as pl
import pytest

from pipeline.compare.fates import compared
from pipeline.params import Compare
from pipeline.tables import FACTS, LEDGER, REPEATS

NAMED = ["SWE-bench: repository a/b", "Other: pull a/b#1"]


def chosen(**changed: Any) -> Compare:
    standard = {"contamination": ["repository", "pull", "diff"], "lists": "x", "duplicates": "drop", "similarity": 0.8}
    return Compare(**(standard | changed))


def fate_of(named: list[str], repeat: dict[str, Any] | None = None, **changed: Any) -> tuple[Any, ...]:
    facts = pl.DataFrame(
        {"pr_id": ["a/b#1", "a/b#2"], "repo": ["a/b", "a/b"], "contamination": [named, []]},
        {name: FACTS.schema[name] for name in ("pr_id", "repo", "contamination")},
    )
    found = compared(facts, REPEATS.frame([{"pr_id": "a/b#1"} | repeat] if repeat else []), chosen(**changed))
    assert dict(found.schema) == LEDGER.schema
    assert found.row(1) == ("a/b#2", "a/b", "compare_prs", "kept", "", None, None, "")
    return found.select("fate", "reason", "value", "limit", "evidence").row(0)


EXACT = {"keeper": "c/d#9", "kind": "exact", "similarity": 1.0, "through": ""}
NEAR = {"keeper": "c/d#9", "kind": "near", "similarity": 0.9, "through": ""}


def test_who_repeats_nobody_and_is_not_named_stays() -> None:
    assert fate_of([]) == ("kept", "", None, None, "")


def test_a_repeat_goes_and_says_whom_it_repeats() -> None:
    assert fate_of([], EXACT) == ("dropped", "duplicate", 1.0, 0.8, "repeats c/d#9")
    assert fate_of([], NEAR) == ("dropped", "near_duplicate", 0.9, 0.8, "repeats c/d#9")


def test_a_repeat_through_another_says_so() -> None:
    linked = NEAR | {"similarity": 0.7, "through": "e/f#3"}
    assert fate_of([], linked) == ("dropped", "near_duplicate", 0.7, 0.8, "repeats c/d#9 through e/f#3")


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
