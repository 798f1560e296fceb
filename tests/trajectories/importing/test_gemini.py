"""gemini-cli's chats and SII CLI's event logs."""

import json
from pathlib import Path

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import absent, gemini, imported, sii, told


def test_every_turn_of_a_chat_stands_in_the_session(tmp_path: Path) -> None:
    session = imported(tmp_path, gemini())
    assert told(session) == [
        ("user", "request", "Make the search fast."),
        ("agent", None, "I look.", "c1", "c2"),
        ("user", "rejection", ""),
        ("user", "command", gemini()[5]["content"][0]["text"]),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
        ("agent", None, "Added."),
    ]
    assert (session.session_id, session.agent.model_name, session.steps[6].model_name) == (
        "s-1",
        "gemini-example",
        "gemini-other",
    )
    assert session.rejected == {"c2"}


def test_a_reply_has_thoughts_tokens_and_results(tmp_path: Path) -> None:
    step = imported(tmp_path, gemini()).steps[1]
    assert step.reasoning_content == "Search\nWhere is it?"
    assert step.metrics is not None
    assert (step.metrics.prompt_tokens, step.metrics.cached_tokens, step.metrics.completion_tokens) == (100, 64, 10)
    assert [(one.text, one.notes.executed) for one in step.results] == [
        ("src", None),
        ("[Operation Cancelled] Reason: User denied execution.", False),
    ]


@pytest.mark.parametrize(("total", "completion"), [(110, 10), (107, 7), (111, None), (0, None)])
def test_tokens_of_a_reply_are_given_only_where_the_total_says_what_they_hold(
    total: int, completion: int | None, tmp_path: Path
) -> None:
    lines = gemini()
    lines[3]["tokens"]["total"] = total
    metrics = imported(tmp_path, lines).steps[1].metrics
    assert metrics is not None
    assert metrics.completion_tokens == completion


def test_a_humans_own_command_is_read_without_its_escapes(tmp_path: Path) -> None:
    lines = gemini()
    lines[5]["content"][0]["text"] = (
        lines[5]["content"][0]["text"].replace("git status", "echo \\`date\\` \\\\n").replace("clean", "a\nb")
    )
    step = imported(tmp_path, lines).steps[3]
    assert (step.notes.command, step.results[0].text) == ("echo `date` \\n", "a\nb")


def test_what_was_taken_back_is_kept_aside_and_stated(tmp_path: Path) -> None:
    session = imported(tmp_path, gemini())
    assert [one["id"] for one in session.provenance.kept_aside["taken_away"]] == ["w1", "w2"]
    assert absent(session)["steps"].startswith("2 messages that were taken back (rewound or compressed) are no steps")


def test_a_call_that_was_cancelled_with_others_is_no_rejection(tmp_path: Path) -> None:
    lines = gemini()
    said = lines[3]["toolCalls"][1]["result"][0]["functionResponse"]["response"]
    said["error"] = "[Operation Cancelled] Reason: User cancelled operation"
    session = imported(tmp_path, lines)
    assert session.rejected == set()
    assert session.steps[1].results[1].notes.kept_aside["response"] == {"error": True}


def test_a_rewind_to_an_unknown_message_takes_all_back(tmp_path: Path) -> None:
    lines = gemini()
    session = imported(tmp_path, [*lines[:8], {"$rewindTo": "nobody"}, *lines[10:]])
    assert told(session) == [("user", "request", "Add a test."), ("agent", None, "Added.")]


def test_a_checkpoint_takes_the_place_of_all_messages(tmp_path: Path) -> None:
    short = [{"id": "n1", "timestamp": "2026-01-31T14:06:00.000Z", "type": "user", "content": "Summary"}, gemini()[9]]
    session = imported(tmp_path, [*gemini()[:11], {"$set": {"messages": short}}, gemini()[11]])
    assert told(session) == [("user", "request", "Summary"), ("agent", None, "Done."), ("agent", None, "Added.")]
    assert {one["id"] for one in session.provenance.kept_aside["taken_away"]} == {
        "m1",
        "m2",
        "i1",
        "m3",
        "m5",
        "w1",
        "w2",
    }


def test_a_changed_message_is_kept_as_it_was_before(tmp_path: Path) -> None:
    changed = {**gemini()[3], "content": "masked"}
    session = imported(tmp_path, [*gemini()[:4], changed, *gemini()[4:]])
    assert session.steps[1].text == "masked"
    assert session.provenance.kept_aside["taken_away"][0]["content"] == "I look."


def test_a_call_that_gets_its_result_later_is_not_taken_back(tmp_path: Path) -> None:
    lines = gemini()
    waiting = json.loads(json.dumps(lines[3]))
    waiting["toolCalls"][0] |= {"result": None, "status": "executing"}
    session = imported(tmp_path, [*lines[:3], waiting, *lines[3:]])
    assert [one["id"] for one in session.provenance.kept_aside["taken_away"]] == ["w1", "w2"]
    assert session.steps[1].results[0].text == "src"


def test_a_line_of_an_unknown_kind_is_kept_aside_and_stated(tmp_path: Path) -> None:
    session = imported(tmp_path, [*gemini(), {"$patch": {"id": "m6"}}])
    stated = [entry.reason for entry in session.provenance.absent if entry.field == "steps"]
    assert "a line of an unknown kind ($patch) may change messages; it is kept aside" in stated
    assert {"$patch": {"id": "m6"}} in [one["value"] for one in session.provenance.kept_aside["events"]]


def test_the_older_form_of_one_document_says_the_same(tmp_path: Path) -> None:
    lines = gemini()
    messages = [lines[1], *lines[3:6], lines[9], lines[10], lines[11]]
    old = {**lines[0], "messages": messages, "lastUpdated": "2026-01-31T14:05:09.000Z"}
    assert imported(tmp_path, old).steps == imported(tmp_path, lines).steps


def test_a_message_to_the_human_alone_is_no_step(tmp_path: Path) -> None:
    events = imported(tmp_path, gemini()).provenance.kept_aside["events"]
    assert [one["value"].get("content") for one in events if one["value"].get("type") == "info"] == ["Update available"]


def test_a_log_of_requests_becomes_a_session_with_its_tools(tmp_path: Path) -> None:
    session = imported(tmp_path, sii())
    assert told(session) == [
        ("system", "prompt", "You are a coding agent."),
        ("user", "request", "Make the search fast."),
        ("agent", None, "I look.", "c1"),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
    ]
    assert session.steps[2].results[0].text == "src"
    (tool,) = session.agent.tool_definitions or ()
    assert tool.function.parameters == {"type": "object", "properties": {"path": {"type": "string"}}}
    assert "the reply to the last one is in none" in absent(session)["steps"]
    assert session.provenance.kept_aside["events"][0]["value"] == {"type": "api_response", "data": {"text": "x"}}


def test_a_request_that_does_not_go_on_is_kept_aside_and_stated(tmp_path: Path) -> None:
    log = json.loads(json.dumps(sii()))  # its requests share their messages
    log["events"][2]["data"]["full_request"]["messages"][0]["parts"][0]["text"] = "Another beginning"
    session = imported(tmp_path, log)
    (other,) = session.provenance.kept_aside["other_histories"][-1:]
    assert (other["request"], other["messages"][0]["parts"][0]["text"]) in [
        (1, "Make the search fast."),
        (2, "Another beginning"),
    ]
    assert any("does not go on where request" in entry.reason for entry in session.provenance.absent)


def test_a_log_without_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="events: none of them is of type api_request_full, which holds the messages"):
        imported(tmp_path, sii() | {"events": [{"type": "api_response"}]})
