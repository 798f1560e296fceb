"""The export of a session written by hand equals what was written by hand for each policy."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from tests.trajectories import made
from tests.trajectories.made import answer, call, observed, said
from trajectories.archive.session import session_of
from trajectories.export.messages import Message, messages_of, tools_of
from trajectories.export.policy import Policy

WORKED = session_of(made.worked(), "made")


def called(name: str, command: str) -> dict[str, Any]:
    return {"id": name, "type": "function", "function": {"name": "bash", "arguments": {"command": command}}}


SYSTEM: Message = {"role": "system", "content": "You solve tasks in a shell."}
REQUEST: Message = {"role": "user", "content": "Make the search fast."}
LOOKS: Message = {
    "role": "assistant",
    "content": "I look first.",
    "reasoning_content": "Where is the search?",
    "tool_calls": [called("c1", "ls"), called("c2", "grep -rn search .")],
}
SEEN: list[Message] = [
    {"role": "tool", "tool_call_id": "c1", "content": "src"},
    {"role": "tool", "tool_call_id": "c2", "content": "src/a.py:1"},
]
REJECTED = {"role": "assistant", "content": "", "tool_calls": [called("c3", "rm -rf src")], "train": False}
NOT_RUN = {"role": "tool", "tool_call_id": "c3", "content": "not executed"}
REJECTION = {"role": "user", "content": "Commands not executed. The user said: not that folder"}
COMMAND = {"role": "user", "content": "User command: git status\n\nclean"}
DONE: Message = {"role": "assistant", "content": "Done.", "tool_calls": [called("c4", "submit")]}
MORE: Message = {"role": "user", "content": "The user added a new task: add a test"}
ADDED: Message = {"role": "assistant", "content": "Added.", "reasoning_content": "A test, then."}
BEGIN, END = [SYSTEM, REQUEST, LOOKS, *SEEN], [DONE, MORE, ADDED]


def without(message: Message, key: str) -> Message:
    return {name: value for name, value in message.items() if name != key}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), [*BEGIN, REJECTED, NOT_RUN, REJECTION, COMMAND, *END]),
        (Policy(rejected="drop"), [*BEGIN, COMMAND, *END]),
        (Policy(rejected="keep"), [*BEGIN, REJECTED, NOT_RUN, COMMAND, *END]),
        (
            Policy(rejected="tool"),
            [*BEGIN, REJECTED, {**NOT_RUN, "content": REJECTION["content"]}, COMMAND, *END],
        ),
        (Policy(commands="drop"), [*BEGIN, REJECTED, NOT_RUN, REJECTION, *END]),
        (
            Policy(commands="tool"),
            [
                *BEGIN,
                REJECTED,
                NOT_RUN,
                REJECTION,
                {"role": "assistant", "content": "", "tool_calls": [called("human-6", "git status")], "train": False},
                {"role": "tool", "tool_call_id": "human-6", "content": "clean"},
                *END,
            ],
        ),
        (
            Policy(reasoning="drop", rejected="drop", commands="drop"),
            [without(one, "reasoning_content") for one in [*BEGIN, *END]],
        ),
    ],
    ids=lambda value: repr(value) if isinstance(value, Policy) else "",
)
def test_the_export_is_what_was_written_by_hand(policy: Policy, expected: list[Message]) -> None:
    assert messages_of(WORKED, policy) == expected


def test_arguments_are_json_text_if_wanted() -> None:
    messages = messages_of(WORKED, Policy(arguments="text", commands="tool"))
    told = [one["function"]["arguments"] for message in messages for one in message.get("tool_calls", ())]
    assert told == [
        json.dumps({"command": command})
        for command in ("ls", "grep -rn search .", "rm -rf src", "git status", "submit")
    ]


def test_notices_are_told_as_the_user_or_dropped() -> None:
    session = made.session(
        said("user", "Go.", limi={"kind": "request"}), said("system", "Too long.", limi={"kind": "notice"})
    )
    assert messages_of(session, Policy())[1:] == [{"role": "user", "content": "Too long."}]
    assert len(messages_of(session, Policy(notices="drop"))) == 1


def test_remarks_and_parts_of_texts_are_told_as_one_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    session = made.session(
        said("user", "Go.", limi={"kind": "request"}), {**said("user", "", limi={"kind": "remark"}), "message": parts}
    )
    assert messages_of(session, Policy())[1] == {"role": "user", "content": "ab"}


def half_rejected() -> list[made.Step]:
    return [
        said("user", "Go.", limi={"kind": "request"}),
        said(
            "agent", "Both.", tool_calls=[call("a", "ls"), call("b", "rm x")], observation=observed(answer("a", "src"))
        ),
        said("user", "No.", limi={"kind": "rejection", "rejects": ["b"]}),
    ]


def test_of_a_turn_that_is_rejected_in_part_the_rest_stays_and_has_no_loss() -> None:
    messages = messages_of(made.session(*half_rejected()), Policy(rejected="drop"))
    assert messages[1:] == [
        {"role": "assistant", "content": "Both.", "tool_calls": [called("a", "ls")], "train": False},
        {"role": "tool", "tool_call_id": "a", "content": "src"},
    ]


def test_a_rejection_told_as_a_tool_answers_the_rejected_call_alone() -> None:
    messages = messages_of(made.session(*half_rejected()), Policy(rejected="tool"))
    assert [(one.get("tool_call_id"), one["content"]) for one in messages[2:]] == [("a", "src"), ("b", "No.")]


def test_a_copied_turn_has_no_loss() -> None:
    session = made.session(said("user", "Go.", limi={"kind": "request"}), said("agent", "Old.", is_copied_context=True))
    assert messages_of(session, Policy())[1] == {"role": "assistant", "content": "Old.", "train": False}


def broken_call() -> dict[str, Any]:
    return {"tool_call_id": "a", "function_name": "bash", "arguments": {}, "extra": {"limi": {"raw_arguments": "{'x"}}}


def test_arguments_that_are_no_object_are_exported_as_text_and_refused_as_an_object() -> None:
    session = made.session(said("user", "Go.", limi={"kind": "request"}), said("agent", "", tool_calls=[broken_call()]))
    told = messages_of(session, Policy(arguments="text"))[1]["tool_calls"][0]["function"]["arguments"]
    assert told == "{'x"
    with pytest.raises(UserError, match="gh-0123456789ab-1: step 2: the arguments of a call are no JSON object"):
        messages_of(session, Policy())


def test_a_command_is_no_call_where_no_tool_takes_one() -> None:
    value = made.worked()
    value["agent"]["tool_definitions"] = [
        {"type": "function", "function": {"name": "look", "parameters": {"properties": []}}}
    ]
    with pytest.raises(UserError, match="step 6: a human's command can't be told as a call"):
        messages_of(session_of(value, "made"), Policy(commands="tool"))


def test_a_command_told_as_a_call_takes_no_other_calls_id() -> None:
    session = made.session(
        said("user", "Go.", limi={"kind": "request"}),
        said("user", "$ ls", limi={"kind": "command", "command": "ls"}),
        said("agent", "", tool_calls=[call("human-2", "ls")]),
    )
    ids = [
        one["id"] for message in messages_of(session, Policy(commands="tool")) for one in message.get("tool_calls", ())
    ]
    assert ids == ["human-2-", "human-2"]


def test_tools_are_exported_as_they_were_recorded() -> None:
    assert tools_of(WORKED) == [made.BASH]
    value = made.worked()
    del value["agent"]["tool_definitions"]
    assert tools_of(session_of(value, "made")) == []


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValidationError, match="rejected"):
        Policy.model_validate({"rejected": "hide"})


@pytest.mark.parametrize("rejected", ["user", "tool"])
def test_a_rejection_that_the_model_saw_as_the_calls_result_is_told_there_alone(rejected: str) -> None:
    """As Claude Code, Codex, gemini-cli and OpenHands show it: the human's words stand in the result, and no message follows."""
    session = made.session(
        said("user", "Tidy up.", limi={"kind": "request"}),
        said("agent", "", tool_calls=[call("a", "rm -rf /")], observation=observed(answer("a", "The user said: no"))),
        said("user", "", limi={"kind": "rejection", "rejects": ["a"], "comment": "no"}),
    )
    assert messages_of(session, Policy(rejected=rejected))[1:] == [
        {"role": "assistant", "content": "", "tool_calls": [called("a", "rm -rf /")], "train": False},
        {"role": "tool", "tool_call_id": "a", "content": "The user said: no"},
    ]
