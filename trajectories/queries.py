"""The pool's queries, with what sessions of work on them are held against and go out with: text, patch, base commit, licence."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.tables import SAMPLED
from trajectories.checks.limits import Known

POOL = Path("curated/pool.jsonl")
SAMPLE = Path("data/sampled.parquet")


@dataclass(frozen=True)
class Query:
    """A query; what a real-world one has not is empty."""

    id: str
    text: str
    pr_id: str
    base_commit: str
    patch: str
    licence: str

    @property
    def sha256(self) -> str:
        """Of its text: a session on another text is not work on this query."""
        return sha256_text(self.text)

    @property
    def known(self) -> Known:
        """What the checks hold a session on it against."""
        return Known(query=self.text, query_sha256=self.sha256, base_commit=self.base_commit, patch=self.patch)


def pool_queries(root: Path = Path()) -> dict[str, Query]:
    """The pool's queries by id. Raises UserError if there is no pool yet."""
    rows = [_pool_row(number, line) for number, line in _lines(root / POOL)]
    pulls = [source for _, _, source, base, _ in rows if base]
    patches = _patches(root, pulls)
    return {
        name: Query(name, text, source if base else "", base, patches.get(source, "") if base else "", licence)
        for name, text, source, base, licence in rows
    }


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro build_pool` writes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}; `dvc repro --force build_pool` writes it anew") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line]


def _pool_row(number: int, line: str) -> tuple[str, str, str, str, str]:
    """Id, text, source, base commit and licence of a line of the pool."""
    try:
        row: dict[str, Any] = json.loads(line)
        base = row["pull_request"]["base_sha"] if row["pull_request"] else ""
        return row["id"], row["query"], row["source"], base, row["licence"]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"{POOL} line {number} is not what `dvc repro build_pool` writes; `dvc repro --force build_pool` writes it anew"
        ) from None


def _patches(root: Path, pulls: list[str]) -> dict[str, str]:
    if not pulls:
        return {}
    rows = SAMPLED.scan(root / SAMPLE, ["pr_id", "patch"]).filter(pl.col("pr_id").is_in(pulls)).collect()
    return {pr_id: patch or "" for pr_id, patch in rows.iter_rows()}
