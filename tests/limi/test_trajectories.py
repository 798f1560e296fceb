"""`limi trajectories` as a person uses it: what it prints and writes, what it refuses, how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from limi.command import app
from pipeline.errors import UserError
from tests.conftest import Project
from tests.limi.sessions_world import ARCHIVE, QUERY, SOLVED, archived, enter, limi
from trajectories.export.rows import TRAJECTORIES


@pytest.fixture(autouse=True)
def _project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(project, monkeypatch)


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
    assert "1 session on 1 of the pool's 2 queries" in said


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


def test_a_broken_file_hides_no_other_session() -> None:
    archived()
    archived("real-001-c", outcome={"success": False})
    (ARCHIVE / "real-001-b.json").write_text('{"schema_version"', encoding="utf-8")
    (ARCHIVE / "real-001-d.json").write_text("", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        limi("check")
    assert [path in str(caught.value) for path in ("real-001-b.json", "real-001-d.json")] == [True, True]
    with pytest.raises(UserError, match=r"real-001-b\.json"):
        limi("check", "real-001-b", "real-001-a")


def test_what_is_whole_is_told_of_before_the_broken_files_are() -> None:
    archived(outcome={"success": False})
    archived("real-001-c", outcome=SOLVED, text=QUERY + " ")
    (ARCHIVE / "real-001-b.json").write_text('{"schema_version"', encoding="utf-8")
    told = CliRunner().invoke(app, ["trajectories", "check"]).output
    assert "refused not_success" in told and "real-001-c" in told and "2 of 2 are refused" in told


def test_a_broken_file_stops_an_export_with_the_earlier_rows_whole() -> None:
    archived()
    limi("export", "--out", "rows.parquet")
    before = Path("rows.parquet").read_bytes()
    for name in ("real-001-b", "real-001-c"):
        (ARCHIVE / f"{name}.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"real-001-b\.json(.|\n)*real-001-c\.json"):
        limi("export", "--out", "rows.parquet")
    assert Path("rows.parquet").read_bytes() == before


def test_mask_takes_out_what_the_check_refuses_whatever_else_is_masked(project: Project) -> None:
    project.edit("mask:\n  kinds: [secret, email, ip, phone, handle]", "mask:\n  kinds: [secret]")
    archived(outcome=SOLVED | {"submission": "mail jane.doe@corp-mail.net"})
    assert limi("check", "--mask").exit_code == 0


def test_mask_masks_what_only_the_section_mask_names(project: Project) -> None:
    project.edit("severity: {}\n    kinds: [secret, email, ip, phone, handle]", "severity: {}\n    kinds: [secret]")
    path = archived(outcome=SOLVED | {"submission": "mail jane.doe@corp-mail.net"})
    limi("check", "--mask")
    assert "jane.doe" not in path.read_text(encoding="utf-8")


def test_mask_leaves_a_file_alone_in_which_there_is_nothing_to_mask() -> None:
    path = archived()
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8"))), encoding="utf-8")
    before = path.read_bytes()
    limi("check", "--mask")
    assert path.read_bytes() == before


def test_a_session_that_cant_be_exported_is_not_among_the_lengths() -> None:
    path = archived()
    value = json.loads(path.read_text(encoding="utf-8"))
    value["steps"][1]["tool_calls"][0]["extra"] = {"limi": {"raw_arguments": "{'"}}
    path.write_text(json.dumps(value), encoding="utf-8")
    told = limi("check").output
    assert "no session" in told and "1 of 1 can't be exported, so their tokens are not among these" in told


def test_the_same_work_under_two_names_is_told_of() -> None:
    archived()
    archived("real-001-b")
    result = limi("check")
    assert result.exit_code == 0
    assert "real-001-b: it has the messages of real-001-a, so it is not trained on again" in result.output
    assert "left out: real-001-b, repeated" in limi("export").output
