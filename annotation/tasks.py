"""Queries as Label Studio tasks: plain JSON for its import, with stable ids and a hash that reviews must carry back."""

import hashlib
from typing import Any
from unicodedata import category

import polars as pl

from pipeline.errors import UserError
from pipeline.files import canonical_json

_REORDERING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # "Trojan source": code that reads otherwise than it runs
MOST_DIFF = 60_000  # characters shown; a kept patch is shorter, this guards the browser all the same


def build_tasks(queries: pl.DataFrame, sampled: pl.DataFrame) -> list[dict[str, Any]]:
    """One task per query, sorted by query_id, each with `data` (shown) and `meta` (ids and hashes).

    Everything shown is plain text in Label Studio's Text tags: nothing of a pull request is ever HTML. `meta.tasks_sha256` is the
    hash of all tasks' data together, so an export of other tasks is known as such.
    """
    pulls = {row["pr_id"]: row for row in sampled.iter_rows(named=True)}
    data = [_shown(query, pulls[query["pr_id"]]) for query in queries.sort("query_id").iter_rows(named=True)]
    if not data:
        raise UserError(
            "there is no query to review: nothing was sampled. `limi funnel` shows where the pull requests were lost"
        )
    whole = tasks_sha256(data)
    return [
        {
            "data": shown,
            "meta": {"query_id": shown["query_id"], "query_sha256": shown["query_sha256"], "tasks_sha256": whole},
        }
        for shown in data
    ]


def tasks_sha256(data: list[dict[str, Any]]) -> str:
    """The hash of a list of tasks' `data`, in the order of the list."""
    return hashlib.sha256(canonical_json(data)).hexdigest()


def _shown(query: dict[str, Any], pull: dict[str, Any]) -> dict[str, Any]:
    diff = pull["patch"]
    return {
        "query_id": query["query_id"],
        "query_sha256": query["query_sha256"],
        "query": query["query"],
        "criteria": "\n".join(f"- {criterion}" for criterion in query["success_criteria"]),
        "pr_ref": query["pr_id"],
        "pr_title": _visible(pull["title"]),
        "pr_body": _visible(pull["body"]) or "(no description)",
        "diff": _visible(diff if len(diff) <= MOST_DIFF else diff[:MOST_DIFF] + "\n… cut"),
    }


def _visible(text: str) -> str:
    """The text with control characters shown as U+FFFD: databases refuse NUL, and others make a text look as it is not."""
    return "".join(
        "\ufffd"
        if character in _REORDERING or (category(character) in ("Cc", "Cs") and character not in "\n\t")
        else character
        for character in text.replace("\r\n", "\n")
    )
