"""What a query gives away of its pull request's solution, as columns of QUERIES."""

from typing import Any

import polars as pl

from pipeline.query_tables import REVIEWED
from pipeline.synthesis.leakage import leakage, solution_of


def measured(text: str, pull: dict[str, Any]) -> dict[str, Any]:
    """`leaked_identifiers`, `leaked_paths` and `leakage` of a text, held against a row with `patch` and `files`."""
    given_away = leakage(text, solution_of(pull["patch"], pull["files"]))
    return {
        "leaked_identifiers": given_away.identifiers,
        "leaked_paths": given_away.paths,
        "leakage": given_away.measure,
    }


def measured_again(reviewed: pl.DataFrame, sampled: pl.DataFrame) -> pl.DataFrame:
    """A REVIEWED frame in which the leakage of every edited query is that of its edited text."""
    pulls = {row["pr_id"]: row for row in sampled.select("pr_id", "patch", "files").iter_rows(named=True)}
    rows = [
        row | measured(row["query"], pulls[row["pr_id"]]) if row["edited_by"] else row
        for row in reviewed.iter_rows(named=True)
    ]
    return REVIEWED.frame(rows)
