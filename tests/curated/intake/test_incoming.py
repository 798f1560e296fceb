"""What somebody brings is read as it is, from JSON lines, CSV or a pull, and every problem is named by line and column."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from curated.intake.identity import derived_id
from curated.intake.incoming import Incoming, read_incoming
from curated.intake.plan import differences, plan_import
from pipeline.errors import UserError
from tests.curated.intake.brought import TEXT, query, row

OTHER = "Write a checker for our menus that finds dishes without a price, and tell the cook which ones they are."


@pytest.fixture
def bring(tmp_path: Path) -> Any:
    def read(name: str, content: str | bytes) -> Incoming:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return read_incoming(path)

    return read


def cells(**changed: Any) -> dict[str, str]:
    given = row(**changed)
    criteria = given["success_criteria"]
    texts = {"success_criteria": criteria if isinstance(criteria, str) else "\n".join(criteria), "consent": "yes"}
    return {**given, **texts, **{name: value for name, value in changed.items() if name in texts}}


def sheet(*rows: dict[str, str], ends: str = "\r\n") -> str:
    written = io.StringIO()
    table = csv.DictWriter(written, list(rows[0]), lineterminator=ends)
    table.writeheader()
    table.writerows(rows)
    return written.getvalue()


def test_json_lines_are_read_in_their_order(bring: Any) -> None:
    text = "\n".join(json.dumps(row(id=name)) for name in ("rw-b", "rw-a")) + "\n\n"
    assert [(line, one.id) for line, one in bring("q.jsonl", text).queries] == [(1, "rw-b"), (2, "rw-a")]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_sheet_is_read_with_any_line_ends_and_a_byte_order_mark(bring: Any, ends: str, mark: str) -> None:
    found = bring("q.CSV", mark + sheet(cells(query=f"Two lines.\n{TEXT}"), cells(id="rw-b"), ends=ends))
    assert found.problems == []
    assert [line for line, _ in found.queries] == [2, 5]
    assert found.queries[0][1] == query(f"Two lines.\n{TEXT}")


@pytest.mark.parametrize("name", ["q.csv", "q.jsonl"])
def test_a_row_without_an_id_gets_one_from_its_text(bring: Any, name: str) -> None:
    given = {key: value for key, value in row().items() if key != "id"}
    content = sheet(cells() | {"id": ""}) if name == "q.csv" else json.dumps(given)
    ((_, one),) = bring(name, content).queries
    assert one.id == derived_id(TEXT)


@pytest.mark.parametrize("said", ["", "no", "1", "YES please", "x"])
def test_a_consent_that_is_not_express_is_none(bring: Any, said: str) -> None:
    (problem,) = bring("q.csv", sheet(cells(consent=said))).problems
    assert (problem.line, problem.column) == (2, "consent")
    assert "without the contributor's consent" in problem.what


def test_a_cell_that_begins_as_a_formula_is_read_as_the_text_it_is(bring: Any) -> None:
    ((_, one),) = bring("q.csv", sheet(cells(query=f"=HYPERLINK(1) {TEXT}"))).queries
    assert one.query.startswith("=HYPERLINK(1)")


@pytest.mark.parametrize(
    ("content", "line", "column", "what"),
    [
        ('{"id": "a", "id": "b"}', 1, "", "the key 'id' stands twice"),
        (json.dumps(row() | {"licens": "MIT"}), 1, "licens", "did you mean licence?"),
        (json.dumps(row() | {"\x1b[2J": 1}), 1, r"'\x1b[2J'", "not a known column"),
        (json.dumps(row(query="x" * 2**20)), 1, "", "more than the 1,048,576 that are read"),
        (json.dumps(row(query="x" * 10**5)), 1, "query", "at most 8000 characters"),
        (json.dumps(row(source="x" * 501)), 1, "source", "at most 500 characters"),
        (json.dumps(row(query=f"\ud800 {TEXT}")), 1, "query", "valid string"),
        (json.dumps(row()) + "\n" + json.dumps(row(query=OTHER)), 2, "id", "line 1 has it already"),
        ("\n\n[]", 3, "(row)", "valid dictionary"),
        ("{", 1, "", "not JSON"),
    ],
)
def test_a_bad_row_is_named(bring: Any, content: str, line: int, column: str, what: str) -> None:
    (problem,) = bring("q.jsonl", content).problems
    assert (problem.line, problem.column) == (line, column)
    assert what in problem.what
    assert problem.what.isprintable()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("q.txt", "", "is of no known kind; name it NAME.jsonl, NAME.csv, NAME.json"),
        ("q.csv", "", "is empty; its first line names the columns"),
        ("q.csv", "id,query,\x1b\r\n", r"line 1: the column '\x1b' is not known"),
        ("q.csv", "id,id\r\n", "line 1: the column 'id' stands twice"),
        ("q.csv", 'id,query\r\na,"b', "line 2: it is not CSV"),
        ("q.csv", "id,query\r\na,b\0", "line 2: it holds a NUL character"),
        ("q.csv", b"id,query\r\na,\xff", "line 2: it is not UTF-8"),
        ("q.jsonl", b"\n\n\xed\xa0\x80", "line 3: it is not UTF-8"),
        ("q.json", "[]", "is not what `limi intake pull` writes"),
        ("q.json", '{"format": "limi-intake 1"}', "is not what `limi intake pull` writes"),
        ("q.json", "[" * 10**5, "it is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_told(bring: Any, name: str, content: str | bytes, what: str) -> None:
    with pytest.raises(UserError) as raised:
        bring(name, content)
    assert what in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_sheet_with_a_cell_too_few_names_the_line(bring: Any) -> None:
    found = bring("q.csv", sheet(cells()) + "\r\na,b\r\n" + sheet(cells(id="rw-b")).partition("\r\n")[2])
    assert [(one.line, one.what) for one in found.problems] == [
        (5, "it has 2 cells, and the first line names 9 columns")
    ]
    assert len(found.queries) == 2


def test_what_a_pull_wrote_is_read(bring: Any) -> None:
    pulled = {"format": "limi-intake 1", "queries": [{"row": row(), "task": 3}, {"row": {}}, 7]}
    found = bring("q.json", json.dumps(pulled))
    assert [(line, one.id) for line, one in found.queries] == [(1, "rw-orders")]
    assert {one.line for one in found.problems} == {2, 3}


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for name in ("nowhere.csv", "folder.csv"):
        with pytest.raises(UserError, match="cannot be read"):
            read_incoming(tmp_path / name)


def test_rows_are_new_there_already_other_or_withdrawn() -> None:
    there = [query(id="rw-a"), query(OTHER, id="rw-b")]
    brought = [query(id="rw-a"), query(OTHER, id="rw-b", source="an interview"), query(id="rw-c"), query(id="rw-d")]
    plan = plan_import(brought, there, {"rw-d": "2025-09-17"})
    assert (plan.same, plan.new, plan.withdrawn) == ([brought[0]], [brought[2]], [brought[3]])
    assert plan.other == [(there[1], brought[1])]
    assert differences(there[1], brought[1]) == {"source": ("written for this set", "an interview")}
