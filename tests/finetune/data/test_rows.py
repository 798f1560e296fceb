"""Which rows are trained on: of what file, of which origin, and which of them are drawn."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from finetune.data.rows import read_rows
from pipeline.errors import UserError
from pipeline.train_sections import Rows
from tests.finetune.data.made import BASH

MESSAGES = json.dumps([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])


def written(path: Path, rows: int = 12, **columns: Any) -> Path:
    """A file of rows, the odd ones of pull requests."""
    table: dict[str, Any] = {
        "trajectory_id": [f"t{index}" for index in range(rows)],
        "query_id": [f"q{index}" for index in range(rows)],
        "pr_id": ["owner/name#1" if index % 2 else "" for index in range(rows)],
        "messages": [MESSAGES] * rows,
        "tools": [json.dumps([BASH])] * rows,
    } | columns
    pl.DataFrame({name: values for name, values in table.items() if values is not None}).write_parquet(path)
    return path


def section(path: Path, **fields: Any) -> Rows:
    values: dict[str, Any] = {
        "file": str(path),
        "origin": "all",
        "samples": 0,
        "max_tokens": 1000,
        "over_length": "refuse",
    }
    return Rows.model_validate(values | fields)


def names(path: Path, seed: int = 1, **fields: Any) -> list[str]:
    return [row.row_id for row in read_rows(section(path, **fields), seed)]


def test_rows_come_in_the_order_of_the_file_with_what_they_are_of(tmp_path: Path) -> None:
    rows = read_rows(section(written(tmp_path / "a.parquet")), 1)
    assert [row.row_id for row in rows] == [f"t{index}" for index in range(12)]
    assert (rows[3].query_id, rows[3].pr_id, rows[3].tools) == ("q3", "owner/name#1", [BASH])
    assert [message["role"] for message in rows[3].messages] == ["user", "assistant"]


def test_messages_and_tools_alone_are_enough(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet", trajectory_id=None, query_id=None, pr_id=None)
    rows = read_rows(section(path), 1)
    assert [row.row_id for row in rows][:2] == ["row-1", "row-2"]
    assert (rows[0].query_id, rows[0].pr_id) == ("", "")


def test_each_origin_has_its_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")
    real, asked = names(path, origin="real_world"), names(path, origin="pull_request")
    assert real == [f"t{index}" for index in range(0, 12, 2)]
    assert sorted(real + asked) == sorted(names(path))


def test_a_draw_is_the_seeds_and_a_part_of_every_larger_draw(tmp_path: Path) -> None:
    path = written(tmp_path / "a.parquet")
    draws = [set(names(path, samples=count)) for count in range(1, 13)]
    assert [len(drawn) for drawn in draws] == list(range(1, 13))
    assert all(smaller < larger for smaller, larger in pairwise(draws))
    assert len({tuple(names(path, seed=seed, samples=4)) for seed in range(5)}) > 1
    backwards = pl.read_parquet(path).reverse()
    backwards.write_parquet(tmp_path / "b.parquet")
    assert set(names(tmp_path / "b.parquet", samples=4)) == draws[3]


def test_more_samples_than_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"wants 7 rows of origin 'real_world' and .* has 6"):
        names(written(tmp_path / "a.parquet"), samples=7, origin="real_world")


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"messages": None}, "has no column messages"),
        ({"tools": None}, "has no column tools"),
        ({"messages": [json.loads(MESSAGES)] * 12}, "the column messages is List and not text"),
        ({"messages": [None, *[MESSAGES] * 11]}, r"row 0 \(the first is 0\) has no messages"),
        ({"tools": [*["[]"] * 11, None]}, "row 11 .* has no tools"),
        ({"trajectory_id": ["\x1b[31m", *map(str, range(11))]}, r"'\\x1b\[31m' in the column trajectory_id is no name"),
        ({"trajectory_id": [["a"]] * 12}, r"a\.parquet: .* have to be texts \(cannot cast List"),
        ({"trajectory_id": [b"\xff"] * 12}, "have to be texts"),
        ({"pr_id": [["a"]] * 12}, "have to be texts"),
        ({"trajectory_id": ["same"] * 12}, "same is the name of several rows"),
        ({"messages": [MESSAGES, "[]", *[MESSAGES] * 10]}, "t1: messages: is no list of messages"),
    ],
)
def test_a_file_that_can_not_be_trained_on_is_refused(tmp_path: Path, columns: Any, refusal: str) -> None:
    with pytest.raises(UserError, match=refusal):
        names(written(tmp_path / "a.parquet", **columns))


def test_origins_need_their_column_and_a_row(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no column pr_id, so origins"):
        names(written(tmp_path / "a.parquet", pr_id=None), origin="real_world")
    with pytest.raises(UserError, match="has no row of origin 'pull_request' among 12"):
        names(written(tmp_path / "a.parquet", pr_id=[""] * 12), origin="pull_request")


def test_a_missing_or_broken_file_is_told_with_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is missing; `dvc repro export_sft` writes"):
        names(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_text("no parquet")
    with pytest.raises(UserError, match="can't be read as a parquet file"):
        names(tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"'a\\x00b' can't be read as a parquet file \(embedded null byte\)"):
        names(Path("a\0b"))


def test_all_rows_that_can_not_be_trained_are_told_at_once_up_to_a_number(tmp_path: Path) -> None:
    with pytest.raises(UserError) as told:
        names(written(tmp_path / "a.parquet", messages=[MESSAGES, *["[]"] * 11]))
    assert [line.split(":")[0] for line in str(told.value).splitlines()[1:]] == [f"t{index}" for index in range(1, 12)]
    with pytest.raises(UserError, match="and 10 rows more"):
        names(written(tmp_path / "a.parquet", rows=30, messages=["[]"] * 30))
