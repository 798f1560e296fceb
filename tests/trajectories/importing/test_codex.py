"""Codex' rollouts: replies out of items, tokens out of running totals, and what the human did."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import absent, imported, told
from tests.trajectories.importing.samples_of_lines import codex, counted, item, message, said


def test_every_turn_stands_in_the_session(tmp_path: Path) -> None:
    session = imported(tmp_path, codex())
    assert told(session) == [
        ("system", "prompt", "You are Codex."),
        ("system", "prompt", "<permissions instructions>ask</permissions instructions>"),
        ("system", "notice", "<environment_context>\n<cwd>/work</cwd>\n</environment_context>"),
        ("user", "request", "Make the search fast."),
        ("agent", None, "I look.", "c1", "c2"),
        ("agent", None, "", "c3"),
        ("user", "rejection", ""),
        ("user", "remark", "<turn_aborted>\nThe user interrupted the previous turn on purpose.\n</turn_aborted>"),
        ("user", "command", codex()[19]["payload"]["content"][0]["text"]),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
        ("agent", None, "Added."),
    ]
    assert (session.session_id, session.agent.version, session.agent.model_name) == ("s-1", "0.98.0", "gpt-example")
    assert (session.steps[9].model_name, session.steps[11].model_name, session.steps[11].reasoning_effort) == (
        None,
        "gpt-other",
        "high",
    )
    assert session.provenance.outcome.ended == "task_complete"


def test_reasoning_calls_and_exit_codes(tmp_path: Path) -> None:
    session = imported(tmp_path, codex())
    looked, patched = session.steps[4:6]
    assert (looked.reasoning_content, looked.timestamp) == ("Where is it?", "2026-01-31T14:05:02.000Z")
    assert looked.notes.kept_aside["items"][0]["encrypted_content"] == "xyz"
    assert [(call.arguments, call.notes.raw_arguments) for call in looked.calls] == [
        ({"cmd": "ls"}, None),
        ({}, '{"cmd": "cut'),
    ]
    assert [one.notes.exit_code for one in looked.results] == [0, None]
    assert patched.calls[0].arguments == {"input": "*** Begin Patch"}


def test_the_humans_no_and_own_command(tmp_path: Path) -> None:
    session = imported(tmp_path, codex())
    assert session.rejected == {"c3"}
    assert session.steps[5].results[0].notes.executed is False
    command = session.steps[8]
    assert (command.notes.command, command.results[0].notes.exit_code) == ("git status", 0)
    assert command.results[0].text == "Exit code: 0\nDuration: 0.1 seconds\nOutput:\nclean"


def test_an_output_that_speaks_of_a_rejection_is_none(tmp_path: Path) -> None:
    lines = codex()
    lines[11]["payload"]["output"] = "log:\npatch rejected by user"
    assert imported(tmp_path, lines).rejected == {"c3"}


def test_running_totals_become_shares_only_where_they_are_exact(tmp_path: Path) -> None:
    session = imported(tmp_path, codex())
    shares = [
        (step.metrics.prompt_tokens, step.metrics.cached_tokens, step.metrics.completion_tokens)
        if step.metrics
        else None
        for step in session.steps
        if step.source == "agent"
    ]
    # The third count's difference is not what it says itself; after the fourth reply there is none.
    assert shares == [(100, 64, 7), (150, 100, 10), None, None]
    assert absent(session)["steps.metrics"].startswith(
        "1 differences of the running totals could not be given to one reply"
    )
    assert session.final_metrics is not None
    assert (session.final_metrics.total_prompt_tokens, session.final_metrics.total_completion_tokens) == (400, 20)


@pytest.mark.parametrize(
    "between",
    [
        [said("compacted", {"message": "summary"})],  # what was counted before does not go on
        [item("function_call_output", call_id="z", output="x"), message("assistant", "B")],  # two replies, one count
        [counted(5, 0, 1), message("assistant", "B")],  # the totals went down
    ],
)
def test_no_share_is_made_up(between: list[dict[str, object]], tmp_path: Path) -> None:
    lines = [
        said("session_meta", {"id": "s"}),
        message("user", "Do."),
        message("assistant", "0"),
        counted(10, 0, 1, (10, 0, 1)),
        message("assistant", "A"),
        item("function_call", name="x", arguments="{}", call_id="z"),
        *between,
        *([] if any("function_call_output" in str(line) for line in between) else [item("function_call_output", call_id="z", output="x")]),
        counted(30, 0, 3),
    ]  # fmt: skip
    session = imported(tmp_path, lines)
    assert [step.metrics is not None for step in session.steps if step.source == "agent"][:2] == [True, False]


def test_items_of_one_reply_are_one_step_until_a_count_or_an_output(tmp_path: Path) -> None:
    lines = [
        message("user", "Do."),
        message("assistant", "A"),
        item("function_call", name="x", arguments="{}", call_id="1"),
        message("assistant", "B"),
        counted(10, 0, 1),
        message("assistant", "C"),
        item("function_call_output", call_id="1", output=[{"type": "input_text", "text": "out"}]),
        item("local_shell_call", call_id="2", status="completed", action={"type": "exec", "command": ["ls"]}),
        item("function_call_output", call_id="2", output={"content": "src", "success": True}),
    ]
    session = imported(tmp_path, lines)
    assert told(session)[1:] == [
        ("agent", None, "A", "1"),
        ("agent", None, "B"),
        ("agent", None, "C"),
        ("agent", None, "", "2"),
    ]
    assert [step.results[0].text for step in session.steps if step.results] == ["out", "src"]
    assert session.steps[-1].calls[0].arguments == {"type": "exec", "command": ["ls"]}


def _parts(*texts: str) -> dict[str, object]:
    return item("message", role="user", content=[{"type": "input_text", "text": text} for text in texts])


def test_a_message_of_the_program_alone_is_a_notice_and_one_with_the_humans_words_is_the_humans(tmp_path: Path) -> None:
    context, agents = (
        "<environment_context>x</environment_context>",
        "# AGENTS.md instructions\n\n<INSTRUCTIONS>\nx\n</INSTRUCTIONS>",
    )
    lines = [_parts(context, agents), _parts(context, agents, "<placeholder>", "Do."), message("assistant", "Done.")]
    session = imported(tmp_path, lines)
    assert [(step.source, step.notes.kind) for step in session.steps] == [
        ("system", "notice"),
        ("user", "request"),
        ("agent", None),
    ]
    assert session.steps[1].text.endswith("<placeholder>Do.")
    assert len(session.steps[1].message) == 4


def test_a_result_of_another_thread_is_kept_aside(tmp_path: Path) -> None:
    other = item("function_call_output", name="send_message", namespace="app", output="told")
    session = imported(tmp_path, [*codex()[:5], other, *codex()[5:]])
    assert session.provenance.kept_aside["events"][1]["value"]["output"] == "told"


def test_instructions_may_be_a_text(tmp_path: Path) -> None:
    lines = codex()
    lines[0]["payload"]["base_instructions"] = "You are Codex."
    assert told(imported(tmp_path, lines)) == told(imported(tmp_path, codex()))


def test_a_compaction_is_stated(tmp_path: Path) -> None:
    lines = codex()
    lines.insert(16, said("compacted", {"message": "summary", "replacement_history": []}))
    session = imported(tmp_path, lines)
    assert absent(session)["steps.message"].startswith("the history was compacted after step 6")
    assert "summary" in str(session.provenance.kept_aside["events"])


def test_an_output_without_its_call_is_refused_with_line_and_field(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"line 9, payload\.call_id: it answers a call that is not in the recording before it"
    ):
        imported(tmp_path, [*codex()[:8], *codex()[11:]])
