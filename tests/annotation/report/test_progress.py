"""Progress, findings and disagreements, counted by hand."""

from typing import Any

import pytest

from annotation.judgements import Judgement, Mark
from tests.annotation.report.reviews import FOUR, NINE, REVIEW, decided, judged, metrics_of, task
from tests.annotation.submitted import EVIDENCE, LEAK

MARKS = (Mark(LEAK.name, min(LEAK.answers), "do it"), Mark(LEAK.name, min(LEAK.answers), "like that"))


def progress(judgements: list[Judgement], queries: int = 1, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = metrics_of(judgements, tasks=[task(f"gh-{at}") for at in range(1, queries + 1)], **given)[
        "progress"
    ]
    return found


def test_queries_are_counted_by_their_judgements() -> None:
    found = progress([judged("ada"), judged("bo"), judged("ada", query="gh-2")], 4)
    assert (found["queries"], found["complete"], found["begun"], found["untouched"]) == (4, 1, 1, 2)
    assert found["by_judgements"] == {"0": 2, "1": 1, "2": 1}
    assert (found["judgements"], found["first_at"]) == (3, None)


def test_everyone_is_named_with_what_they_did_of_what_they_were_given() -> None:
    judgements = [judged("ada", at=NINE), judged("ada", "reject", "gh-2"), decided("edit")]
    found = progress(judgements, 2, assigned={"ada": 5, "erin": 1})
    ada, bo = found["annotators"]
    assert (ada["name"], ada["done"], ada["assigned"], ada["last_at"]) == ("ada", 2, 5, "2026-01-05T09:00:00.000+00:00")
    assert ada["verdicts"] == {"accept": 1, "edit": 0, "reject": 1}
    assert (bo["name"], bo["done"], bo["assigned"]) == ("bo", 0, None)
    assert [(erin["name"], erin["done"], erin["assigned"]) for erin in found["adjudicators"]] == [("erin", 1, 1)]


def test_a_decision_is_no_judgement() -> None:
    found = progress([judged("ada"), decided("reject")])
    assert (found["judgements"], found["complete"], found["begun"]) == (1, 0, 1)


def test_what_comes_of_it_counts_decisions_in() -> None:
    tie = [judged("ada"), judged("bo", "reject")]
    assert progress(tie)["outcome"] == {"disputed": 1}
    found = progress([*tie, decided("reject")])
    assert (found["outcome"], found["disputes"], found["disputes_open"], found["adjudicated"]) == (
        {"reject": 1},
        1,
        0,
        1,
    )
    assert progress([*tie, decided("reject", by="femi"), decided("edit", edited_query="x")])["outcome"] == {"accept": 1}
    assert progress([judged("ada")])["outcome"] == {}


def test_open_disputes_come_first_then_decided_ones_then_mere_differences() -> None:
    judgements = [
        *(judged("ada", query="gh-1"), judged("bo", "edit", query="gh-1", notes="Too wordy.")),
        *(judged("ada", query="gh-2"), judged("bo", "reject", query="gh-2")),
        *(judged("ada", query="gh-3", realism=4), judged("bo", query="gh-3", realism=5, alignment="partial")),
        *(judged("ada", query="gh-4"), judged("bo", "reject", query="gh-4"), decided("accept", "gh-4", notes="Fine.")),
        *(judged("ada", query="gh-5", realism=1), judged("bo", query="gh-5", realism=3)),
        *(judged("ada", query="gh-7", realism=1), judged("bo", "edit", query="gh-7", realism=3)),
        *(judged("ada", query="gh-6"), judged("bo", query="gh-6")),
    ]
    found = metrics_of(judgements)["disagreements"]
    assert [(one["query_id"], one["state"], one["differ"]) for one in found] == [
        ("gh-2", "open", ["verdict"]),
        ("gh-4", "decided", ["verdict"]),
        ("gh-7", "different", ["verdict", "realism"]),
        ("gh-1", "different", ["verdict"]),
        ("gh-5", "different", ["realism"]),
    ]
    assert found[0]["why"] == ["1 of 2 reject it"]


def test_a_decision_keeps_the_dissent() -> None:
    judgements = [
        *(judged("ada", notes="It is fine."), judged("bo", "reject", reject_reasons=("trivial",), marks=MARKS)),
        *(decided("reject", by="femi"), decided("edit", edited_query="Better.")),
    ]
    (entry,) = metrics_of(judgements)["disagreements"]
    assert [(one["annotator"], one["verdict"]) for one in entry["judgements"]] == [("ada", "accept"), ("bo", "reject")]
    assert (entry["judgements"][0]["notes"], entry["judgements"][1]["reject_reasons"]) == ("It is fine.", ["trivial"])
    assert entry["judgements"][1]["marks"][1]["text"] == "like that"
    assert [one["annotator"] for one in entry["adjudications"]] == ["erin", "femi"]
    assert (entry["adjudications"][0]["edited_query"], entry["annotators_verdict"]) == ("Better.", "disputed")


def test_a_query_with_too_few_judgements_is_different_and_not_yet_disputed() -> None:
    review = FOUR.model_copy(update={"overlap": 3})
    (entry,) = metrics_of([judged("ada"), judged("bo", "reject")], review)["disagreements"]
    assert (entry["state"], entry["why"]) == ("different", [])


def test_a_decision_that_nobody_asked_for_is_shown() -> None:
    (entry,) = metrics_of([judged("ada"), judged("bo"), decided("reject")])["disagreements"]
    assert (entry["state"], entry["why"], entry["differ"]) == ("decided", [], [])


def test_reasons_and_marks_are_counted_by_label() -> None:
    judgements = [
        judged("ada", "reject", reject_reasons=("trivial", "too vague"), marks=MARKS),
        judged("bo", "reject", reject_reasons=("trivial",)),
        judged("bo", query="gh-2", marks=MARKS[:1]),
        decided("reject", reject_reasons=("unnatural",), marks=MARKS),
    ]
    found = metrics_of(judgements, REVIEW)["findings"]
    first, second, third = found["reject_reasons"][:3]
    assert (first["label"], first["times"], first["queries"], first["annotators"]) == (
        "trivial",
        2,
        1,
        {"ada": 1, "bo": 1},
    )
    assert (second["label"], second["times"], third["times"]) == ("too vague", 1, 0)
    mark = found["marks"][0]
    assert (mark["control"], mark["label"], mark["times"], mark["queries"]) == (LEAK.name, MARKS[0].label, 3, 2)
    assert mark["annotators"] == {"ada": 2, "bo": 1}


@pytest.mark.parametrize("control", [LEAK, EVIDENCE])
def test_a_label_that_nobody_gave_is_listed_with_nought(control: Any) -> None:
    found = [one for one in metrics_of([])["findings"]["marks"] if one["control"] == control.name]
    assert {one["label"] for one in found} == control.answers
    assert {one["times"] for one in found} == {0}
