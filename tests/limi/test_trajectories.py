"""`limi trajectories` as a person uses it: what it prints and writes, what it refuses, how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from limi.command import app
from pipeline.errors import UserError
from pipeline.files import sha256_text, write_jsonl
from tests.conftest import Project
from tests.trajectories.made import answer, call, observed, said, value
from trajectories.archive.file import read_session, sessions, write_session
from trajectories.archive.session import session_of
from trajectories.export.rows import TRAJECTORIES

QUERY = "Please make the search of our notes fast, and add a test."
ARCHIVE = Path("demo/trajectories")
SOLVED: dict[str, Any] = {"success": True, "checks": [{"name": "tests", "passed": True, "round": 1}]}


@pytest.fixture(autouse=True)
def _project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with a pool of two real-world queries and an empty archive, and the process in it."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("COLUMNS", "200")
    rows: list[dict[str, Any]] = [
        {
            "id": name,
            "query": text,
            "source": "somebody",
            "licence": "CC0-1.0",
            "pull_request": None,
            "success_criteria": [],
        }
        for name, text in (("real-001", QUERY), ("real-002", "Another one."))
    ]
    write_jsonl(Path("curated/pool.jsonl"), rows)
    for path in ARCHIVE.glob("*.json"):
        path.unlink()
    ARCHIVE.mkdir(exist_ok=True)


def limi(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["trajectories", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def archived(name: str = "real-001-a", query_id: str = "real-001", text: str = QUERY, **provenance: Any) -> Path:
    """A session of the archive that no check refuses."""
    steps = [
        said("user", text, limi={"kind": "request"}),
        said("agent", "I look.", tool_calls=[call("c1", "ls")], observation=observed(answer("c1", "src"))),
        said("agent", "The search is fast now, and a test holds it."),
    ]
    facts = {"query_id": query_id, "query_sha256": sha256_text(text), "pr_id": None, "outcome": SOLVED} | provenance
    made = value(*steps, **{key: fact for key, fact in facts.items() if fact is not None})
    for key in [key for key, fact in facts.items() if fact is None]:
        made["extra"]["limi"].pop(key, None)
    return write_session(session_of(made | {"trajectory_id": name}, name), ARCHIVE)


def recording(*messages: dict[str, Any]) -> str:
    path = Path("recorded.json")
    path.write_text(json.dumps({"messages": list(messages), "tools": []}), encoding="utf-8")
    return str(path)


def spoken(text: str = "Done.") -> str:
    return recording({"role": "user", "content": QUERY}, {"role": "assistant", "content": text})


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
    assert session.trajectory_id in said and "1 sessions" in said


def test_an_import_is_masked() -> None:
    said = limi("import", spoken("Write to jane.doe@corp-mail.net"), "--query", "real-001").output
    (path,) = ARCHIVE.iterdir()
    assert "jane.doe" not in path.read_text(encoding="utf-8") + said
    assert "[EMAIL_1]" in path.read_text(encoding="utf-8")


def test_the_same_file_again_changes_nothing() -> None:
    limi("import", spoken(), "--query", "real-001")
    (path,) = ARCHIVE.iterdir()
    before = path.read_bytes()
    assert "there already" in limi("import", spoken(), "--query", "real-001").output
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


def test_a_good_archive_passes_with_its_lengths_beside_the_papers() -> None:
    archived()
    result = limi("check")
    assert result.exit_code == 0
    assert "real-001-a" in result.output and "the paper's 78: 13,000 to 152,000 tokens" in result.output


def test_a_refused_session_ends_the_check_with_2_and_the_rule() -> None:
    archived()
    archived("real-001-b", outcome={"success": False})
    result = limi("check")
    assert result.exit_code == 2
    assert "refused not_success" in result.output and "1 of 2 are refused" in result.output
    assert limi("check", "real-001-a").exit_code == 0


def test_the_text_of_the_pool_is_what_a_session_is_held_against() -> None:
    archived(text="An earlier text of this query, as it was.")
    assert "refused other_text" in limi("check").output


def test_a_session_on_no_query_of_the_pool_is_named() -> None:
    archived("gh-0123456789ab-a", "gh-0123456789ab")
    assert "gh-0123456789ab is not in the pool, so it is not trained on" in limi("check").output


def test_mask_takes_out_what_the_check_found() -> None:
    path = archived(notes=None, outcome=SOLVED | {"submission": "mail jane.doe@corp-mail.net"})
    assert "refused not_masked" in limi("check").output
    assert limi("check", "--mask").exit_code == 0
    assert "jane.doe" not in path.read_text(encoding="utf-8")


def test_mask_writes_no_second_file_beside_one_of_another_name() -> None:
    path = archived().rename("elsewhere.json")
    with pytest.raises(UserError, match="only files that are named after their session"):
        limi("check", str(path), "--mask")
    assert not Path("real-001-a.json").exists()


def test_the_export_has_a_row_for_each_session_that_is_trained_on_and_names_the_others() -> None:
    archived()
    archived("real-001-b", outcome={"success": False})
    archived("gh-0123456789ab-a", "gh-0123456789ab")
    said = limi("export").output
    rows = TRAJECTORIES.read(Path("sft/train.parquet"))
    assert rows["trajectory_id"].to_list() == ["real-001-a"]
    assert rows["licence"].to_list() == ["CC0-1.0"]
    assert "left out: gh-0123456789ab-a, not_in_pool" in said and "left out: real-001-b, not_success" in said
    assert "1 sessions on 1 of the pool's 2 queries" in said


def test_a_session_is_shown_with_its_findings_where_they_are() -> None:
    archived("real-001-b", outcome={"success": False})
    said = limi("show", "real-001-b").output
    assert "real-001-b: not solved, 1 round, 3 steps, 1 call" in said
    assert "refused not_success" in said


def test_nothing_of_a_session_is_obeyed_by_the_terminal() -> None:
    hostile = "\x1b]0;title\x07\x1b[2J[bold red]x[/]\u202e\x9b31m"
    archived(text=hostile)
    said = limi("show", "real-001-a").output
    assert "[bold red]x[/]" in said
    assert {character for character in said if not character.isprintable()} == {"\n"}


def test_a_file_outside_of_the_archive_can_be_shown() -> None:
    path = archived().rename("elsewhere.json")
    assert "real-001-a: solved" in limi("show", str(path)).output


def test_html_writes_a_page() -> None:
    archived()
    limi("show", "real-001-a", "--html", "page.html")
    assert Path("page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_an_unknown_session_is_refused() -> None:
    with pytest.raises(UserError, match=r"demo/trajectories/nobody.json is missing"):
        limi("show", "nobody")


def test_before_there_is_a_pool_a_session_can_be_looked_at_and_not_exported() -> None:
    archived()
    Path("curated/pool.jsonl").unlink()
    assert "real-001-a: solved" in limi("show", "real-001-a").output
    with pytest.raises(UserError, match="`dvc repro build_pool` writes it"):
        limi("export")


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
