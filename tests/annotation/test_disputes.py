"""A query goes to an adjudicator for two reasons and no other, with everything that was said of it."""

import copy
import itertools
from dataclasses import replace
from typing import Any

import pytest

from annotation.disputes import disputed_tasks, disputes
from annotation.judgements import Judgement
from tests.annotation.judged import LEAKS, NAMES, SIDES, SUPPORTS, decided, judged
from tests.annotation.render.page import read
from tests.annotation.render.payloads import HTML, MARKDOWN
from tests.annotation.submitted import TASKS

ALIGNMENT = "the alignment is full for one and none for another"


def reasons(*judgements: Judgement, overlap: int = 2) -> list[str]:
    """Why the one query of these judgements is disputed; empty where it is not."""
    found = disputes(list(judgements), overlap)
    assert set(found) <= {"gh-1"}
    return found.get("gh-1", [])


@pytest.mark.parametrize("count", [2, 3, 4])
def test_keep_against_reject_is_disputed_even_where_one_side_is_larger(count: int) -> None:
    for verdicts in itertools.product(SIDES, repeat=count):
        given = [judged(by, verdict, edited_query="") for by, verdict in zip(NAMES, verdicts, strict=False)]
        rejecting = verdicts.count("reject")
        expected = [f"{rejecting} of {count} reject it"] if 0 < rejecting < count else []
        assert reasons(*given) == expected, verdicts


def test_an_agreed_query_is_no_dispute() -> None:
    assert reasons(judged("ada"), judged("bo")) == []
    assert reasons(judged("ada", "reject"), judged("bo", "reject")) == []
    assert disputes([], 2) == {}


def test_edited_texts_are_no_dispute_however_many() -> None:
    assert reasons(judged("ada", "edit"), judged("bo")) == []
    assert reasons(*(judged(by, "edit") for by in NAMES)) == []


def test_an_alignment_of_full_against_none_is_disputed() -> None:
    assert reasons(judged("ada", alignment="full"), judged("bo", alignment="none")) == [ALIGNMENT]
    for one, other in (("full", "partial"), ("partial", "none"), ("none", "none")):
        assert reasons(judged("ada", alignment=one), judged("bo", alignment=other)) == []


def test_another_domain_rating_or_note_is_no_dispute() -> None:
    other = {"realism": 1, "domain": "research-workflow", "sub_domain": "debugging", "notes": "x", "marks": (LEAKS,)}
    assert reasons(judged("ada", realism=5), judged("bo", **other)) == []


def test_all_reasons_are_told() -> None:
    given = [judged("ada", "edit", alignment="none"), judged("bo", "edit"), judged("chidi", "reject")]
    assert reasons(*given) == ["1 of 3 reject it", ALIGNMENT]


def test_too_few_judgements_are_not_disputed_yet() -> None:
    given = [judged("ada"), judged("bo", "reject")]
    assert reasons(*given, overlap=3) == []
    assert reasons(*given, overlap=2) == ["1 of 2 reject it"]
    assert reasons(*given, judged("chidi"), overlap=2) == ["1 of 3 reject it"]


def test_what_an_adjudicator_said_is_no_judgement_of_the_dispute() -> None:
    assert reasons(judged("ada"), decided("reject")) == []
    assert reasons(judged("ada"), judged("bo"), decided("reject", alignment="none")) == []
    assert reasons(judged("ada"), judged("bo", "reject"), decided()) == ["1 of 2 reject it"]


def test_each_query_is_disputed_by_itself() -> None:
    given = [
        judged("ada", "reject", 2),
        judged("bo", "accept", 2),
        judged("ada", "reject", 1),
        judged("bo", "reject", 1),
    ]
    given += [judged("ada", "accept", 3), judged("bo", "reject", 3), judged("ada", "reject", 4)]
    assert list(disputes(given, 2)) == ["gh-2", "gh-3"]
    assert disputes(given, 2) == disputes(given[::-1], 2)


def disputed(*judgements: Judgement) -> list[dict[str, Any]]:
    before = copy.deepcopy(TASKS)
    found = disputed_tasks(TASKS, list(judgements), 2)
    assert before == TASKS
    return found


def test_only_disputed_tasks_are_given_with_all_that_they_had() -> None:
    found = disputed(judged("ada", number=2), judged("bo", "reject", 2), judged("ada"), judged("bo"))
    (task,) = found
    assert task["meta"] == TASKS[1]["meta"]
    assert {name: task["data"][name] for name in TASKS[1]["data"]} == TASKS[1]["data"]
    assert set(task["data"]) == {*TASKS[1]["data"], "reviews_html"}


def test_a_dispute_of_a_task_that_is_gone_is_left_out() -> None:
    assert disputed(judged("ada", number=9), judged("bo", "reject", number=9)) == []


def test_the_adjudicator_sees_why_and_everything_that_was_said() -> None:
    (task,) = disputed(
        judged("ada", "edit", notes="nearly", realism=2, marks=(LEAKS, SUPPORTS)),
        judged("bo", "reject", reject_reasons=("too vague", "trivial"), sub_domain="debugging"),
    )
    shown = read(task["data"]["reviews_html"]).text
    said = ["1 of 2 reject it", "ada: edit", "So says ada.", "nearly", "realism 2", "leaks-solution: “by caching”"]
    said += ["supports: “+cache”", "bo: reject", "too vague", "trivial", "sub_domain debugging", "alignment full"]
    assert [words for words in said if words not in shown] == []
    assert shown.index("ada: edit") < shown.index("So says ada.") < shown.index("bo: reject")


def test_an_adjudicators_own_words_are_not_shown_to_another() -> None:
    (task,) = disputed(judged("ada"), judged("bo", "reject"), decided(notes="I know better"))
    assert "erin" not in task["data"]["reviews_html"]
    assert "better" not in task["data"]["reviews_html"]


@pytest.mark.parametrize("payload", HTML | MARKDOWN)
def test_nothing_that_an_annotator_wrote_runs_at_the_adjudicators(payload: str) -> None:
    raw = (HTML | MARKDOWN)[payload]
    mark = replace(LEAKS, text=raw)
    (task,) = disputed(
        judged("ada", "edit", edited_query=raw, notes=raw, marks=(mark,)),
        judged("bo", "reject", reject_reasons=(raw,), alignment="none"),
    )
    page = read(task["data"]["reviews_html"])
    assert [problem for problem in page.problems if not problem.startswith("the attribute class=")] == []
