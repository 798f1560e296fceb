"""`limi intake` as a person uses it: what it asks, what it says, how it ends, and what is in the file then."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from curated.intake.history import history_path, read_history
from limi.intake import app
from pipeline.errors import UserError
from pipeline.query_tables import QUERIES
from pipeline.real_world import read_real_world
from tests.conftest import ROOT
from tests.curated.intake.brought import TEXT, query, row

OTHER = "Write a checker for our menus that finds dishes without a price, and tell the cook which ones they are."
FILE = Path("queries.jsonl")
Run = Callable[..., str]
FLAGS = {
    "--query": TEXT,
    "--domain": "vibe-coding",
    "--sub-domain": "optimization",
    "--criterion": "The page with 200 rows loads in less than one second.",
    "--role": "web developer, wholesale",
    "--source": "written for this set",
    "--licence": "CC-BY-4.0",
}


def flags(consent: bool = True, **changed: str) -> list[str]:
    given = {name: changed.get(name[2:].replace("-", "_"), value) for name, value in FLAGS.items()}
    return [part for name, value in given.items() if value for part in (name, value)] + ["--consent"] * consent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder with the parameters and lists, whose real-world queries are in FILE."""
    (tmp_path / "curated").mkdir()
    (tmp_path / "curated/contamination").symlink_to(ROOT / "curated/contamination")
    text = (ROOT / "profiles/demo.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text.replace("demo/real_world.jsonl", str(FILE)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    def ran(*arguments: str, code: int = 0, given: str | bytes = "") -> str:
        done = CliRunner().invoke(app, list(arguments), input=given)
        said = done.output + (str(done.exception) if isinstance(done.exception, UserError) else "")
        assert (2 if isinstance(done.exception, UserError) else done.exit_code) == code, (said, done.exc_info)
        return said

    return ran


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def test_a_query_is_added_with_flags_alone(run: Run) -> None:
    assert "queries.jsonl, which has 1 queries now" in run("add", *flags())
    (one,) = read_real_world(FILE)
    assert one.query == TEXT and one.id.startswith("rw-")


def test_the_same_query_again_changes_nothing(run: Run) -> None:
    run("add", *flags())
    before = FILE.read_bytes()
    assert "word for word; nothing to do" in run("add", *flags())
    assert "with other content" in run("add", *flags(role="somebody else"), code=2)
    assert FILE.read_bytes() == before


def test_the_text_comes_from_standard_input_or_a_file_without_its_last_line_end(run: Run, tmp_path: Path) -> None:
    run("add", *flags(query="-"), given=f"\ufeffFirst.\r\n\r\n{TEXT}\n")
    (tmp_path / "q.txt").write_text(f"{OTHER}\n", encoding="utf-8")
    run("add", *flags(query=""), "--query-file", "q.txt")
    assert [one.query for one in read_real_world(FILE)] == [f"First.\r\n\r\n{TEXT}", OTHER]
    assert "is not UTF-8" in run("add", *flags(query="-"), given=b"\xff\xfe", code=2)
    assert "cannot be read" in run("add", *flags(query=""), "--query-file", "nowhere.txt", code=2)


def test_without_a_terminal_all_that_is_missing_is_named_at_once(run: Run) -> None:
    said = run("add", "--query", TEXT, code=2)
    assert "--domain, --sub-domain, --criterion, --role, --source, --licence, --consent missing" in said
    assert not FILE.exists()


def test_consent_is_given_expressly_or_nothing_is_added(run: Run) -> None:
    assert "--consent missing" in run("add", *flags(consent=False), code=2)
    assert not FILE.exists()


def test_what_is_refused_is_not_added_and_not_shown(run: Run) -> None:
    said = run("add", *flags(query=f"{TEXT} Ask joe.miller@acme-corp.io."), code=2)
    assert "(email)" in said and "nothing was added: 1 of the findings" in said and "joe.miller" not in said
    assert not FILE.exists()


def test_a_bad_value_is_told_by_its_column(run: Run) -> None:
    said = run("add", *flags(domain="coding", query="too short"), code=2)
    assert "column domain: " in said and "column query: " in said and "nothing was added" in said


def test_a_dry_run_writes_nothing(run: Run) -> None:
    assert "would be added" in run("add", *flags(), "--dry-run")
    write(Path("q.jsonl"), row())
    assert "1 would be good to take" in run("import", "q.jsonl", "--dry-run")
    assert not FILE.exists()


def asked(consent: str, *arguments: str) -> tuple[int, str]:
    """How adding in a terminal ends, and what it said; the consent is what is answered last."""
    own, others = pty.openpty()
    told = [
        "First line.",
        TEXT,
        ".",
        "vibe",
        "vibe-coding",
        "optimization",
        "It loads in a second.",
        "",
        "developer",
        "an interview",
    ]
    command = [sys.executable, "-c", "from limi.command import main; main()", "intake", "add", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "dumb"}
    with subprocess.Popen(
        command, stdin=others, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as asking:
        os.close(others)
        os.write(own, "".join(f"{line}\n" for line in [*told, "CC0-1.0", consent]).encode())
        try:
            said = asking.communicate(timeout=60)[0].decode()
        finally:
            asking.kill()
            os.close(own)
    return asking.returncode, said


def test_in_a_terminal_what_is_missing_is_asked(folder: Path) -> None:
    code, said = asked("yes")
    assert code == 0, said
    (one,) = read_real_world(FILE)
    assert (one.query, one.licence, one.contributor_role) == (f"First line.\n{TEXT}", "CC0-1.0", "developer")
    assert "'vibe' is none of them" in said and "published in a data set under CC0-1.0" in said


def test_a_wrong_domain_leaves_no_question_that_has_no_answer(folder: Path) -> None:
    code, said = asked("yes", "--domain", "coding")
    assert code == 2 and "column domain: " in said and "Sub-domain (front-end, " in said
    assert not FILE.exists()


def test_in_a_terminal_only_yes_in_full_is_consent(folder: Path) -> None:
    code, said = asked("y")
    assert code == 2 and "without consent a query can't be used; nothing was added" in said
    assert not FILE.exists()


def test_an_import_takes_all_or_nothing(run: Run) -> None:
    write(Path("q.jsonl"), row(), row(OTHER, id="rw-b", consent=False), row(OTHER, id="rw-c", licence="none"))
    said = run("import", "q.jsonl", code=2)
    assert "consent" in said and "rw-c" in said and "nothing was taken" in said
    assert not FILE.exists()
    assert "3 rows read: 1 are good to take, 0 already there, 0 withdrawn; 2 problems" in run(
        "import", "q.jsonl", "--partly"
    )
    assert [one.id for one in read_real_world(FILE)] == ["rw-orders"]


def test_what_is_there_already_is_counted_and_no_problem(run: Run) -> None:
    write(Path("q.jsonl"), row(), row(OTHER, id="rw-b"))
    run("import", "q.jsonl")
    before = FILE.read_bytes()
    assert "2 rows read: 0 are good to take, 2 already there, 0 withdrawn; 0 problems" in run("import", "q.jsonl")
    assert FILE.read_bytes() == before


def test_a_row_is_not_replaced_silently(run: Run) -> None:
    write(FILE, row(), row(OTHER, id="rw-b"))
    write(Path("q.jsonl"), row(source="joe.miller@acme-corp.io told it"))
    said = run("import", "q.jsonl", code=2)
    assert "- source: written for this set" in said and "+ source: [EMAIL_1] told it" in said and "1 problems" in said
    write(Path("q.jsonl"), row(source="an interview"))
    run("import", "q.jsonl", "--replace")
    assert [one.source for one in read_real_world(FILE)] == ["an interview", "written for this set"]
    (entry,) = read_history(FILE)
    assert entry.row == query() and entry.why == "import --replace of q.jsonl"


def test_a_replaced_row_may_not_come_to_repeat_another(run: Run) -> None:
    write(FILE, row(), row(OTHER, id="rw-b"))
    write(Path("q.jsonl"), row(OTHER + "!"))
    assert "it is nearly query rw-b" in run("import", "q.jsonl", "--replace", code=2)
    assert read_real_world(FILE)[0].query == TEXT


def test_a_withdrawn_query_does_not_come_back(run: Run) -> None:
    write(Path("q.jsonl"), row(), row(OTHER, id="rw-b"))
    run("import", "q.jsonl")
    said = run("withdraw", "rw-b", "--why", "its contributor asked", "--erase")
    assert "rw-b is out of queries.jsonl" in said and "docs/INTAKE.md" in said
    assert OTHER not in history_path(FILE).read_text(encoding="utf-8")
    said = run("import", "q.jsonl")
    assert "rw-b is left out: it was withdrawn on" in said and "1 already there, 1 withdrawn; 0 problems" in said
    assert "(withdrawn)" in run("add", *flags(query=OTHER), "--id", "rw-b", code=2)
    assert [one.id for one in read_real_world(FILE)] == ["rw-orders"]


@pytest.mark.parametrize("why", ["", " ", "two\nlines", "x" * 501])
def test_a_withdrawal_has_a_reason_in_one_line(run: Run, why: str) -> None:
    write(FILE, row())
    assert "give the reason in one line" in run("withdraw", "rw-orders", "--why", why, code=2)
    assert len(read_real_world(FILE)) == 1


def test_a_whole_file_is_checked_with_all_that_is_wrong(run: Run) -> None:
    write(FILE, row(), row(TEXT.upper() + " ", id="rw-b"), row(OTHER, id="rw-c", domain="research-workflow"), [1])
    said = run("check", code=2)
    assert "refused: queries.jsonl line 2, column query: the same as in line 1" in said
    assert "refused: line 3, query rw-c, column sub_domain" in said
    assert "queries.jsonl line 4: column (row): " in said and "3 queries; " in said


def test_a_machine_gets_json(run: Run) -> None:
    write(FILE, row(), row(f"{OTHER} Ask joe.miller@acme-corp.io.", id="rw-b"), row(f"-1 {OTHER[:90]}", id="rw-c"), {})
    found = json.loads(run("check", "--json", code=2))
    assert (found["queries"], found["flagged"]) == (3, 1)
    assert [(one["row"], one["check"]) for one in found["findings"]][-2:] == [(2, "email"), (3, "formula")]
    assert {one["row"] for one in found["findings"] if one["check"] == "form"} == {4}


def test_nothing_of_a_hostile_file_reaches_the_terminal(run: Run) -> None:
    evil = "\x1b]0;title\x07\x9b2J\u202e"
    write(
        FILE,
        row(f"{evil} {TEXT}", source=f"x{evil}"),
        {evil: evil},
        row(OTHER, id="rw-b", contributor_role=evil, licence=evil),
    )
    write(Path("q.jsonl"), row(f"{evil} {TEXT}", id="rw-c", source=f"x{evil}"), {evil: evil})
    write(Path("p.jsonl"), row(source=evil))
    write(Path("there.jsonl"), row())
    said = [
        run("check", code=2),
        run("check", "--json", code=2),
        run("import", "q.jsonl", "--file", "new.jsonl", code=2),
    ]
    said += [
        run("import", "p.jsonl", "--file", "there.jsonl", code=2),
        run("add", *flags(query=f"{evil} {TEXT}"), "--file", "n", code=2),
    ]
    assert all(character.isprintable() or character == "\n" for one in said for character in one)


def test_queries_of_pull_requests_are_held_against(run: Run) -> None:
    schema = QUERIES.frame([]).schema
    empty = dict.fromkeys(schema) | {"query_id": "gh-000000000001", "query": TEXT}
    Path("data").mkdir()
    pl.DataFrame([empty], schema=schema).write_parquet("data/queries.parquet")
    write(FILE, row())
    assert "flagged: line 1, query rw-orders, column query: it is nearly query gh-000000000001" in run("check")


def test_two_that_add_at_once_both_count(folder: Path) -> None:
    program = "from limi.command import main; main()"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([sys.executable, "-c", program, "intake", "add", *flags(query=text)], env=environment)
        for text in (TEXT, OTHER)
    ]
    assert [one.wait(60) for one in both] == [0, 0]
    assert sorted(one.query for one in read_real_world(FILE)) == [TEXT, OTHER]
