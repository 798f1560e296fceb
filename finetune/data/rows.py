"""The rows that are trained on: read from the exported table, or any like it, and chosen as `train.rows` says."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from finetune.data.messages import Message, Tool, messages_of, tools_of
from pipeline.errors import UserError
from pipeline.sampling import draw
from pipeline.train_sections import Rows

_MOST_TOLD = 20  # rows that can't be read, one sentence each; the rest is counted
_TEXTS = ("messages", "tools")


@dataclass(frozen=True)
class Row:
    """One trajectory. `query_id` and `pr_id` are empty where the file does not tell; `pr_id` also for a real-world query."""

    row_id: str
    query_id: str
    pr_id: str
    messages: list[Message]
    tools: list[Tool]


def read_rows(section: Rows, seed: int) -> list[Row]:
    """The rows of `section.file` of the wanted origin, `section.samples` of them drawn by the seed, in the file's order.

    The file is any parquet with the JSON texts `messages` and `tools`; a row is known by `trajectory_id`, or by its number. A draw is a
    part of every larger draw with the same seed. Raises UserError, with row and place.
    """
    path = Path(section.file)
    table = _read(path)
    chosen = _of_origin(table, section.origin, path)
    if not chosen.height:
        raise UserError(
            f"{path} has no row of origin {section.origin!r} among {table.height}; see train.rows.origin in params.yaml"
        )
    if section.samples > chosen.height:
        raise UserError(
            f"train.rows.samples wants {section.samples} rows of origin {section.origin!r} and {path} has {chosen.height}; "
            "with fewer it would be another experiment than its name says. 0 takes all"
        )
    if section.samples:
        drawn = draw(((name, "") for name in chosen["row_id"]), section.samples, seed, "random")
        chosen = chosen.filter(pl.col("row_id").is_in(sorted(drawn)))
    rows, refused = [], []
    for values in chosen.iter_rows(named=True):
        try:
            rows.append(_row(values))
        except UserError as error:
            refused.append(str(error))
    if refused:
        more = [f"and {len(refused) - _MOST_TOLD} rows more"] if len(refused) > _MOST_TOLD else []
        raise UserError(f"{path} can't be trained on as it is:\n" + "\n".join([*refused[:_MOST_TOLD], *more]))
    return rows


def _read(path: Path) -> pl.DataFrame:
    """The columns that are used, with `row_id`. Texts are never null."""
    try:
        with path.open("rb") as file:
            columns = pl.read_parquet_schema(file)
        for name in _TEXTS:
            _check_text(path, name, columns.get(name))
        names = [name for name in ("trajectory_id", "query_id", "pr_id") if name in columns]
        table = pl.read_parquet(path, columns=[*names, *_TEXTS], glob=False)
    except FileNotFoundError:
        raise UserError(
            f"{path} is missing; `dvc repro export_sft` writes sft/train.parquet, and train.rows.file names another"
        ) from None
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:  # ValueError: a NUL in the path
        raise UserError(f"{str(path)!r} can't be read as a parquet file ({error}); train.rows.file names it") from None
    try:
        table = table.with_columns(pl.col(names).cast(pl.String))
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{path}: {' and '.join(names)} have to be texts ({str(error).partition(chr(10))[0]}); write them as "
            "`limi trajectories export` does, or leave the columns out"
        ) from None
    numbers = pl.format("row-{}", pl.int_range(1, pl.len() + 1))
    table = table.with_columns(row_id=pl.col("trajectory_id") if "trajectory_id" in names else numbers)
    for name in ("row_id", *_TEXTS):
        if table[name].null_count():
            raise UserError(f"{path}: row {table[name].is_null().arg_max()} (the first is 0) has no {name}")
    if strange := [name for name in table["row_id"] if not name or not name.isprintable()]:
        raise UserError(
            f"{path}: {strange[0][:40]!r} in the column trajectory_id is no name that can be shown; a row is known by it"
        )
    if twice := table.filter(pl.col("row_id").is_duplicated())["row_id"].to_list():
        raise UserError(
            f"{path}: {twice[0]} is the name of several rows, so a row can't be told by it; each trajectory is one row"
        )
    return table


def _check_text(path: Path, name: str, kind: pl.DataType | None) -> None:
    if kind is None:
        raise UserError(f"{path} has no column {name}; messages and tools are what is trained on, both as JSON texts")
    if kind != pl.String():
        raise UserError(
            f"{path}: the column {name} is {type(kind).__name__} and not text. In such a column Parquet gives every object the keys "
            "of all, so that a call would be trained with arguments that it never had; "
            "write it as JSON texts, as `limi trajectories export` does"
        )


def _of_origin(table: pl.DataFrame, origin: str, path: Path) -> pl.DataFrame:
    if origin == "all":
        return table
    if "pr_id" not in table.columns:
        raise UserError(
            f"{path} has no column pr_id, so origins can't be told; train.rows.origin can only be `all` with it"
        )
    of_pull_request = pl.col("pr_id").fill_null("") != ""
    return table.filter(of_pull_request if origin == "pull_request" else ~of_pull_request)


def _row(values: dict[str, Any]) -> Row:
    name = values["row_id"]
    return Row(
        row_id=name,
        query_id=values.get("query_id") or "",
        pr_id=values.get("pr_id") or "",
        messages=messages_of(values["messages"], name),
        tools=tools_of(values["tools"], name),
    )
