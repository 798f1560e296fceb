"""OpenHands' events: replies of several actions, rejections, branches, and times without a zone."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import absent, imported, told
from tests.trajectories.importing.samples_of_lines import action, event, observed, openhands, spoken


def test_every_turn_stands_in_the_session(tmp_path: Path) -> None:
    session = imported(tmp_path, openhands())
    assert told(session) == [
        ("system", "prompt", "You are OpenHands."),
        ("user", "request", "Make the search fast."),
        ("agent", None, "I look.", "t1", "t2"),
        ("agent", None, "", "t3"),
        ("user", "rejection", ""),
        ("agent", None, "", "t4"),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
        ("agent", None, "Added."),
    ]


def test_actions_of_one_reply_are_one_step(tmp_path: Path) -> None:
    step = imported(tmp_path, openhands()).steps[2]
    assert step.reasoning_content == "Where is it?"
    assert [call.arguments for call in step.calls] == [{"command": "ls"}, {"command": "cat a"}]
    assert [(one.source_call_id, one.text, one.notes.exit_code) for one in step.results] == [
        ("t1", "src", 0),
        ("t2", "no such file", 1),
    ]
    assert step.calls[0].notes.kept_aside["summary"] == "look"


def test_a_rejection_by_the_human_has_its_reason_and_one_by_a_hook_is_none_of_the_humans(tmp_path: Path) -> None:
    session = imported(tmp_path, openhands())
    assert (session.steps[4].notes.rejects, session.steps[4].notes.comment) == (("t3",), "not that folder")
    assert (session.steps[3].results[0].text, session.steps[3].results[0].notes.executed) == (
        "Action rejected: not that folder",
        False,
    )
    events = openhands()
    events[8] |= {"rejection_source": "hook"}
    by_hook = imported(tmp_path, events)
    assert by_hook.rejected == set()
    assert by_hook.steps[3].results[0].notes.executed is False


def test_a_rejection_that_names_nobody_is_the_humans(tmp_path: Path) -> None:
    events = openhands()
    del events[8]["rejection_source"]
    assert imported(tmp_path, events).rejected == {"t3"}


def test_the_default_reason_is_no_comment(tmp_path: Path) -> None:
    events = openhands()
    del events[8]["rejection_reason"]
    session = imported(tmp_path, events)
    assert session.steps[4].notes.comment is None
    assert session.steps[3].results[0].text == "Action rejected: User rejected the action"


def test_times_without_a_zone_are_kept_aside_and_stated(tmp_path: Path) -> None:
    session = imported(tmp_path, openhands())
    assert session.steps[1].timestamp is None
    assert session.steps[1].notes.kept_aside["timestamp"] == "2026-01-31T14:05:00.123456"
    assert (
        absent(session)["steps.timestamp"]
        == "the file's times have no zone; they are kept aside (9 of 9 steps have none)"
    )


def test_events_that_the_model_never_saw_are_no_steps(tmp_path: Path) -> None:
    events = imported(tmp_path, openhands()).provenance.kept_aside["events"]
    assert [(one["value"]["kind"], one["after_step"]) for one in events] == [
        ("ConversationStateUpdateEvent", 2),
        ("PauseEvent", 6),
    ]


def test_the_session_is_the_way_to_the_last_event(tmp_path: Path) -> None:
    events = [
        spoken("e1", "user", "Do."),
        spoken("e2", "agent", "Wrong."),
        {**spoken("e3", "agent", "Right."), "parent_id": "e1"},
        spoken("e4", "user", "More."),
    ]
    session = imported(tmp_path, events)
    assert told(session) == [("user", "request", "Do."), ("agent", None, "Right."), ("user", "request", "More.")]
    assert [one["id"] for one in session.provenance.kept_aside["other_branches"]] == ["e2"]
    assert absent(session)["steps"] == "1 events of branches that were left are no steps; they are kept aside"


def test_what_the_context_added_to_a_message_is_part_of_it(tmp_path: Path) -> None:
    events = [
        {**spoken("e1", "user", "Do."), "extended_content": [{"type": "text", "text": " Use tabs."}]},
        spoken("e2", "agent", "Done."),
    ]
    assert told(imported(tmp_path, events))[0] == ("user", "request", "Do. Use tabs.")


def test_thinking_blocks_are_reasoning_where_there_is_no_other(tmp_path: Path) -> None:
    blocks = [{"type": "thinking", "thinking": "Hm.", "signature": "s"}]
    events = [
        spoken("e1", "user", "Do."),
        action("e2", "r", "t", "ls") | {"thinking_blocks": blocks},
        observed("e3", "t", "src", None),
    ]
    step = imported(tmp_path, events).steps[1]
    assert (step.reasoning_content, step.results[0].notes.exit_code) == ("Hm.", None)
    assert step.calls[0].notes.kept_aside["thinking_blocks"] == blocks


def test_a_condensation_is_stated(tmp_path: Path) -> None:
    events = openhands()
    events.insert(
        7, event("Condensation", "c", "environment", summary="short", forgotten_event_ids=["e2"], llm_response_id="x")
    )
    assert absent(imported(tmp_path, events))["steps.message"].startswith("the history was condensed after step 3")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda events: events[5].update(tool_call_id="t9"),
            "line 6, tool_call_id: it answers a call that is not in the recording",
        ),
        (lambda events: events[3].pop("tool_call"), "line 4, tool_call: it is missing"),
        (
            lambda events: events[0].pop("kind"),
            "line 1, kind: it is missing; files of OpenHands before its SDK are not read",
        ),
        (lambda events: events[9].update(parent_id="e1", id="e1"), "line 10, id: it must be a text that stands once"),
    ],
)
def test_a_broken_event_is_refused_with_its_field(change: Any, said: str, tmp_path: Path) -> None:
    events = openhands()
    change(events)
    with pytest.raises(UserError) as refused:
        imported(tmp_path, events, format="openhands")
    assert said in str(refused.value)
