"""Rows of messages and tools: the published file's form, our own export's, and the way from archive to export and back."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings

from pipeline.errors import UserError
from tests.trajectories.importing.samples import GIVEN, absent, imported, limi, told, written
from tests.trajectories.made import session as made
from tests.trajectories.made import sessions, worked
from trajectories.archive.session import Session, session_of
from trajectories.export.messages import messages_of, tools_of
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given


def test_a_row_becomes_a_session_with_reasoning_calls_results_and_rounds(tmp_path: Path) -> None:
    session = imported(tmp_path, limi())
    assert told(session) == [
        ("system", "prompt", "You are a coding agent."),
        ("user", "request", "Make the search fast."),
        ("agent", None, "I look.", "c1", "c2"),
        ("agent", None, "Done."),
        ("user", "request", "Add a test."),
        ("agent", None, "Added."),
    ]
    looked = session.steps[2]
    assert [call.arguments for call in looked.calls] == [{"command": "ls"}, {"path": "a", "n": [1]}]
    assert [(result.source_call_id, result.text) for result in looked.results] == [("c2", "second"), ("c1", "first")]
    assert session.steps[3].reasoning_content == "It is fast now."
    assert session.rounds == 2
    assert tools_of(session) == limi()["tools"]


def test_a_second_message_of_the_human_in_a_row_is_a_remark(tmp_path: Path) -> None:
    row = limi()
    row["messages"].insert(7, {"role": "user", "content": "Please."})
    assert told(imported(tmp_path, row))[4:6] == [("user", "request", "Add a test."), ("user", "remark", "Please.")]


def test_what_the_format_lacks_is_stated(tmp_path: Path) -> None:
    stated = absent(imported(tmp_path, limi()))
    assert stated["steps.timestamp"] == "the format has no times (6 of 6 steps have none)"
    assert stated["agent.name"] == "the file does not say which agent it was"
    assert "rejections and commands of the human can't be told" in stated["steps.extra.limi.kind"]
    assert stated["steps.reasoning_content"] == "2 of 3 steps of the agent have none"


def test_arguments_may_be_json_text_and_text_that_is_none_stays_as_it_is(tmp_path: Path) -> None:
    row = limi()
    for call, text in zip(row["messages"][2]["tool_calls"], ['{"b": 1, "a": "é"}', '{"cut": '], strict=True):
        call["function"]["arguments"] = text
    first, second = imported(tmp_path, row).steps[2].calls
    assert list(first.arguments.items()) == [("b", 1), ("a", "é")]
    assert (first.notes.raw_arguments, second.arguments, second.notes.raw_arguments) == (None, {}, '{"cut": ')


@pytest.mark.parametrize(
    "text", ["[1]", "3", "null", '{"a": NaN}', '{"a": 1, "a": 2}', f'{{"a": {2**64}}}', "", '{"a": ' + "[" * 5000]
)
def test_arguments_that_are_no_object_of_the_archive_stay_as_the_models_text(text: str, tmp_path: Path) -> None:
    row = limi()
    row["messages"][2]["tool_calls"][0]["function"]["arguments"] = text
    call = imported(tmp_path, row).steps[2].calls[0]
    assert (call.arguments, call.notes.raw_arguments) == ({}, text)


def test_ids_that_are_empty_or_stand_twice_are_made_unique_and_results_find_their_calls(tmp_path: Path) -> None:
    row = limi()
    first, second = row["messages"][2]["tool_calls"]
    first["id"] = second["id"] = ""
    row["messages"][3]["tool_call_id"] = row["messages"][4]["tool_call_id"] = ""
    row["messages"] += [
        {"role": "assistant", "content": None, "tool_calls": [first | {"id": "call-1"}]},
        {"role": "tool", "tool_call_id": "call-1", "content": "third"},
    ]
    session = imported(tmp_path, row)
    assert [(call.tool_call_id, call.notes.recorded_id) for call in session.steps[2].calls] == [
        ("call-1", ""),
        ("call-2", ""),
    ]
    assert [result.text for result in session.steps[2].results] == ["second", "first"]  # in the order of the calls
    (last,) = session.steps[-1].calls
    assert (last.tool_call_id, last.notes.recorded_id) == ("call-3", "call-1")
    assert session.steps[-1].results[0].source_call_id == "call-3"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row["messages"][3].update(tool_call_id="c9"), "row 1, messages[3].tool_call_id: it answers a call that is not"),
        (lambda row: row["messages"][4].update(tool_call_id="c2"), "row 1, messages[4].tool_call_id: it answers a call that is not"),
        (lambda row: row["messages"][1].update(role="robot"), "row 1, messages[1].role: it must be system, developer, user"),
        (lambda row: row["messages"][1].pop("role"), "row 1, messages[1].role: it is missing"),
        (lambda row: row["messages"][1].update(content=3), "row 1, messages[1].content: it must be a text or a list of parts, not a num"),
        (lambda row: row.update(messages="[{"), "row 1, messages: it is cut off or no JSON: Expecting property name"),
        (lambda row: row.update(messages={}), "row 1, messages: it must be a list of messages, not an object"),
        (lambda row: row.update(messages=row["messages"][:2]), "recording: it holds no step of an agent"),
        (lambda row: row["messages"][2]["tool_calls"][0]["function"].update(name=""), "step 3, tool_calls[0].function_name: it must not"),
    ],
)  # fmt: skip
def test_a_broken_row_is_refused_with_its_place(change: Any, said: str, tmp_path: Path) -> None:
    row = limi()
    change(row)
    with pytest.raises(UserError) as refused:
        imported(tmp_path, row)
    assert said in str(refused.value)


def test_several_rows_need_a_query_each(tmp_path: Path) -> None:
    path = written(tmp_path, [limi(), limi()])
    with pytest.raises(UserError, match="it has several rows, and each is the work on a query of its own"):
        list(import_file(path, given=GIVEN))

    def of_row(number: int, columns: Mapping[str, Any]) -> Given:
        return Given(query_id=f"query-{number}", query_sha256="5" * 64)

    both = list(import_file(path, given=of_row))
    assert [session.provenance.query_id for session in both] == ["query-1", "query-2"]
    assert [session.provenance.source.row for session in both if session.provenance.source] == [1, 2]


def test_images_are_kept_aside_and_text_parts_stay_parts(tmp_path: Path) -> None:
    row = limi()
    parts = [
        {"type": "text", "text": "Like "},
        {"type": "image_url", "image_url": {"url": "data:"}},
        {"type": "text", "text": "this."},
    ]
    row["messages"][1]["content"] = parts
    step = imported(tmp_path, row).steps[1]
    assert (step.text, len(step.message), step.notes.kept_aside["content"]) == ("Like this.", 2, parts)


def test_struct_columns_of_parquet_lose_the_nulls_that_parquet_made_and_it_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pl.DataFrame([limi()]).write_parquet(path)
    (session,) = import_file(path, given=GIVEN)
    assert [call.arguments for call in session.steps[2].calls] == [{"command": "ls"}, {"path": "a", "n": [1]}]
    assert told(session) == told(imported(tmp_path, limi()))
    assert "were left out; import the JSON file instead" in absent(session)["steps.tool_calls.arguments"]


def test_a_cut_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pl.DataFrame([limi()]).write_parquet(path)
    with pytest.raises(UserError, match="is cut off or no parquet file: "):
        list(import_file(written(tmp_path, path.read_bytes()[:-30]), given=GIVEN))


def of_columns(number: int, columns: Mapping[str, Any]) -> Given:
    """What a row of our own export says of its session."""
    return Given(
        query_id=columns["query_id"],
        query_sha256=columns["query_sha256"],
        trajectory_id=columns["trajectory_id"],
        pr_id=columns["pr_id"] or None,
        base_commit=columns["base_commit"] or None,
        outcome={} if columns["success"] is None else {"success": columns["success"]},
    )


def back(folder: Path, session: Session, policy: Policy) -> Session:
    """The session as the export in parquet can give it back."""
    path = folder / "train.parquet"
    write_rows(rows_of([session], policy, counting=lambda messages, tools: 1), path)
    (again,) = import_file(path, given=of_columns)
    return again


def _carried(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages with arguments as values."""
    carried = json.loads(json.dumps(messages))
    for one in carried:
        for call in one.get("tool_calls", []):
            arguments = call["function"]["arguments"]
            with suppress(ValueError):  # what is no JSON stays the model's text
                call["function"]["arguments"] = json.loads(arguments) if isinstance(arguments, str) else arguments
    return carried  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "policy", [Policy(arguments="text"), Policy(), Policy(rejected="tool", commands="tool", notices="drop")]
)
def test_archive_to_export_and_back_keeps_every_message_of_a_session_by_hand(policy: Policy, tmp_path: Path) -> None:
    session = session_of(worked(), "made")
    again = back(tmp_path, session, policy)
    assert _carried(messages_of(again, policy)) == _carried(messages_of(session, policy))
    assert again.agent.tool_definitions == session.agent.tool_definitions
    for name in ("query_id", "query_sha256", "pr_id", "base_commit"):
        assert getattr(again.provenance, name) == getattr(session.provenance, name)
    assert (again.trajectory_id, again.provenance.outcome.success) == (session.trajectory_id, True)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(session=sessions)
def test_archive_to_export_and_back_keeps_all_that_the_export_can_carry(session: Session, tmp_path: Path) -> None:
    policy = Policy(arguments="text")
    assume(any(step.source == "agent" for step in session.steps))
    again = imported(tmp_path, list(rows_of([session], policy, counting=lambda messages, tools: 1)), of_columns)
    assert _carried(messages_of(again, policy)) == _carried(messages_of(session, policy))
    assert tools_of(again) == tools_of(session)


def test_a_session_without_human_turns_in_between_comes_back_step_by_step(tmp_path: Path) -> None:
    session = made(
        *[{name: part for name, part in step.items() if name != "step_id"} for step in worked()["steps"][:3]]
    )
    again = back(tmp_path, session, Policy(arguments="text"))
    for before, after in zip(session.steps, again.steps, strict=True):
        assert (before.source, before.notes.kind, before.text, before.reasoning_content) == (
            after.source,
            after.notes.kind,
            after.text,
            after.reasoning_content,
        )
        assert before.calls == after.calls
        assert [(one.source_call_id, one.text) for one in before.results] == [
            (one.source_call_id, one.text) for one in after.results
        ]
