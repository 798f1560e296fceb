"""What was checked is what is trained: the file holds every row and token, and any other file is refused."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from finetune.data import prepared
from finetune.data.rendering import NO_LOSS, Rendered, render
from pipeline.errors import UserError
from tests.finetune.data.made import row, tokenizer, worked


def some(count: int = 3) -> list[Rendered]:
    """Rows of different lengths."""
    rows = []
    for index in range(count):
        messages = worked()
        messages[1]["content"] *= index + 1
        rows.append(render(row(messages, name=f"r{index}"), tokenizer("qwen3"), "qwen3"))
    return rows


def test_rows_tokens_and_labels_come_back_as_they_were_given(tmp_path: Path) -> None:
    given = some()
    found = prepared.write(given, tmp_path / "a.parquet")
    dataset = prepared.read(tmp_path / "a.parquet", found.sha256)
    assert dataset.column_names == ["input_ids", "labels"]
    assert list(dataset["input_ids"]) == [row.input_ids for row in given]
    assert list(dataset["labels"]) == [row.labels for row in given]
    assert prepared.row_ids(tmp_path / "a.parquet") == ["r0", "r1", "r2"]


def test_rows_and_tokens_are_counted(tmp_path: Path) -> None:
    given = some()
    found = prepared.write(iter(given), tmp_path / "a.parquet")
    assert found == prepared.summary(tmp_path / "a.parquet")
    assert (found.rows, found.tokens) == (3, sum(len(row.input_ids) for row in given))
    assert found.loss_tokens == sum(label != NO_LOSS for row in given for label in row.labels)
    assert found.longest == len(given[2].input_ids) > len(given[0].input_ids)


def test_the_same_rows_give_the_same_bytes_and_any_difference_another_hash(tmp_path: Path) -> None:
    first, second, third = some()
    path = tmp_path / "a.parquet"
    wanted = prepared.write([first, second, third], path).sha256
    content = path.read_bytes()
    others = [
        [first, third, second],
        [first, second],
        [first, second, replace(third, row_id="r3")],
        [first, second, replace(third, input_ids=[*third.input_ids[:-1], 0])],
        [first, second, replace(third, labels=[*third.labels[:-2], NO_LOSS, NO_LOSS])],
    ]
    assert wanted not in {prepared.write(rows, path).sha256 for rows in others}
    assert prepared.write([first, second, third], path).sha256 == wanted
    assert path.read_bytes() == content


def test_where_a_row_ends_is_a_part_of_the_hash(tmp_path: Path) -> None:
    one, two = Rendered("", "", [7], [7], []), Rendered("", "", [7, 7], [7, 7], [])
    assert (
        prepared.write([one, one], tmp_path / "a.parquet").sha256
        != prepared.write([two], tmp_path / "b.parquet").sha256
    )


@pytest.mark.parametrize("lost", ["row", "token", "label"])
def test_a_file_that_lost_something_is_not_trained(tmp_path: Path, lost: str) -> None:
    path = tmp_path / "a.parquet"
    wanted = prepared.write(some(), path).sha256
    table = pl.read_parquet(path)
    changed = {
        "row": table.head(2),
        "token": table.with_columns(pl.col("input_ids", "labels").list.head(100)),
        "label": table.with_columns(labels=pl.col("input_ids")),
    }[lost]
    changed.write_parquet(path)
    with pytest.raises(UserError, match=r"holds other rows or tokens .* run the preflight again"):
        prepared.read(path, wanted)


@pytest.mark.parametrize("changed", ["order", "row", "label"])
def test_what_the_disk_gives_back_otherwise_than_it_was_given_is_refused(tmp_path: Path, changed: str) -> None:
    path = tmp_path / "a.parquet"
    given = prepared.write(some(), path)
    assert prepared.confirmed(path, given.rows, given.tokens, given.sha256) == given
    table = pl.read_parquet(path)
    {"order": table.reverse(), "row": table.head(2), "label": table.with_columns(labels=pl.col("input_ids"))}[
        changed
    ].write_parquet(path)
    with pytest.raises(UserError, match=r"a.parquet holds . rows with \d+ tokens and 3 with \d+ were given"):
        prepared.confirmed(path, given.rows, given.tokens, given.sha256)


def test_a_label_for_each_token_is_required(tmp_path: Path) -> None:
    (first,) = some(1)
    with pytest.raises(UserError, match="r0: 3 labels for"):
        prepared.write([replace(first, labels=first.labels[:3])], tmp_path / "a.parquet")


def test_no_row_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no row to train on"):
        prepared.write([], tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_told_with_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is missing; `dvc repro train` writes it"):
        prepared.read(tmp_path / "a.parquet", "0" * 64)
