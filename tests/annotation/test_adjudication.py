"""An adjudicator decides alone, and what the annotators had said stays beside the decision."""

import hashlib
import itertools
from typing import Any

import pytest

from annotation.agreement import merge
from annotation.judgements import Judgement
from pipeline.query_tables import QUERIES, REVIEWED
from tests.annotation.judged import LEAKS, NAMES, SIDES, SUPPORTS, decided, judged, query
from tests.annotation.test_agreement import by_hand

THEIRS = ("reviews", "annotators", "verdicts", "agreement", "annotators_verdict", "alignment", "realism")


def merged(*judgements: Judgement, overlap: int = 2) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and the one query's fate."""
    reviewed, (fate,) = merge(QUERIES.frame([query()]), list(judgements), overlap)
    assert dict(reviewed.schema) == REVIEWED.schema
    return reviewed.to_dicts(), fate


def row(*judgements: Judgement) -> dict[str, Any]:
    ((found,), _) = merged(*judgements)
    return found


@pytest.mark.parametrize("decision", SIDES)
def test_the_adjudicator_decides_alone_whatever_the_annotators_said(decision: str) -> None:
    for verdicts in itertools.product(SIDES, repeat=3):
        judgements = [judged(by, verdict) for by, verdict in zip(NAMES, verdicts, strict=False)]
        found, without = row(decided(decision), *judgements), row(*judgements)
        assert found["verdict"] == ("reject" if decision == "reject" else "accept"), verdicts
        assert found["query"] == ("So says erin." if decision == "edit" else "Please do 1.")
        assert found["edited_by"] == ("erin" if decision == "edit" else "")
        assert found["query_sha256"] == hashlib.sha256(found["query"].encode()).hexdigest()
        assert (found["adjudicated_by"], without["adjudicated_by"]) == ("erin", "")
        assert found["annotators_verdict"] == by_hand(verdicts)
        assert {name: found[name] for name in THEIRS} == {name: without[name] for name in THEIRS}
        assert found == row(*judgements, decided(decision))


def test_a_dispute_is_settled_by_the_adjudicator() -> None:
    def fate_of(*judgements: Judgement) -> tuple[str, str, float | None]:
        _, fate = merged(judged("ada"), judged("bo", "reject"), *judgements)
        return fate["fate"], fate["reason"], fate["value"]

    assert fate_of() == ("dropped", "disputed", 0.5)
    assert fate_of(decided("accept")) == ("kept", "", None)
    assert fate_of(decided("edit")) == ("kept", "", None)
    assert fate_of(decided("reject")) == ("dropped", "rejected", 0.5)


def test_the_dissent_is_kept_beside_the_decision() -> None:
    found = row(
        decided("accept", notes="It does ask for it.", marks=(SUPPORTS,)),
        judged("bo", "reject", reject_reasons=("too vague", "trivial"), notes="dull", marks=(LEAKS,)),
        judged("ada", "edit", notes="nearly"),
    )
    assert (found["verdict"], found["annotators_verdict"], found["verdicts"]) == (
        "accept",
        "disputed",
        ["edit", "reject"],
    )
    assert found["reject_reasons"] == ["too vague", "trivial"]
    assert found["notes"] == [
        {"annotator": "ada", "text": "nearly"},
        {"annotator": "bo", "text": "dull"},
        {"annotator": "erin", "text": "It does ask for it."},
    ]
    assert found["marked"] == [{"annotator": "bo", "label": "leaks-solution", "text": "by caching"}]


def test_what_the_adjudicator_says_against_it_is_kept_too() -> None:
    found = row(judged("ada"), judged("bo"), decided("reject", reject_reasons=("unnatural",), marks=(LEAKS,)))
    assert found["reject_reasons"] == ["unnatural"]
    assert found["marked"] == [{"annotator": "erin", "label": "leaks-solution", "text": "by caching"}]


def test_an_edit_by_an_annotator_falls_with_the_adjudicators_acceptance() -> None:
    found = row(judged("ada", "edit"), judged("bo", "edit"), decided("accept"))
    assert (found["query"], found["edited_by"]) == ("Please do 1.", "")


def test_the_adjudicator_gives_the_domain_and_the_annotators_fit_is_measured_on_it() -> None:
    theirs = [judged("ada", sub_domain="debugging"), judged("bo", sub_domain="debugging"), judged("chidi")]
    found = row(*theirs, decided(sub_domain="front-end"))
    assert (found["reviewed_sub_domain"], found["domain_fit"], found["sub_domain"]) == ("front-end", 0.0, "back-end")
    found = row(*theirs, decided(sub_domain="debugging"))
    assert (found["reviewed_sub_domain"], found["domain_fit"]) == ("debugging", pytest.approx(2 / 3))
    found = row(*theirs, decided(domain="research-workflow"))
    assert (found["reviewed_domain"], found["reviewed_sub_domain"]) == ("research-workflow", "back-end")


def test_the_means_are_those_of_the_annotators() -> None:
    found = row(judged("ada", realism=2), judged("bo", realism=3), decided(alignment="none", realism=5))
    assert (found["alignment"], found["realism"], found["reviews"]) == (1.0, 2.5, 2)
    assert "erin" not in found["annotators"]


def test_an_adjudication_does_not_stand_in_for_a_judgement_that_is_missing() -> None:
    rows, fate = merged(judged("ada"), decided("accept"))
    assert rows == []
    assert (fate["fate"], fate["reason"], fate["value"]) == ("dropped", "unreviewed", 1.0)
    assert merged(decided("accept"), overlap=1)[1]["reason"] == "unreviewed"


def test_of_two_adjudications_the_first_by_name_decides_whatever_the_order() -> None:
    theirs = [judged("ada"), judged("bo", "reject")]
    both = [decided("reject", by="femi"), decided("edit", by="erin")]
    assert row(*theirs, *both) == row(*both, *theirs) == row(*theirs, *reversed(both))
    assert (row(*theirs, *both)["adjudicated_by"], row(*theirs, *both)["query"]) == ("erin", "So says erin.")


def test_an_adjudication_counts_for_its_own_query_only() -> None:
    judgements = [
        judged(by, verdict, number) for number in (1, 2) for by, verdict in (("ada", "accept"), ("bo", "reject"))
    ]
    reviewed, fates = merge(QUERIES.frame([query(2), query(1)]), [*judgements, decided(number=2)], 2)
    assert reviewed.select("query_id", "verdict", "adjudicated_by").rows() == [
        ("gh-1", "disputed", ""),
        ("gh-2", "accept", "erin"),
    ]
    assert [fate["reason"] for fate in fates] == ["disputed", ""]
