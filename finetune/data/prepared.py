"""`model/prepared.parquet`: what is trained, token by token, as it was checked. The trainer reads nothing else.

Written by the preflight and read back before it counts; read by every rank, which compares the hash in its plan. So between the check and
the training nothing can be cut, tokenized otherwise or given another mask.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from finetune.data.rendering import NO_LOSS, Rendered
from pipeline.errors import UserError
from pipeline.table import Table

if TYPE_CHECKING:
    from datasets import Dataset

_TOKENS = pl.List(pl.Int32())
PREPARED = Table(
    "prepared",
    "train",
    "one trajectory, as tokens to train on",
    {
        "row_id": (pl.String(), "the trajectory_id of the row, or its number in the file"),
        "input_ids": (_TOKENS, "the tokens of the rendered row"),
        "labels": (_TOKENS, "the token where it carries loss, else -100; not shifted"),
    },
)


@dataclass(frozen=True)
class Prepared:
    """What a file of prepared rows holds. Counts are of rows and tokens; `sha256` is of names, tokens and labels, in order."""

    rows: int
    tokens: int
    loss_tokens: int
    longest: int
    sha256: str


def write(rendered: Iterable[Rendered], path: Path) -> Prepared:
    """Write the rows, read the file back and return what it holds. Raises UserError if that is not what was given, or nothing was."""
    pieces, given = [PREPARED.frame([])], hashlib.sha256()
    rows = tokens = 0
    for row in rendered:
        if len(row.labels) != len(row.input_ids):
            raise UserError(
                f"{row.row_id}: {len(row.labels)} labels for {len(row.input_ids)} tokens; there has to be one for each"
            )
        _hash_row(
            given, row.row_id, pl.Series(row.input_ids, dtype=pl.Int32()), pl.Series(row.labels, dtype=pl.Int32())
        )
        pieces.append(PREPARED.frame([{"row_id": row.row_id, "input_ids": row.input_ids, "labels": row.labels}]))
        rows, tokens = rows + 1, tokens + len(row.input_ids)
    if not rows:
        raise UserError("there is no row to train on; every one was refused or dropped")
    PREPARED.write(pl.concat(pieces), path, given.hexdigest())
    return confirmed(path, rows, tokens, given.hexdigest())


def confirmed(path: Path, rows: int, tokens: int, sha256: str) -> Prepared:
    """What the file holds. Raises UserError unless it is these rows and tokens."""
    found = summary(path)
    if (found.rows, found.tokens, found.sha256) != (rows, tokens, sha256):
        raise UserError(
            f"{path} holds {found.rows} rows with {found.tokens} tokens and {rows} with {tokens} were given, or their order or "
            "labels differ; nothing is trained. Run the same command again, and look at the disk if it comes again"
        )
    return found


def summary(path: Path) -> Prepared:
    """What the file holds, counted and hashed from its rows. Raises UserError if there is no such file."""
    return _summary(PREPARED.read(path))


def row_ids(path: Path) -> list[str]:
    """The names of the rows, in the order that they have for the trainer. Raises UserError if there is no such file."""
    return PREPARED.read(path, ["row_id"])["row_id"].to_list()


def read(path: Path, sha256: str) -> "Dataset":
    """The rows as the trainer takes them: input_ids and labels. Raises UserError unless they are what the plan's `sha256` was taken of."""
    from datasets import Dataset

    table = PREPARED.read(path)
    found = _summary(table)
    if found.sha256 != sha256:
        raise UserError(
            f"{path} holds other rows or tokens ({found.sha256[:12]}) than those that were checked ({sha256[:12]}); "
            "run the preflight again, which writes and checks it"
        )
    return Dataset(table.select("input_ids", "labels").to_arrow(compat_level=pl.CompatLevel.oldest()))


def _summary(table: pl.DataFrame) -> Prepared:
    digest = hashlib.sha256()
    for name, input_ids, labels in zip(table["row_id"], table["input_ids"], table["labels"], strict=True):
        _hash_row(digest, name, input_ids, labels)
    lengths = table["input_ids"].list.len()
    with_loss = table["labels"].explode() != NO_LOSS
    return Prepared(table.height, lengths.sum(), with_loss.sum(), lengths.max() or 0, digest.hexdigest())  # type: ignore[arg-type]


def _hash_row(digest: "hashlib._Hash", name: str, input_ids: pl.Series, labels: pl.Series) -> None:
    for piece in (name.encode(), input_ids.to_numpy().tobytes(), labels.to_numpy().tobytes()):
        digest.update(len(piece).to_bytes(8, "little"))
        digest.update(piece)
