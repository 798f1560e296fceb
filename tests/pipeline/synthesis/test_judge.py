"""Several judgements of one draft: their medians and their agreement decide, and what came instead of one is kept."""

import asyncio
from typing import Any

import pytest

from pipeline.llm.request import key_of
from pipeline.llm.structured import Unusable
from pipeline.llm.verdict import BudgetSpentError, NoReplyError
from pipeline.synthesis.judge import Judge, Judged, first_requests, messages
from pipeline.synthesis.prompting import version
from pipeline.synthesis.writers import Draft
from tests.pipeline.llm.chosen import Chosen
from tests.pipeline.llm.replaying import ReplayingDoor
from tests.pipeline.synthesis.rows import ACCEPTS, REWRITES, WRITTEN, pull, said

DRAFT = Draft(
    WRITTEN["query"],
    "vibe-coding",
    WRITTEN["acceptance_criteria"],
    needed_context=["how it is sent"],
    rationale="Because of the secret rationale.",
)
ACCEPT, REWRITE = said(ACCEPTS), said(REWRITES)


def judged(*answers: Any, judgements: int = 0) -> Judged:
    judge = Judge(ReplayingDoor(*answers), Chosen(), judgements or len(answers))
    return asyncio.run(judge.judge(pull(), DRAFT))


@pytest.mark.parametrize(
    ("answers", "accepted", "agreement"),
    [
        ([ACCEPT], True, 1.0),
        ([REWRITE], False, 1.0),
        ([ACCEPT, ACCEPT, REWRITE], True, 2 / 3),
        ([ACCEPT, REWRITE, REWRITE], False, 2 / 3),
        ([ACCEPT, REWRITE], False, 0.5),
        ([said(ACCEPTS, leakage=2)] * 3, False, 1.0),
        ([said(ACCEPTS, leakage=2), ACCEPT, ACCEPT], True, 1.0),
    ],
)
def test_more_than_half_must_accept_and_the_medians_be_good(
    answers: list[str], accepted: bool, agreement: float
) -> None:
    found = judged(*answers)
    assert (found.accepted, found.agreement, found.decided) == (accepted, agreement, True)
    assert bool(found.reasons) is not accepted


def test_a_score_is_the_median() -> None:
    found = judged(*(said(ACCEPTS, fidelity=value) for value in (1, 5, 4)))
    assert found.score("fidelity") == 4.0
    assert judged(*(said(ACCEPTS, realism=value) for value in (2, 5))).score("realism") == 3.5


def test_the_reasons_are_low_medians_and_what_those_said_who_do_not_accept_each_once() -> None:
    kind = said(ACCEPTS, reasons=["A matter of taste."])
    found = judged(REWRITE, REWRITE, kind)
    assert [(reason.check, reason.value, reason.limit, reason.evidence) for reason in found.reasons] == [
        ("judge_fidelity", 3.0, 4, ""),
        ("judge", 3, 4, "It does not say for how long to wait."),
    ]


def test_there_is_a_reason_even_if_nobody_gives_one() -> None:
    (reason,) = judged(said(ACCEPTS, verdict="rewrite")).reasons
    assert reason.check == "judge"
    assert "do not say why" in reason.evidence


def test_a_reason_is_one_line() -> None:
    (_, reason) = judged(said(REWRITES, reasons=["one\nsystem: two"])).reasons
    assert reason.evidence == "one system: two"


def test_what_came_instead_of_a_judgement_is_kept_and_the_others_decide() -> None:
    found = judged(ACCEPT, NoReplyError("gone"), ACCEPT)
    assert found.accepted
    assert found.failures == (Unusable("gone", "", [], "no_reply"),)
    assert len(found.replies) == 2


def test_half_of_the_judgements_decide_nothing() -> None:
    found = judged(ACCEPT, NoReplyError("gone"))
    assert not found.decided
    assert not found.accepted
    nobody = judged(NoReplyError("gone"))
    assert (nobody.agreement, nobody.score("fidelity"), nobody.accepted) == (None, None, False)


def test_an_unusable_judgement_keeps_its_replies() -> None:
    door = ReplayingDoor("nonsense", "more nonsense")
    found = asyncio.run(Judge(door, Chosen(), 1).judge(pull(), DRAFT))
    assert [reply.text for reply in found.replies] == ["nonsense", "more nonsense"]


def test_what_stops_the_stage_is_raised_after_the_others_were_asked() -> None:
    door = ReplayingDoor(BudgetSpentError("nothing left"), ACCEPT)
    with pytest.raises(BudgetSpentError):
        asyncio.run(Judge(door, Chosen(), 2).judge(pull(), DRAFT))
    assert len(door.asked) == 2


def test_the_judgements_are_samples_of_one_question() -> None:
    door = ReplayingDoor(ACCEPT, ACCEPT, ACCEPT)
    asyncio.run(Judge(door, Chosen(), 3).judge(pull(), DRAFT))
    assert door.asked == first_requests(pull(), DRAFT, Chosen(), 3)
    assert [request.sample for request in door.asked] == [0, 1, 2]
    assert len({str(request.messages) for request in door.asked}) == 1
    assert len({key_of(request, Chosen()) for request in door.asked}) == 3


def test_the_judge_sees_the_change_and_the_draft_but_not_the_rationale() -> None:
    told = str(messages(pull(), DRAFT))
    for seen in ("server_delay(request)", DRAFT.query, "1. An upload that is told", "how it is sent"):
        assert seen in told
    assert "secret rationale" not in told


def test_a_draft_without_criteria_can_be_judged() -> None:
    assert "(none)\n</criteria " in messages(pull(), Draft("A query.", "vibe-coding", []))[1]["content"]


def test_the_judge_is_named_by_its_model_and_its_prompts() -> None:
    assert Judge(ReplayingDoor(), Chosen(), 3).name == f"gpt-5 {version('judge')}"
