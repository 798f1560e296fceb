"""One query per sampled pull request, with what can be measured of it without a model."""

import hashlib
from typing import Any

import polars as pl

from pipeline.files import sha256_text
from pipeline.ledger import fate
from pipeline.sections import Synthesize
from pipeline.synthesis.leakage import leakage, solution_of
from pipeline.synthesis.template_writer import TemplateWriter
from pipeline.synthesis.writers import Draft, QueryWriter
from pipeline.tables import QUERIES, REVIEWED

STAGE = "synthesize"


def writer_for(chosen: Synthesize) -> QueryWriter:
    """The writer that the parameters name."""
    return {"template": TemplateWriter}[chosen.writer]()


def query_id(pr_id: str) -> str:
    """The id of a pull request's query. It survives a reworded query; the text has its own hash."""
    return f"gh-{hashlib.sha256(pr_id.encode()).hexdigest()[:12]}"


def synthesize(sampled: pl.DataFrame, writer: QueryWriter) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """`(QUERIES frame sorted by query_id, ledger rows)` for a SAMPLED frame."""
    queries: list[dict[str, Any]] = []
    fates: list[dict[str, Any]] = []
    for pull in sampled.sort("repo", "number").iter_rows(named=True):
        solution = solution_of(pull["patch"], pull["files"])
        draft = writer.write(pull, solution)
        if draft is None:
            fates.append(fate(pull["pr_id"], pull["repo"], STAGE, "dropped", "nothing_to_ask"))
            continue
        fates.append(fate(pull["pr_id"], pull["repo"], STAGE, "kept"))
        given_away = leakage(draft.query, solution)
        queries.append(
            _row(pull, draft, writer.name)
            | {
                "leaked_identifiers": given_away.identifiers,
                "leaked_paths": given_away.paths,
                "leakage": given_away.measure,
            }
        )
    return QUERIES.frame(queries).sort("query_id"), fates


def _row(pull: dict[str, Any], draft: Draft, writer: str) -> dict[str, Any]:
    return {
        "query_id": query_id(pull["pr_id"]),
        "pr_id": pull["pr_id"],
        "repo": pull["repo"],
        "query": draft.query,
        "query_sha256": sha256_text(draft.query),
        "domain": draft.domain,
        "sub_domain": pull["sub_domain"],
        "success_criteria": draft.success_criteria,
        "writer": writer,
    }


def measured_again(reviewed: pl.DataFrame, sampled: pl.DataFrame) -> pl.DataFrame:
    """A REVIEWED frame in which the leakage of every edited query is that of its edited text."""
    pulls = {row["pr_id"]: row for row in sampled.select("pr_id", "patch", "files").iter_rows(named=True)}
    rows = []
    for row in reviewed.iter_rows(named=True):
        if row["edited_by"]:
            pull = pulls[row["pr_id"]]
            given_away = leakage(row["query"], solution_of(pull["patch"], pull["files"]))
            row |= {
                "leaked_identifiers": given_away.identifiers,
                "leaked_paths": given_away.paths,
                "leakage": given_away.measure,
            }
        rows.append(row)
    return REVIEWED.frame(rows)
