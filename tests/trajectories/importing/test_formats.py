"""Which format a file is, by its content; and what the caller gives of provenance."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import GIVEN, absent, imported, sample, sample_names, written
from tests.trajectories.made import BASH
from trajectories.importing.formats import FORMATS, detect, import_file
from trajectories.importing.given import Given


def test_every_format_has_a_sample() -> None:
    assert sample_names() == sorted(FORMATS)


@pytest.mark.parametrize("name", sample_names())
def test_a_format_is_recognised_by_its_content(name: str, tmp_path: Path) -> None:
    assert detect(written(tmp_path, sample(name), "anything.txt")) == name


@pytest.mark.parametrize("name", ["claude-code", "codex", "openhands", "limi"])
def test_one_json_list_does_as_well_as_lines(name: str, tmp_path: Path) -> None:
    recording = sample(name)
    rows: list[Any] = recording if isinstance(recording, list) else [recording]
    text = "[" + ",\n".join(str(written(tmp_path, row).read_text()) for row in rows) + "]"
    assert detect(written(tmp_path, text)) == name
    assert imported(tmp_path, text).steps == imported(tmp_path, recording).steps


@pytest.mark.parametrize("content", ["", "\n\n", "{}", "[]", "3", '{"a": 1}\n{"b": 2}\n', '"text"', "[[1]]", "null"])
def test_a_file_of_no_format_is_refused(content: str, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    with pytest.raises(
        UserError, match=r"recording(: its format is not recognised; name it|.*it is cut off or no JSON)"
    ):
        detect(path)


def test_an_unknown_format_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="aider is no format of recordings; known are claude-code, codex, gemini-cli"):
        import_file(written(tmp_path, "{}"), "aider", given=GIVEN)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is missing; name the file"):
        import_file(tmp_path / "nothing", given=GIVEN)


def test_what_is_given_stands_in_the_provenance(tmp_path: Path) -> None:
    given = dataclasses.replace(
        GIVEN,
        trajectory_id="my-own",
        pr_id="owner/name#7",
        base_commit="a" * 40,
        environment={"sandbox": "none"},
        outcome={"success": True, "ended": "as I saw it"},
        tools=[BASH],
    )
    session = imported(tmp_path, sample("codex"), given)
    known = session.provenance
    assert (session.trajectory_id, known.query_id, known.query_sha256) == ("my-own", GIVEN.query_id, GIVEN.query_sha256)
    assert (known.pr_id, known.base_commit) == ("owner/name#7", "a" * 40)
    assert known.environment is not None
    assert known.environment.sandbox == "none"
    assert (known.outcome.success, known.outcome.ended) == (True, "as I saw it")
    assert [tool.function.name for tool in session.agent.tool_definitions or ()] == ["bash"]
    assert not absent(session).keys() & {"outcome.success", "agent.tool_definitions"}


def test_what_nobody_gave_is_stated_and_the_file_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, sample("codex"), "rollout-1.jsonl")
    (session,) = import_file(path, given=GIVEN)
    digits = hashlib.sha256(path.read_bytes()).hexdigest()
    assert session.trajectory_id == f"gh-0123456789ab-{digits[:12]}"
    source = session.provenance.source
    assert source is not None
    assert (source.format, source.file, source.sha256, source.row) == ("codex rollout", "rollout-1.jsonl", digits, None)
    assert session.provenance.collector.name == "limi-curation"
    assert absent(session)["outcome.success"] == "nobody said whether the query was solved"
    assert absent(session)["agent.tool_definitions"] == "the format does not list the tools"


def test_a_function_of_the_row_does_for_a_file_of_one_session_as_well(tmp_path: Path) -> None:
    asked: list[Any] = []

    def of_row(number: int, columns: Any) -> Given:
        asked.append((number, columns))
        return GIVEN

    assert imported(tmp_path, sample("codex"), of_row).provenance.query_id == GIVEN.query_id
    assert asked == [(1, {})]


def test_our_own_collectors_recording_has_no_source(tmp_path: Path) -> None:
    assert (
        imported(tmp_path, sample("mini-swe-agent"), dataclasses.replace(GIVEN, recorded=True)).provenance.source
        is None
    )


@pytest.mark.parametrize(
    ("field", "value"), [("query_id", "X"), ("query_sha256", "5"), ("pr_id", "7"), ("base_commit", "main")]
)
def test_provenance_that_the_archive_refuses_is_refused_with_its_field(field: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=field):
        imported(tmp_path, sample("codex"), dataclasses.replace(GIVEN, **{field: value}))  # type: ignore[arg-type]
