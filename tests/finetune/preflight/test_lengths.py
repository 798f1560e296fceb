"""Rows that are too long are named and refused, or dropped whole where that is asked for; none is cut, no draw shrinks."""

from pathlib import Path

import polars as pl
import pytest

from finetune.preflight.preflight import Places
from tests.finetune.preflight.made import look, refusals, tiny_model


def test_a_row_that_is_too_long_is_named_and_refused(places: Places) -> None:
    limit = look(places).longest - 1
    report = look(places, rows={"max_tokens": limit})
    assert [(one.row_id, one.tokens, one.limit) for one in report.over_length] == [("long", limit + 1, limit)]
    assert "1 of 3 rows are longer than train.rows.max_tokens" in refusals(report, places)
    assert ("too long", f"long: {limit + 1:,} tokens of {limit:,}") in report.lines()


def test_a_row_is_exactly_as_long_as_it_may_be(places: Places) -> None:
    assert look(places, rows={"max_tokens": look(places).longest}).refused == []


def test_rows_that_are_too_long_are_dropped_whole_and_counted_if_that_is_asked_for(places: Places) -> None:
    whole = look(places)
    report = look(places, rows={"max_tokens": whole.longest - 1, "over_length": "drop"})
    assert (report.read.rows, report.kept.rows, len(report.over_length)) == (3, 2, 1)
    assert report.kept.tokens + report.over_length[0].tokens == report.read.tokens == whole.kept.tokens
    assert any("1 rows of" in text and "are dropped" in text for text in report.told)
    assert pl.read_parquet(places.prepared)["row_id"].to_list() == ["short", "middle"]


def test_when_every_row_is_too_long_nothing_is_left_to_drop_to(places: Places) -> None:
    assert "all 3 rows are longer" in refusals(look(places, rows={"max_tokens": 5, "over_length": "drop"}), places)


@pytest.mark.parametrize(
    ("over_length", "sentence"),
    [
        ("drop", "train.rows.samples draws 3 rows, and 1 of them are dropped as they are longer than"),
        ("refuse", "1 of 3 rows are longer than train.rows.max_tokens"),
    ],
)
def test_a_draw_does_not_lose_rows_by_their_length(places: Places, over_length: str, sentence: str) -> None:
    rows = {"samples": 3, "max_tokens": look(places).longest - 1, "over_length": over_length}
    said = refusals(look(places, rows=rows), places)
    assert sentence in said and "leave them out of train.rows.file, so that others are drawn" in said
    rows["max_tokens"] += 1
    assert look(places, rows=rows).refused == []


def test_rows_longer_than_the_model_reads_are_refused_with_the_factor_that_is_enough(
    places: Places, tmp_path: Path
) -> None:
    folder = tiny_model(tmp_path, max_position_embeddings=256)
    longest = look(places).longest
    said = refusals(look(places, base={"name": str(folder)}), places)
    assert f"has {longest:,} tokens" in said and "reads 256 with train.base.yarn_factor 1" in said
    factor = float(said.split("; ")[1].split()[0])
    assert look(places, base={"name": str(folder), "yarn_factor": factor}).refused == []
