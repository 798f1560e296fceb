"""`limi trajectories import` as a person uses it: what comes into the archive, and what is refused or doubted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.files import sha256_text, write_jsonl
from tests.conftest import Project
from tests.limi.sessions_world import ARCHIVE, QUERY, archived, enter, limi, spoken
from trajectories.archive.file import read_session, sessions, write_session


@pytest.fixture(autouse=True)
def _project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(project, monkeypatch)


def test_an_import_without_a_query_is_refused_and_says_what_to_do() -> None:
    with pytest.raises(
        UserError, match=r"recorded.json row 1 does not tell which query it is work on; --query QUERY_ID does"
    ):
        limi("import", spoken())
    assert list(ARCHIVE.iterdir()) == []


def test_an_import_on_an_unknown_query_is_refused() -> None:
    with pytest.raises(UserError, match="no query real-009"):
        limi("import", spoken(), "--query", "real-009")


def test_an_import_takes_the_querys_facts_and_what_the_person_says() -> None:
    said = limi("import", spoken(), "--query", "real-001", "--solved", "--sandbox", "none").output
    (session,) = sessions(ARCHIVE)
    where = session.provenance
    assert (where.query_id, where.query_sha256) == ("real-001", sha256_text(QUERY))
    assert (where.outcome.success, where.environment and where.environment.sandbox) == (True, "none")
    assert session.trajectory_id in said and "1 session;" in said


def test_an_import_is_masked() -> None:
    said = limi("import", spoken("Write to jane.doe@corp-mail.net"), "--query", "real-001").output
    (path,) = ARCHIVE.iterdir()
    assert "jane.doe" not in path.read_text(encoding="utf-8") + said
    assert "[EMAIL_1]" in path.read_text(encoding="utf-8")


def test_the_same_file_again_changes_nothing() -> None:
    limi("import", spoken(), "--query", "real-001")
    (path,) = ARCHIVE.iterdir()
    before = path.read_bytes()
    assert "unchanged" in limi("import", spoken(), "--query", "real-001").output
    assert path.read_bytes() == before


def test_what_somebody_mended_in_the_archive_is_only_replaced_on_demand() -> None:
    limi("import", spoken(), "--query", "real-001")
    (path,) = ARCHIVE.iterdir()
    write_session(read_session(path).model_copy(update={"notes": "mended"}), ARCHIVE)
    with pytest.raises(UserError, match="--replace writes over it"):
        limi("import", spoken(), "--query", "real-001")
    assert read_session(path).notes == "mended"
    assert "replaced" in limi("import", spoken(), "--query", "real-001", "--replace").output
    assert read_session(path).notes is None


def test_the_rows_of_an_export_tell_their_queries() -> None:
    archived()
    archived("real-002-a", "real-002", "Another one.")
    limi("export", "--out", "rows.parquet")
    for path in ARCHIVE.iterdir():
        path.unlink()
    limi("import", "rows.parquet")
    assert {session.provenance.query_id for session in sessions(ARCHIVE)} == {"real-001", "real-002"}


def test_one_row_of_a_file_of_many_is_taken_by_its_number() -> None:
    path = Path("many.jsonl")
    texts = [QUERY, "Another one."]
    rows = [
        {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Done."}]} for text in texts
    ]
    path.write_text("".join(json.dumps(row | {"tools": []}) + "\n" for row in rows), encoding="utf-8")
    with pytest.raises(UserError, match=r"say which row is meant \(--row N\)"):
        limi("import", str(path), "--query", "real-002")
    limi("import", str(path), "--query", "real-002", "--row", "2")
    (session,) = sessions(ARCHIVE)
    assert session.provenance.query_id == "real-002" and session.steps[0].text == "Another one."
    assert session.provenance.base_commit is None


def test_what_a_file_does_not_tell_is_given_and_never_invented() -> None:
    tools = [
        {"type": "function", "function": {"name": "bash", "description": "Run.", "parameters": {"type": "object"}}}
    ]
    Path("tools.json").write_text(json.dumps(tools), encoding="utf-8")
    limi("import", spoken(), "--query", "real-001", "--tools", "tools.json", "--base-commit", "a" * 40)
    (session,) = sessions(ARCHIVE)
    assert session.agent.tool_definitions and session.agent.tool_definitions[0].function.name == "bash"
    assert session.provenance.base_commit == "a" * 40
    Path("tools.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"--tools tools.json is no list of tools"):
        limi("import", spoken("Well."), "--query", "real-001", "--tools", "tools.json")


def test_our_own_export_comes_back_with_its_success_and_its_commit() -> None:
    archived(base_commit="b" * 40)
    limi("export", "--out", "rows.parquet")
    for path in ARCHIVE.glob("*.json"):
        path.unlink()
    limi("import", "rows.parquet")
    (session,) = sessions(ARCHIVE)
    assert session.provenance.outcome.success is True and session.provenance.base_commit == "b" * 40


def test_an_import_is_masked_of_all_that_a_check_refuses(project: Project) -> None:
    project.edit("mask:\n  kinds: [secret, email, ip, phone, handle]", "mask:\n  kinds: [secret]")
    limi("import", spoken("Write to jane.doe@corp-mail.net"), "--query", "real-001", "--solved")
    assert "refused not_masked" not in limi("check").output


def test_a_row_of_an_export_whose_session_is_there_is_not_archived_twice() -> None:
    archived()
    limi("export", "--out", "rows.parquet")
    told = limi("import", "rows.parquet").output
    assert "rows.parquet row 1 is the export of real-001-a, which the archive has" in told
    assert [path.name for path in ARCHIVE.iterdir()] == ["real-001-a.json"]


def test_a_row_of_that_name_from_another_archive_is_taken() -> None:
    archived()
    limi("export", "--out", "rows.parquet")
    archived(outcome={"success": True})
    limi("import", "rows.parquet")
    assert len(list(ARCHIVE.iterdir())) == 2


def test_a_rows_own_hash_of_its_querys_text_counts() -> None:
    archived()
    limi("export", "--out", "rows.parquet")
    for path in ARCHIVE.iterdir():
        path.unlink()
    rows = [json.loads(line) for line in Path("curated/pool.jsonl").read_text(encoding="utf-8").splitlines()]
    write_jsonl(Path("curated/pool.jsonl"), [row | {"query": row["query"] + " And soon."} for row in rows])
    limi("import", "rows.parquet")
    (session,) = sessions(ARCHIVE)
    assert session.provenance.query_sha256 == sha256_text(QUERY)


def test_a_session_that_begins_with_something_else_than_its_query_is_doubted() -> None:
    said = limi("import", spoken(), "--query", "real-002").output
    assert "the first request does not hold the text of real-002; is it work on that query?" in said
    assert "is it work on" not in limi("import", spoken("Well."), "--query", "real-001").output


def test_one_recording_is_not_archived_as_work_on_two_queries() -> None:
    path = spoken()
    limi("import", path, "--query", "real-002")
    (before,) = ARCHIVE.iterdir()
    with pytest.raises(UserError, match=f"{before.name} is the same recording as work on real-002; if it is work on "):
        limi("import", path, "--query", "real-001")
    with pytest.raises(UserError, match="is the same recording"):
        limi("import", path, "--query", "real-001", "--row", "1")
    assert list(ARCHIVE.iterdir()) == [before]


def test_two_rows_of_a_file_may_be_work_on_two_queries() -> None:
    path = Path("many.jsonl")
    row = {"messages": [{"role": "user", "content": QUERY}, {"role": "assistant", "content": "Done."}], "tools": []}
    path.write_text((json.dumps(row) + "\n") * 2, encoding="utf-8")
    limi("import", str(path), "--query", "real-001", "--row", "1")
    limi("import", str(path), "--query", "real-002", "--row", "2")
    assert len(list(ARCHIVE.iterdir())) == 2


def test_an_id_stays_in_one_piece_on_a_narrow_terminal() -> None:
    (row, *_) = Path("curated/pool.jsonl").read_text(encoding="utf-8").splitlines()
    write_jsonl(Path("curated/pool.jsonl"), [json.loads(row) | {"id": "gh-4d88666c3627"}])
    command = [
        sys.executable,
        "-m",
        "limi",
        "trajectories",
        "import",
        spoken(),
        "--query",
        "gh-4d88666c3627",
        "--row",
        "1",
    ]
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    (session,) = sessions(ARCHIVE)
    assert any(line.startswith(f"{session.trajectory_id} ") for line in told.splitlines())
