"""Candidates carry what the reviewers gave, in whole thousandths, and texts that are alike share an attribute."""

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.pooling.candidates import candidates_of, from_people, from_reviews, thousandths, with_texts
from pipeline.real_world import RealWorldQuery
from tests.pipeline.pooling.pools import query

REVIEW = {
    **{"query_id": "gh-1", "pr_id": "o/a#1", "repo": "o/a", "verdict": "accept", "domain": "x", "sub_domain": "y"},
    **{"reviewed_domain": "vibe-coding", "reviewed_sub_domain": "debugging", "agreement": 2 / 3, "domain_fit": 1.0},
    **{"alignment": 0.5, "leakage": 0.12345, "realism": 4.5},
}

PERSON = RealWorldQuery(
    id="rw-001",
    query="Why does my page load twice?",
    domain="vibe-coding",
    sub_domain="front-end",
    success_criteria=["It loads once."],
    contributor_role="developer",
    source="written for a test",
    licence="CC-BY-4.0",
    consent=True,
)


def test_only_accepted_queries_are_candidates_as_their_reviewers_placed_them() -> None:
    (found,) = from_reviews([REVIEW, REVIEW | {"verdict": "reject"}, REVIEW | {"verdict": "disputed"}], {"o/a#1": "Go"})
    assert found.id == "gh-1"
    assert found.attributes == {
        **{
            "origin": "github_pr",
            "domain": "vibe-coding",
            "sub_domain": "debugging",
            "language": "Go",
            "repository": "o/a",
        }
    }
    assert found.marks == {"agreement": 667, "domain_fit": 1000, "alignment": 500, "leakage": 123, "realism": 4500}
    assert from_reviews([REVIEW], {})[0].attributes["language"] == ""


def test_all_candidates_of_a_run_from_its_tables() -> None:
    reviewed = pl.DataFrame(
        [
            REVIEW | {"query": "Sort the table of invoices by date"},
            REVIEW | {"query_id": "gh-2", "pr_id": "o/a#2", "query": "Make the start page load faster"},
            REVIEW
            | {
                "query_id": "gh-3",
                "pr_id": "o/a#3",
                "query": "Sort the table of invoices by date",
                "verdict": "reject",
            },
        ]
    )
    sampled = pl.DataFrame(
        {"pr_id": ["o/a#1", "o/a#2"], "languages": [["Go", "C"], []], "language": ["Rust", "Rust"]},
    )
    people = [PERSON.model_copy(update={"query": "Make the start page load faster"})]
    found = {one.id: one.attributes for one in candidates_of(people, reviewed, sampled, 0.9)}
    assert sorted(found) == ["gh-1", "gh-2", "rw-001"]
    assert {name: of.get("language") for name, of in found.items()} == {"gh-1": "Go", "gh-2": "Rust", "rw-001": None}
    assert {name: of.get("text") for name, of in found.items()} == {"gh-1": None, "gh-2": "gh-2", "rw-001": "gh-2"}


def test_real_world_queries_are_candidates_without_marks() -> None:
    (found,) = from_people([PERSON])
    assert (found.attributes["origin"], found.attributes["sub_domain"], found.marks) == ("real_world", "front-end", {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -2e6])
def test_a_mark_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(UserError, match="is no mark"):
        thousandths(value)


def test_texts_that_are_alike_share_the_first_one_s_id_whatever_the_order() -> None:
    texts = {
        "a": "Please make the start page load faster on slow phones",
        "b": "Sort the table of invoices by date, newest first",
        "c": "Please make the start page load faster on slow tablets",
    }
    for names in ("abc", "cba"):
        found = {one.id: one.attributes.get("text") for one in with_texts([query(name) for name in names], texts, 0.6)}
        assert found == {"a": "a", "b": None, "c": "a"}
    assert all("text" not in one.attributes for one in with_texts([query(name) for name in "abc"], texts, 0.99))
