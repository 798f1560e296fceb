"""mini-swe-agent's files: every turn of the human, what was carried out and what was not, and keys that never come along."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import SKIPPED, absent, function, imported, mini, told
from trajectories.archive.file import text_of_session


def test_every_turn_stands_in_the_session(tmp_path: Path) -> None:
    session = imported(tmp_path, mini())
    assert told(session) == [
        ("system", "prompt", "You work in a shell."),
        ("user", "request", "Task: make the search fast."),
        ("agent", None, "I look.", "a", "b"),
        ("agent", None, "", "c"),
        (
            "user",
            "rejection",
            "Commands not executed. The user rejected your commands with the following message: not that folder",
        ),
        ("user", "command", "User command: \n```bash\ngit status\n```"),
        ("system", "notice", "No tool calls found."),
        ("agent", None, "Slow one.", "d", "e"),
        ("user", "remark", "Interrupted by user: too slow"),
        ("agent", None, "I hand it in.", "f"),
        ("user", "request", "The user added a new task: add a test"),
        ("agent", None, "I hand it in again.", "g", "h", "i"),
    ]
    assert session.rounds == 2
    assert session.rejected == {"c"}


def test_a_reply_has_reasoning_tokens_cost_and_time(tmp_path: Path) -> None:
    step = imported(tmp_path, mini()).steps[2]
    assert (step.reasoning_content, step.timestamp) == ("Where is it?", "2026-01-31T14:05:02.500000Z")
    assert step.metrics is not None
    assert (step.metrics.prompt_tokens, step.metrics.completion_tokens) == (100, 7)
    assert (step.metrics.cached_tokens, step.metrics.cost_usd) == (64, 0.25)
    assert [call.arguments for call in step.calls] == [{"command": "ls"}, {"command": "false"}]
    assert [(one.notes.exit_code, one.notes.raw_output, one.notes.executed) for one in step.results] == [
        (0, "src\n", None),
        (1, "", None),
    ]
    assert step.results[0].text == "<returncode>0</returncode>src\n"


def test_a_rejection_names_its_calls_and_the_humans_own_words(tmp_path: Path) -> None:
    session = imported(tmp_path, mini())
    rejection = session.steps[4].notes
    assert (rejection.rejects, rejection.comment) == (("c",), "not that folder")
    assert [(one.notes.executed, one.notes.exit_code) for one in session.steps[3].results] == [(False, None)]


def test_a_rejection_without_words_has_no_comment(tmp_path: Path) -> None:
    recording = mini()
    recording["messages"][7]["content"] = "Commands not executed. Switching to human mode"
    rejection = imported(tmp_path, recording).steps[4].notes
    assert (rejection.kind, rejection.rejects, rejection.comment) == ("rejection", ("c",), None)


def test_the_humans_own_command_has_what_came_of_it(tmp_path: Path) -> None:
    step = imported(tmp_path, mini()).steps[5]
    (result,) = step.results
    assert (step.notes.command, result.source_call_id, result.text) == (
        "git status",
        None,
        "<returncode>0</returncode>clean",
    )
    assert (result.notes.raw_output, result.notes.exit_code) == ("clean", 0)


def test_a_reply_that_could_not_be_read_is_kept_at_the_notice(tmp_path: Path) -> None:
    kept = imported(tmp_path, mini()).steps[6].notes.kept_aside
    assert kept == {"cost": 0.5, "response": {"id": "r9"}, "interrupt_type": "FormatError"}


def test_of_an_interrupted_reply_the_first_open_call_may_have_run(tmp_path: Path) -> None:
    assert [one.notes.executed for one in imported(tmp_path, mini()).steps[7].results] == [None, False]


def test_the_call_that_handed_in_the_work_ran_though_the_file_says_no(tmp_path: Path) -> None:
    session = imported(tmp_path, mini())
    assert [one.notes.executed for one in session.steps[9].results] == [None]  # a new task followed
    # The model was not asked again, so it never saw what stands there for the call that handed in.
    assert [one.source_call_id for one in session.steps[11].results] == ["g", "i"]
    padding = session.steps[11].calls[1].notes.kept_aside["padding"]
    assert (padding["content"], padding["kept_aside"]["exception_info"]) == ("<returncode>-1</returncode>", SKIPPED)
    assert [call.notes.ends_session for step in session.steps for call in step.calls] == [False] * 7 + [True, False]
    outcome = session.provenance.outcome
    assert (outcome.success, outcome.ended, outcome.submission) == (None, "Submitted", "it is fast")


def test_a_file_that_was_saved_in_the_middle_is_taken_and_its_missing_end_stated(tmp_path: Path) -> None:
    recording = mini()
    recording["messages"] = recording["messages"][:6]
    recording["info"] |= {"exit_status": "", "submission": ""}
    session = imported(tmp_path, recording)
    assert told(session)[-1] == ("agent", None, "", "c")
    assert session.steps[-1].results == ()
    assert session.provenance.outcome.ended is None
    assert absent(session)["outcome.ended"] == "the recording has no end: mini-swe-agent was stopped before it"


def test_a_cost_of_nothing_is_no_cost(tmp_path: Path) -> None:
    recording = mini()
    for message in recording["messages"]:
        if "cost" in message.get("extra", {}):
            message["extra"]["cost"] = 0.0
    session = imported(tmp_path, recording)
    assert all(step.metrics is None or step.metrics.cost_usd is None for step in session.steps)
    assert absent(session)["steps.metrics.cost_usd"].startswith("mini-swe-agent writes 0 where it can't tell the price")


def test_keys_in_the_configuration_are_left_out_and_it_is_stated(tmp_path: Path) -> None:
    session = imported(tmp_path, mini())
    assert "hush" not in text_of_session(session)
    assert absent(session)["agent.extra"] == "config.model.model_kwargs.api_key was left out, as it may be a secret"
    assert session.agent.extra is not None
    assert session.agent.extra.limi is not None
    assert session.agent.extra.limi.kept_aside["config"]["model"]["model_kwargs"] == {"max_tokens": 5}


def test_the_answer_of_the_endpoint_is_kept_without_the_message_it_repeats(tmp_path: Path) -> None:
    kept = imported(tmp_path, mini()).steps[2].notes.kept_aside
    assert kept["response"] == {"id": "r", "choices": [{"index": 0, "finish_reason": "tool_calls"}]}


def _recording(*messages: dict[str, Any]) -> dict[str, Any]:
    return mini() | {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Task"}, *messages]}


def test_commands_that_the_model_wrote_in_its_text_are_calls_with_ids_of_ours(tmp_path: Path) -> None:
    extra = {"raw_output": "hi\n", "returncode": 0, "timestamp": 1.0, "exception_info": ""}
    session = imported(
        tmp_path,
        _recording(
            {"role": "assistant", "content": "```\necho hi\n```", "extra": {"actions": [{"command": "echo hi"}]}},
            {"role": "user", "content": "<output>hi</output>", "extra": extra},
        ),
    )
    (call,), (result,) = session.steps[2].calls, session.steps[2].results
    assert (call.tool_call_id, call.function_name, call.arguments) == ("call-1", "bash", {"command": "echo hi"})
    assert (call.notes.recorded_id, result.source_call_id, result.text) == ("", "call-1", "<output>hi</output>")
    assert absent(session)["steps.tool_calls"].startswith("the model wrote its commands in its text")


def test_replies_of_the_responses_interface_are_read(tmp_path: Path) -> None:
    output = [
        {"type": "reasoning", "id": "rs", "summary": [{"type": "summary_text", "text": "Where?"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]},
        {"type": "function_call", "call_id": "r1", "name": "bash", "arguments": '{"command": "ls"}'},
    ]
    usage = {"input_tokens": 50, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 10}}
    session = imported(
        tmp_path,
        _recording(
            {
                "object": "response",
                "output": output,
                "usage": usage,
                "extra": {"actions": [{"command": "ls", "tool_call_id": "r1"}], "cost": 0.1},
            },
            {
                "type": "function_call_output",
                "call_id": "r1",
                "output": "src",
                "extra": {"returncode": 0, "raw_output": "src"},
            },
        ),
    )
    step = session.steps[2]
    assert (step.text, step.reasoning_content, step.calls[0].arguments) == ("I look.", "Where?", {"command": "ls"})
    assert (step.results[0].text, step.results[0].notes.exit_code) == ("src", 0)
    assert step.metrics is not None
    assert (step.metrics.prompt_tokens, step.metrics.completion_tokens, step.metrics.cached_tokens) == (50, 5, 10)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.update(trajectory_format="mini-swe-agent-1"), "trajectory_format: it must be mini-swe-agent-1.1"),
        (lambda file: file["messages"][2].pop("role"), "message 3, role: it is missing"),
        (lambda file: file["messages"][3].update(tool_call_id="z"), "message 4, tool_call_id: it answers a call that is not in the rec"),
        (lambda file: file["messages"][2]["extra"].update(timestamp=1e300), "message 3, extra.timestamp: it must be seconds since 1970"),
        (lambda file: file["messages"][2].update(tool_calls=[function("a", "{}") | {"function": None}]), "message 3, tool_calls[0].functi"),
        (lambda file: file.pop("info"), "recording.info: it is missing"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_with_message_and_field(change: Any, said: str, tmp_path: Path) -> None:
    recording = mini()
    change(recording)
    with pytest.raises(UserError) as refused:
        imported(tmp_path, recording)
    assert said in str(refused.value)
