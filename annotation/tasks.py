"""Queries as Label Studio tasks: what an annotator sees of each, with stable ids and hashes that reviews must carry back."""

import hashlib
from typing import Any
from unicodedata import category

import polars as pl

from annotation.render.body import render_body
from annotation.render.diff import render_diff
from annotation.render.panels import render_criteria, render_judge
from annotation.render.title import render_title
from pipeline.errors import UserError
from pipeline.files import canonical_json

_REORDERING = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # "Trojan source": code that reads otherwise than it runs
_SCORES = ("fidelity", "realism", "leakage")


def build_tasks(queries: pl.DataFrame, sampled: pl.DataFrame, show_judge: bool) -> list[dict[str, Any]]:
    """One task per query, sorted by query_id, each with `data` (shown) and `meta` (ids and hashes).

    Texts of strangers are either plain text for Label Studio's Text tag or HTML that `annotation/render` made. `meta.task_sha256` is the
    hash of the facts that are shown, not of their HTML: a review belongs to them, and a new style makes none stale. What the model judge
    said is in a task only if `show_judge`.
    """
    pulls = {row["pr_id"]: row for row in sampled.iter_rows(named=True)}
    tasks = [
        _task(query, pulls[query["pr_id"]], show_judge) for query in queries.sort("query_id").iter_rows(named=True)
    ]
    if not tasks:
        raise UserError(
            "there is no query to review: nothing was sampled. `limi funnel` shows where the pull requests were lost"
        )
    return tasks


def tasks_sha256(tasks: list[dict[str, Any]]) -> str:
    """The hash of all tasks together: of their ids and hashes, in the order of the list."""
    named = [[task["meta"]["query_id"], task["meta"]["task_sha256"]] for task in tasks]
    return hashlib.sha256(canonical_json(named)).hexdigest()


def facts_sha256(query: str, criteria: list[str], pull: dict[str, Any]) -> str:
    """The hash of what a task shows: the query, its criteria, and of its SAMPLED row the reference, title, body and patch."""
    facts = [query, list(criteria), *(pull[name] for name in ("pr_id", "title", "body", "patch"))]
    return hashlib.sha256(canonical_json(facts)).hexdigest()


def judge_verdict(query: dict[str, Any]) -> str:
    """What the model judge said of a row of QUERIES: accept or rewrite; empty where it was not asked."""
    if not query["judge"]:
        return ""
    return "rewrite" if any(finding.startswith("judge") for finding in query["findings"]) else "accept"


def _visible(text: str) -> str:
    """The text with control characters shown as U+FFFD: databases refuse NUL, and others make a text look as it is not."""
    return "".join(
        "\ufffd"
        if character in _REORDERING or (category(character) in ("Cc", "Cs") and character not in "\n\t")
        else character
        for character in text.replace("\r\n", "\n")
    )


def _task(query: dict[str, Any], pull: dict[str, Any], show_judge: bool) -> dict[str, Any]:
    judged = judge_verdict(query) if show_judge else ""
    return {
        "data": {
            "pr_ref": query["pr_id"],
            "title_html": render_title(pull["title"]),
            "body_html": render_body(pull["body"]),
            "diff_html": render_diff(pull["patch"]),
            "query": _visible(query["query"]),
            "criteria_html": render_criteria(query["success_criteria"]),
            "judge_html": render_judge(judged, {name: query[f"judged_{name}"] for name in _SCORES}) if judged else "",
        },
        "meta": {
            "query_id": query["query_id"],
            "query_sha256": query["query_sha256"],
            "task_sha256": facts_sha256(query["query"], query["success_criteria"], pull),
        },
    }
