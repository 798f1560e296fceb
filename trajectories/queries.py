"""The pool's queries, with what sessions of work on them are held against and go out with: text, patch, base commit, licence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """The pool's queries by id. Raises UserError if there is no pool yet, or a line of it is broken."""
    found = []
    for row in pool_rows(root / POOL, ("id", "query", "source", "licence")):
        base = row["pull_request"]["base_sha"] if row["pull_request"] else ""
        pr_id = row["source"] if base else ""
        found.append(Query(row["id"], row["query"], pr_id, base, "", row["licence"]))
    patches = _patches(root, [query.pr_id for query in found if query.pr_id])
    return {query.id: replace(query, patch=patches.get(query.pr_id, "")) for query in found}


def pool_rows(path: Path, texts: Sequence[str] = ("id", "query")) -> list[dict[str, Any]]:
    """The pool's lines, of which each has these texts, its success criteria, and its pull request or null.

    Raises UserError if there is no pool yet, or a line of it is broken.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro build_pool` writes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}; `dvc repro --force build_pool` writes it anew") from None
    # Not splitlines(): a query may hold what that takes for the end of a line, such as U+2028.
    return [_pool_row(path, number, line, texts) for number, line in enumerate(text.split("\n"), 1) if line]


def _pool_row(path: Path, number: int, line: str, texts: Sequence[str]) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
        pull = row["pull_request"]
        asked = [*(row[name] for name in texts), *row["success_criteria"]]
        asked += [pull["base_sha"], pull["repo"]] if pull else []
        if all(isinstance(text, str) for text in asked) and (not pull or type(pull["number"]) is int):
            return row
    except (ValueError, KeyError, TypeError):
        pass
    raise UserError(
        f"{path} line {number} is not what `dvc repro build_pool` writes; `dvc repro --force build_pool` writes it anew"
    )


def _patches(root: Path, pulls: list[str]) -> dict[str, str]:
    if not pulls:
        return {}
    rows = SAMPLED.scan(root / SAMPLE, ["pr_id", "patch"]).filter(pl.col("pr_id").is_in(pulls)).collect()
    return {pr_id: patch or "" for pr_id, patch in rows.iter_rows()}
