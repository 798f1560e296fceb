"""A file of rows: one for each session, with where it comes from, the same bytes each time, in little memory."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pyarrow.parquet import ParquetFile

from pipeline.errors import UserError
from pipeline.files import sha256_text
from tests.trajectories import made
from tests.trajectories.made import call, said
from trajectories.archive.file import read_session, write_session
from trajectories.archive.session import Session, session_of
from trajectories.export.policy import Policy
from trajectories.export.rows import TRAJECTORIES, row_of, rows_of, write_rows

WORKED = session_of(made.worked(), "made")


def named(name: str, **fields: Any) -> Session:
    return session_of(made.worked() | {"trajectory_id": name} | fields, "made")


def test_a_row_says_where_it_comes_from(tmp_path: Path) -> None:
    row = row_of(WORKED, Policy(), licence="MIT")
    file = write_session(WORKED, tmp_path)
    assert {name: row[name] for name in row if name not in ("messages", "tools", "tokens")} == {
        "trajectory_id": "gh-0123456789ab-1",
        "query_id": "gh-0123456789ab",
        "query_sha256": "5" * 64,
        "pr_id": "owner/name#7",
        "base_commit": "a" * 40,
        "licence": "MIT",
        "agent": "mini-swe-agent 2.4.6",
        "model": "openai/example",
        "collector": "limi-curation 0.1.0",
        "rounds": 2,
        "success": True,
        "turns": 3,
        "archive_sha256": sha256_text(file.read_text(encoding="utf-8")),
    }


def test_the_hash_of_a_session_does_not_hang_on_how_somebody_laid_its_file_out(tmp_path: Path) -> None:
    file = write_session(WORKED, tmp_path)
    written = sha256_text(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")), indent=4), encoding="utf-8")
    assert row_of(read_session(file), Policy())["archive_sha256"] == written


def test_what_a_session_lacks_is_empty_in_its_row() -> None:
    value = made.worked()
    del value["agent"]["model_name"]
    del value["extra"]["limi"]["pr_id"]
    del value["extra"]["limi"]["base_commit"]
    del value["extra"]["limi"]["outcome"]["success"]
    row = row_of(session_of(value, "made"), Policy())
    assert [row[name] for name in ("model", "pr_id", "base_commit", "licence", "success")] == ["", "", "", "", None]


def test_a_row_names_every_model_once() -> None:
    value = made.worked()
    value["steps"][2]["model_name"] = "small"
    assert row_of(session_of(value, "made"), Policy())["model"] == "small, openai/example"


def test_arguments_of_different_tools_come_back_as_they_were(tmp_path: Path) -> None:
    calls = [
        {"tool_call_id": "a", "function_name": "open", "arguments": {"path": "x", "lines": [1, 2]}},
        {"tool_call_id": "b", "function_name": "open", "arguments": {"path": 7, "lines": {"from": None}}},
    ]
    session = made.session(said("user", "Go.", limi={"kind": "request"}), said("agent", "", tool_calls=calls))
    write_rows(rows_of([session], Policy()), tmp_path / "rows.parquet")
    messages = json.loads(TRAJECTORIES.read(tmp_path / "rows.parquet")["messages"][0])
    assert [one["function"]["arguments"] for one in messages[1]["tool_calls"]] == [one["arguments"] for one in calls]


def test_the_licence_is_that_of_the_query() -> None:
    rows = list(rows_of([WORKED], Policy(), {"gh-0123456789ab": "BSD-3-Clause"}.__getitem__))
    assert rows[0]["licence"] == "BSD-3-Clause"


def test_the_same_sessions_give_the_same_bytes(tmp_path: Path) -> None:
    sessions = [named(f"made-{number}") for number in range(40)]
    for name in ("a", "b"):
        tokens = write_rows(rows_of(sessions, Policy()), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    read = TRAJECTORIES.read(tmp_path / "a")
    assert read["trajectory_id"].to_list() == [one.trajectory_id for one in sessions]
    assert read["tokens"].to_list() == tokens


def test_no_session_makes_a_file_of_no_rows(tmp_path: Path) -> None:
    assert write_rows([], tmp_path / "rows.parquet") == []
    assert TRAJECTORIES.read(tmp_path / "rows.parquet").height == 0


def test_a_session_that_comes_twice_is_refused_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(rows_of([WORKED], Policy()), path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="gh-0123456789ab-1 comes twice"):
        write_rows(rows_of([named("other"), WORKED, WORKED], Policy()), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_has_few_rows_in_a_group_so_that_a_reader_needs_little_memory(tmp_path: Path) -> None:
    write_rows(rows_of((named(f"made-{number}") for number in range(150)), Policy()), tmp_path / "rows.parquet")
    table = ParquetFile(tmp_path / "rows.parquet")
    groups = [table.metadata.row_group(at).num_rows for at in range(table.metadata.num_row_groups)]
    assert sum(groups) == 150
    assert max(groups) <= 64


def test_sessions_are_taken_one_at_a_time(tmp_path: Path) -> None:
    long = "line of output\n" * 20_000  # 300 kB
    alive: list[int] = []

    def many() -> Iterator[Session]:
        for number in range(60):
            alive.append(tracemalloc.get_traced_memory()[0])
            steps = [
                said("user", "Go.", limi={"kind": "request"}),
                said(
                    "agent",
                    "",
                    tool_calls=[call("a", "ls")],
                    observation=made.observed(made.answer("a", f"{number}{long}")),
                ),
            ]
            yield session_of(made.value(*steps) | {"trajectory_id": f"made-{number}"}, "made")

    tracemalloc.start()
    write_rows(rows_of(many(), Policy(), counting=lambda messages, tools: 0), tmp_path / "rows.parquet")
    tracemalloc.stop()
    assert max(alive) < 30 * len(long)
    assert pl.read_parquet(tmp_path / "rows.parquet", columns=["turns"])["turns"].sum() == 60
