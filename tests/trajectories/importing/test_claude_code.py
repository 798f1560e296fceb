"""Claude Code's files: one session out of a tree of lines, and what the human did by other means than a message."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import absent, imported, told
from tests.trajectories.importing.samples_of_lines import REJECTED, claude_code, line, reply, result, use


def test_every_turn_stands_in_the_session(tmp_path: Path) -> None:
    session = imported(tmp_path, claude_code())
    assert told(session) == [
        ("user", "request", "Make the search fast."),
        ("system", "notice", "Be kind."),
        ("agent", None, "I look.", "t1", "t2"),
        ("user", "rejection", ""),
        ("user", "remark", "[Request interrupted by user for tool use]"),
        ("user", "command", "<bash-input>git status</bash-input>"),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
        ("agent", None, "Added."),
    ]
    assert (session.session_id, session.agent.version, session.agent.model_name) == ("s-1", "2.1.12", "claude-example")
    assert session.rounds == 2


def test_lines_of_one_reply_are_one_step_with_all_its_results(tmp_path: Path) -> None:
    step = imported(tmp_path, claude_code()).steps[2]
    assert step.reasoning_content == "Where is it?"
    assert [(one.source_call_id, one.text == "src", one.notes.executed) for one in step.results] == [
        ("t1", True, None),
        ("t2", False, False),
    ]
    assert step.metrics is not None
    assert (step.metrics.prompt_tokens, step.metrics.cached_tokens, step.metrics.completion_tokens) == (100, 80, 9)
    assert [entry["uuid"] for entry in step.notes.kept_aside["lines"]] == ["a1", "a2", "a3", "a4"]
    assert step.notes.kept_aside["lines"][0]["content"] == [{"type": "thinking", "signature": "sig"}]


def test_tokens_of_a_reply_that_has_no_last_line_are_not_given(tmp_path: Path) -> None:
    session = imported(tmp_path, claude_code())
    metrics = session.steps[-1].metrics
    assert metrics is not None
    assert (metrics.prompt_tokens, metrics.completion_tokens) == (100, None)
    assert "only a line with a stop_reason has" in absent(session)["steps.metrics.completion_tokens"]


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        (REJECTED, "not that folder"),
        (REJECTED.partition("\n\nNote")[0], "not that folder"),
        (
            REJECTED.partition("To tell")[0]
            + "STOP what you are doing and wait for the user to tell you how to proceed.",
            None,
        ),
        ("The user doesn't want to take this action right now. STOP what you are doing", None),
    ],
)
def test_a_rejection_stands_where_the_result_says_it(text: str, comment: str | None, tmp_path: Path) -> None:
    lines = [
        line("user", "u", None, "Do."),
        reply("a", "u", "m", use("t", "rm x"), "tool_use"),
        result("r", "a", "t", text, is_error=True),
    ]
    session = imported(tmp_path, lines)
    assert [step.notes.kind for step in session.steps] == ["request", None, "rejection"]
    assert (session.steps[2].notes.rejects, session.steps[2].notes.comment) == (("t",), comment)
    assert session.steps[1].results[0].text == text


def test_a_result_that_quotes_a_rejection_is_none(tmp_path: Path) -> None:
    lines = [
        line("user", "u", None, "Do."),
        reply("a", "u", "m", use("t", "cat"), "tool_use"),
        result("r", "a", "t", "log: " + REJECTED),
    ]
    assert imported(tmp_path, lines).rejected == set()


def test_the_humans_own_command_has_what_came_of_it(tmp_path: Path) -> None:
    step = imported(tmp_path, claude_code()).steps[5]
    assert (step.notes.command, step.results[0].text) == (
        "git status",
        "<bash-stdout>clean</bash-stdout><bash-stderr></bash-stderr>",
    )


def test_sub_agents_and_ways_that_were_left_are_kept_aside_and_stated(tmp_path: Path) -> None:
    session = imported(tmp_path, claude_code())
    kept = session.provenance.kept_aside
    assert [entry["uuid"] for entry in kept["sidechains"]] == ["k1"]
    assert [entry["uuid"] for entry in kept["branches"]] == ["w1", "w2"]
    stated = [entry.reason for entry in session.provenance.absent if entry.field == "steps"]
    assert stated == [
        "1 lines of sub-agents are no steps; they are kept aside",
        "2 lines of ways that were left are no steps; they are kept aside",
    ]


def test_what_tells_something_beside_the_chain_is_kept_with_its_place(tmp_path: Path) -> None:
    events = imported(tmp_path, claude_code()).provenance.kept_aside["events"]
    assert [(one["place"], one["after_step"], one["value"]["type"]) for one in events] == [
        ("line 1", 0, "summary"),
        ("line 2", 0, "file-history-snapshot"),
        ("line 20", 8, "system"),
    ]


def test_a_repeated_line_that_says_something_else_is_kept_aside(tmp_path: Path) -> None:
    lines = claude_code()
    lines.append({**lines[2], "cwd": "/other"})
    session = imported(tmp_path, lines)
    assert session.provenance.kept_aside["repeated"] == [lines[-1]]
    assert session.rounds == 2


def test_a_compaction_goes_on_with_the_line_it_names(tmp_path: Path) -> None:
    lines = [
        *claude_code(),
        {
            "type": "system",
            "subtype": "compact_boundary",
            "uuid": "z1",
            "parentUuid": None,
            "logicalParentUuid": "a6",
            "sessionId": "s-1",
        },
        line(
            "user", "z2", "z1", "This session is being continued from a previous conversation.", isCompactSummary=True
        ),
        reply("z3", "z2", "m9", {"type": "text", "text": "I go on."}, "end_turn"),
    ]
    session = imported(tmp_path, lines)
    assert told(session)[0] == ("user", "request", "Make the search fast.")
    assert told(session)[-2:] == [
        ("system", "notice", "This session is being continued from a previous conversation."),
        ("agent", None, "I go on."),
    ]
    assert (
        absent(session)["steps.message"]
        == "the history was compacted before step 10: from there the model saw its summary only"
    )


def test_a_line_whose_predecessor_is_missing_follows_the_one_before_it(tmp_path: Path) -> None:
    lines = claude_code()
    lines[17]["parentUuid"] = "phantom"  # the reply after the way that was left
    session = imported(tmp_path, lines)
    assert told(session)[0] == ("user", "request", "Make the search fast.")
    assert told(session)[-1] == ("agent", None, "Added.")


def test_what_the_human_said_while_the_agent_worked_is_a_remark(tmp_path: Path) -> None:
    def queued(uuid: str, parent: str, prompt: str, mode: str) -> dict[str, Any]:
        attachment = {"type": "queued_command", "commandMode": mode, "prompt": prompt}
        return {**line("attachment", uuid, parent), "attachment": attachment}

    lines = [
        *claude_code()[:10],
        queued("q1", "r2", "not that one", "prompt"),
        queued("q2", "q1", "task done", "task-notification"),
        reply("q3", "q2", "m9", {"type": "text", "text": "I stop."}, "end_turn"),
    ]
    session = imported(tmp_path, lines)
    assert told(session)[4:] == [
        ("user", "remark", "not that one"),
        ("system", "notice", "task done"),
        ("agent", None, "I stop."),
    ]
    assert absent(session)["steps.message"].startswith("a text that was queued while the agent worked")


def test_pieces_and_results_of_one_reply_that_hang_beside_the_way_belong_to_it(tmp_path: Path) -> None:
    lines = [
        line("user", "u", None, "Do."),
        reply("a1", "u", "m", use("t1", "ls")),
        reply("a2", "a1", "m", use("t2", "pwd"), "tool_use"),
        result("r2", "a2", "t2", "second"),
        result("r1", "a1", "t1", "first"),
        reply("a3", "r1", "n", {"type": "text", "text": "Done."}, "end_turn"),
    ]
    session = imported(tmp_path, lines)
    assert told(session) == [("user", "request", "Do."), ("agent", None, "", "t1", "t2"), ("agent", None, "Done.")]
    assert [one.text for one in session.steps[1].results] == ["second", "first"]
    assert "branches" not in session.provenance.kept_aside


def test_a_second_result_on_a_way_that_was_left_stays_there(tmp_path: Path) -> None:
    lines = [
        line("user", "u", None, "Do."),
        reply("a1", "u", "m", use("t1", "ls"), "tool_use"),
        result("r0", "a1", "t1", "of the way that was left"),
        result("r1", "a1", "t1", "first"),
        reply("a3", "r1", "n", {"type": "text", "text": "Done."}, "end_turn"),
    ]
    session = imported(tmp_path, lines)
    assert [one.text for one in session.steps[1].results] == ["first"]
    assert [one["uuid"] for one in session.provenance.kept_aside["branches"]] == ["r0"]


def test_what_the_program_says_as_the_user_is_a_notice(tmp_path: Path) -> None:
    lines = [*claude_code(), line("user", "v", "a6", "<task-notification>done</task-notification>")]
    assert told(imported(tmp_path, lines))[-1] == ("system", "notice", "<task-notification>done</task-notification>")


def test_lines_in_a_circle_end(tmp_path: Path) -> None:
    lines = [line("user", "u", "a", "Do."), reply("a", "u", "m", {"type": "text", "text": "Done."}, "end_turn")]
    assert told(imported(tmp_path, lines)) == [("user", "request", "Do."), ("agent", None, "Done.")]


def test_an_error_of_the_endpoint_is_no_reply_of_the_model(tmp_path: Path) -> None:
    failed = line(
        "assistant",
        "e",
        "a6",
        [{"type": "text", "text": "API Error: 500"}],
        message={"model": "<synthetic>"},
        isApiErrorMessage=True,
    )
    assert told(imported(tmp_path, [*claude_code(), failed]))[-1] == ("system", "notice", "API Error: 500")


def test_a_sub_agents_own_file_is_refused(tmp_path: Path) -> None:
    lines = [{**one, "isSidechain": True} for one in claude_code() if one["type"] in ("user", "assistant")]
    with pytest.raises(UserError, match="the file holds a sub-agent's work only; import its session's file"):
        imported(tmp_path, lines)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda lines: lines[7]["message"]["content"][0].update(tool_use_id="t9"),
            "line 8, message.content[0].tool_use_id: it answers",
        ),
        (lambda lines: lines[6]["message"]["content"][0].pop("name"), "line 7, message.content[0].name: it is missing"),
        (lambda lines: lines[2].update(message="x"), "line 3, message: it must be an object, not a text"),
        (lambda lines: lines[2]["message"].pop("content"), "line 3, message.content: it is missing"),
    ],
)
def test_a_broken_line_is_refused_with_its_field(change: Any, said: str, tmp_path: Path) -> None:
    lines = claude_code()
    change(lines)
    with pytest.raises(UserError) as refused:
        imported(tmp_path, lines)
    assert said in str(refused.value)
