"""A draft that is not good is written again with the reasons, so often and no more, and every draft is kept."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.llm.structured import Unusable
from pipeline.llm.verdict import BudgetSpentError, NoReplyError
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.judge import Judge
from pipeline.synthesis.model_writer import ModelWriter
from pipeline.synthesis.rewriting import Outcome, WithoutModel, written
from pipeline.synthesis.writers import Draft
from tests.pipeline.llm.chosen import Chosen
from tests.pipeline.llm.replaying import COST, ReplayingDoor
from tests.pipeline.synthesis.rows import ACCEPTS, LEAKING, LIMITS, REWRITES, WRITTEN, pull, said

GOOD, LEAKS = said(WRITTEN), said(LEAKING)
BETTER = said(WRITTEN, query=WRITTEN["query"] + " If it says nothing, go on as today.")
ACCEPT, REWRITE = said(ACCEPTS), said(REWRITES)


def outcome(
    answers: Sequence[str | Exception], judgements: Sequence[str | Exception] = (), rewrites: int = 2
) -> Outcome:
    """What comes of the writer's answers; each draft is judged once, where there are judgements."""
    writer = ModelWriter(ReplayingDoor(*answers), Chosen())
    judge = Judge(ReplayingDoor(*judgements), Chosen(), 1) if judgements else None
    return asyncio.run(written(pull(), writer, judge, LIMITS, rewrites))


def leaks(at: int) -> str:
    """One of several replies that give the same away."""
    return said(LEAKING, query=f"{LEAKING['query']} It happens {at + 2} times a day.")


def test_a_good_draft_is_chosen_at_once() -> None:
    found = outcome([GOOD], [ACCEPT])
    assert (found.fate, found.reason, found.chosen, len(found.drafts)) == ("kept", "", 0, 1)
    assert found.draft is not None
    assert found.draft.query == WRITTEN["query"]
    assert found.drafts[0].findings == ()


def test_without_a_judge_the_checks_decide_alone() -> None:
    found = outcome([GOOD])
    assert found.chosen == 0
    assert found.drafts[0].judged is None


def test_a_draft_with_findings_is_not_judged_but_written_again_with_them() -> None:
    found = outcome([LEAKS, GOOD], [ACCEPT])
    assert found.chosen == 1
    first, second = found.drafts
    assert [finding.check for finding in first.findings] == ["leakage"]
    assert first.judged is None
    assert second.judged is not None
    assert isinstance(first.draft, Draft)
    assert first.draft.query == LEAKING["query"]


def test_a_draft_that_is_not_accepted_is_written_again_with_the_reasons() -> None:
    door = ReplayingDoor(GOOD, BETTER)
    judge = Judge(ReplayingDoor(REWRITE, ACCEPT), Chosen(), 1)
    found = asyncio.run(written(pull(), ModelWriter(door, Chosen()), judge, LIMITS, 1))
    assert found.chosen == 1
    assert "It does not say for how long to wait." in door.asked[1].messages[3]["content"]
    assert WRITTEN["query"] in door.asked[1].messages[2]["content"]


def test_the_latest_draft_is_given_back_with_all_reasons_so_far_each_once() -> None:
    door = ReplayingDoor(leaks(0), leaks(1), GOOD, BETTER)
    judge = Judge(ReplayingDoor(REWRITE, ACCEPT), Chosen(), 1)
    asyncio.run(written(pull(), ModelWriter(door, Chosen()), judge, LIMITS, 3))
    assert [len(request.messages) for request in door.asked] == [2, 4, 4, 4]
    *_, said_last, told = door.asked[3].messages
    assert WRITTEN["query"] in said_last["content"]
    assert "put its result into" not in said_last["content"]
    assert told["content"].count("names: backoff_seconds, server_delay") == 1
    assert told["content"].count("It does not say for how long to wait.") == 1


@pytest.mark.parametrize("rewrites", [0, 1, 3])
def test_it_is_written_again_so_often_and_no_more(rewrites: int) -> None:
    found = outcome([leaks(at) for at in range(rewrites + 1)], rewrites=rewrites)
    assert (found.fate, found.reason, found.chosen, found.draft) == ("dropped", "checks", None, None)
    assert len(found.drafts) == rewrites + 1


def test_a_writer_that_says_the_same_again_is_not_asked_a_third_time() -> None:
    found = outcome([LEAKS, LEAKS], rewrites=5)
    assert (found.fate, found.reason, len(found.drafts)) == ("dropped", "checks", 2)


def test_what_the_judge_never_accepts_is_dropped_for_it() -> None:
    found = outcome([GOOD, BETTER], [REWRITE, REWRITE], rewrites=1)
    assert (found.fate, found.reason) == ("dropped", "judge")


def test_an_unusable_reply_ends_the_row_and_is_kept() -> None:
    found = outcome([LEAKS, "nonsense", "more nonsense"])
    assert (found.fate, found.reason, found.chosen) == ("failed", "not_json", None)
    last = found.drafts[-1].draft
    assert isinstance(last, Unusable)
    assert last.raw == "more nonsense"
    assert len(found.drafts) == 2


def test_no_reply_ends_the_row() -> None:
    found = outcome([NoReplyError("five tries failed")])
    assert (found.fate, found.reason, len(found.drafts)) == ("failed", "no_reply", 1)


def test_a_draft_that_nobody_could_judge_fails_and_is_kept() -> None:
    found = outcome([GOOD], [NoReplyError("five tries failed")])
    assert (found.fate, found.reason, len(found.drafts)) == ("failed", "not_judged", 1)


def test_what_stops_the_stage_is_raised() -> None:
    with pytest.raises(BudgetSpentError):
        outcome([BudgetSpentError("nothing left")])


def test_the_cost_is_that_of_every_reply() -> None:
    found = outcome(["nonsense", LEAKS, GOOD], [REWRITE, ACCEPT], rewrites=1)
    assert [attempt.cost for attempt in found.drafts] == [2 * COST, 2 * COST]
    assert found.cost == 4 * COST
    lost = outcome(["nonsense", "nonsense"])
    assert lost.cost == 2 * COST


class Learner:
    """A writer without a model that writes well once it is told what was wrong."""

    name = "learner/1"

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def write(self, pull: dict[str, Any], solution: object, reasons: Sequence[Finding] = ()) -> Draft | None:
        self.told.append([reason.check for reason in reasons])
        if pull["title"] == "":
            return None
        value = WRITTEN if reasons else LEAKING
        return Draft(value["query"], "vibe-coding", value["acceptance_criteria"])


def test_a_writer_without_a_model_is_told_the_reasons_too() -> None:
    learner = Learner()
    found = asyncio.run(written(pull(), WithoutModel(learner), None, LIMITS, 1))
    assert found.chosen == 1
    assert learner.told == [[], ["leakage"]]
    assert found.cost == 0


def test_a_pull_request_of_which_nothing_can_be_asked_is_dropped() -> None:
    found = asyncio.run(written(pull(title=""), WithoutModel(Learner()), None, LIMITS, 1))
    assert (found.fate, found.reason, found.drafts) == ("dropped", "nothing_to_ask", ())
