"""People's own queries are read row by row, and every bad row is named by line and column."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from pipeline.errors import UserError
from pipeline.real_world import DOMAINS, SubDomain, read_real_world

ROOT = Path(__file__).resolve().parent.parent.parent


def row(at: int = 1, **changed: Any) -> dict[str, Any]:
    return {
        "id": f"rw-{at:03}",
        "query": f"Please make the search page number {at} load faster.",
        "domain": "vibe-coding",
        "sub_domain": "optimization",
        "success_criteria": ["The page loads within a second."],
        "contributor_role": "maintainer",
        "source": "interview",
        "licence": "CC-BY-4.0",
        "consent": True,
    } | changed


def text_of(*rows: Any) -> str:
    return "".join(json.dumps(one) + "\n" for one in rows)


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str | bytes) -> list[Any]:
        (tmp_path / "queries.jsonl").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_real_world(tmp_path / "queries.jsonl")

    return read_text


@pytest.fixture
def problems(read: Any) -> Any:
    def refused(text: str | bytes) -> list[str]:
        with pytest.raises(UserError) as caught:
            read(text)
        return [line.rpartition("/queries.jsonl ")[2] for line in str(caught.value).splitlines()]

    return refused


def test_the_demo_queries_are_read() -> None:
    assert len(read_real_world(ROOT / "demo/real_world.jsonl")) == 60


def test_queries_come_in_the_order_of_the_file(read: Any) -> None:
    assert [query.id for query in read(text_of(row(3), row(1), row(2)))] == ["rw-003", "rw-001", "rw-002"]


def test_a_query_comes_out_as_it_was_written(read: Any) -> None:
    (query,) = read(text_of(row(1, query="Ünïcode \u2028 and\na second line, please.")))
    assert query.model_dump() == row(1, query="Ünïcode \u2028 and\na second line, please.")


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\u2029"])
def test_only_a_newline_ends_a_row(read: Any, separator: str) -> None:
    text = json.dumps(row(1, query=f"One line {separator} and its other half"), ensure_ascii=False)
    assert read(text)[0].query == f"One line {separator} and its other half"


def test_the_last_newline_may_be_missing_and_windows_line_ends_do(read: Any) -> None:
    assert len(read(text_of(row(1), row(2)).rstrip("\n"))) == 2
    assert len(read(text_of(row(1), row(2)).replace("\n", "\r\n"))) == 2


def test_an_empty_file_has_no_queries(read: Any) -> None:
    assert read("") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n", 1),
        ("\n" + text_of(row(1)), 1),
        (text_of(row(1)) + "\n" + text_of(row(2)), 2),
        (text_of(row(1)) + "  \n", 2),
        (text_of(row(1)) + "\n\n", 2),
    ],
)
def test_an_empty_line_is_named(problems: Any, text: str, line: int) -> None:
    assert problems(text)[0] == f"line {line}: it is empty; remove it"


def test_a_missing_file_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is missing; docs/DATA\.md"):
        read_real_world(tmp_path / "nowhere.jsonl")


def test_a_file_that_is_not_utf8_is_refused(problems: Any) -> None:
    assert "is not UTF-8" in problems(text_of(row(1)).encode() + b'{"id": "caf\xe9"}\n')[0]


@pytest.mark.parametrize(
    "line", ["{", "nothing", "{'id': 1}", '{"id": "a",}', "\ufeff" + json.dumps(row(1)), "[" * 100_000, "1" * 5_000]
)
def test_a_line_that_is_not_json_is_named(problems: Any, line: str) -> None:
    (sentence,) = problems(text_of(row(8)) + line + "\n" + text_of(row(9)))
    assert sentence.startswith("line 2: it is not JSON (")


@pytest.mark.parametrize("line", ["[1]", '"text"', "3", "null", "NaN"])
def test_a_line_that_is_no_object_is_named(problems: Any, line: str) -> None:
    (sentence,) = problems(line + "\n")
    assert sentence.startswith("line 1: column (row): ")


@pytest.mark.parametrize("column", list(row()))
def test_a_missing_column_is_named(problems: Any, column: str) -> None:
    rest = {name: value for name, value in row(1).items() if name != column}
    assert problems(text_of(rest)) == [f"line 1: column {column}: Field required"]


@pytest.mark.parametrize(
    ("column", "value", "where"),
    [
        ("id", "ab", "id"),
        ("id", "Abc", "id"),
        ("id", "-abc", "id"),
        ("id", "abc\n", "id"),
        ("id", "a" * 65, "id"),
        ("id", 7, "id"),
        ("query", "x" * 19, "query"),
        ("query", "x" * 8001, "query"),
        ("query", None, "query"),
        ("query", " \n\t" * 20, "query"),
        ("query", "a lone surrogate \ud800 in a query", "query"),
        ("domain", "coding", "domain"),
        ("sub_domain", "Back-end", "sub_domain"),
        ("success_criteria", [], "success_criteria"),
        ("success_criteria", "one", "success_criteria"),
        ("success_criteria", ["x"] * 13, "success_criteria"),
        ("success_criteria", ["good", " "], "success_criteria.1"),
        ("success_criteria", ["good", 3], "success_criteria.1"),
        ("contributor_role", "", "contributor_role"),
        ("source", " \t", "source"),
        ("licence", "", "licence"),
        ("consent", False, "consent"),
        ("consent", "true", "consent"),
        ("consent", 1, "consent"),
        ("remark", "x", "remark"),
    ],
)
def test_a_bad_value_is_named_by_its_column(problems: Any, column: str, value: Any, where: str) -> None:
    (sentence,) = problems(text_of(row(1), row(2, **{column: value})))
    assert sentence.startswith(f"line 2: column {where}: ")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "abc"),
        ("id", "9" * 64),
        ("query", "x" * 20),
        ("query", "x" * 8000),
        ("success_criteria", ["x"] * 12),
        ("sub_domain", "debugging"),
    ],
)
def test_a_value_at_the_edge_is_good(read: Any, column: str, value: Any) -> None:
    assert getattr(read(text_of(row(1, **{column: value})))[0], column) == value


def test_the_same_id_twice_is_named_with_the_first_line(problems: Any) -> None:
    assert problems(text_of(row(1), row(2), row(3, id="rw-001"))) == [
        "line 3, column id: the same as in line 1; remove one of the two"
    ]


@pytest.mark.parametrize(
    "query", ["Make the search page faster.", "MAKE the search page FASTER.", " Make  the\nsearch\tpage faster.  "]
)
def test_the_same_query_twice_is_found_whatever_its_case_and_blanks(problems: Any, query: str) -> None:
    assert problems(text_of(row(1, query="Make the search page faster."), row(2, query=query))) == [
        "line 2, column query: the same as in line 1; remove one of the two"
    ]


def test_every_problem_of_a_file_is_told_at_once(problems: Any) -> None:
    text = text_of(row(1), row(1), row(3, consent=False, licence="")) + "{\n\n" + text_of(row(4))
    assert [sentence.split(":")[0] for sentence in problems(text)] == [
        "line 2, column id",
        "line 2, column query",
        "line 3",
        "line 3",
        "line 4",
        "line 5",
    ]


def test_a_key_that_stands_twice_is_named(problems: Any) -> None:
    line = text_of(row(1)).replace('"consent": true', '"consent": false, "consent": true')
    assert problems(line) == ["line 1: the key 'consent' stands twice; which of the two counts nobody can tell"]


def test_a_key_like_a_known_one_is_told_which(problems: Any) -> None:
    assert problems(text_of(row(1, license="MIT"))) == [
        "line 1: column license: it is not a known column; did you mean licence?"
    ]


def test_a_key_nobody_knows_is_shown_without_its_control_characters(problems: Any) -> None:
    (sentence,) = problems(text_of(row(1, **{"\x1b[2J": "x"})))
    assert sentence.isprintable() and "the known ones are id, query" in sentence


def test_an_endless_line_is_not_read(problems: Any) -> None:
    (sentence,) = problems(text_of(row(1, query="x" * 2**20)))
    assert "more than the 1,048,576 that are read" in sentence


def test_a_row_with_endless_problems_names_some(problems: Any) -> None:
    assert len(problems(text_of(row(1, success_criteria=[""] * 10_000)))) == 1
    assert len(problems(text_of(row(1, **{f"key{at}": 1 for at in range(1_000)})))) == 20


@pytest.mark.parametrize(
    ("column", "most"), [("contributor_role", 200), ("source", 500), ("licence", 200), ("success_criteria", 1_000)]
)
def test_every_column_has_an_end(read: Any, problems: Any, column: str, most: int) -> None:
    def given(length: int) -> Any:
        return ["x" * length] if column == "success_criteria" else "x" * length

    assert read(text_of(row(1, **{column: given(most)})))
    assert f"column {column}" in problems(text_of(row(1, **{column: given(most + 1)})))[0]


def test_each_sub_domain_belongs_to_one_domain() -> None:
    assert sorted(part for parts in DOMAINS.values() for part in parts) == sorted(get_args(SubDomain))


def test_a_folder_is_no_file_of_queries(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_real_world(tmp_path)
