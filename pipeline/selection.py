"""Choose repositories: more stars than the limit, what the parameters allow, then a seeded draw spread over sub-domains and languages.

Paper, data collection: repositories of more than 10,000 stars, diversified, 100 of them. The whole frame is kept with each
one's draw key, so that a reader can draw again.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime

import polars as pl

from pipeline.sampling import draw_key, draw_nested
from pipeline.sections import Select
from pipeline.subdomains import classify
from pipeline.tables import FRAME, REPOS


def choose_repositories(
    candidates: pl.DataFrame, select: Select, seed: int, gone: Collection[str] = ()
) -> pl.DataFrame:
    """A FRAME from a frame of CANDIDATE_SCHEMA: every candidate, whether it was chosen, and if not, why. `gone` cannot be."""
    since = date.fromisoformat(select.active_since or "1970-01-01")
    rules = {
        "too_few_stars": pl.col("stars") <= select.min_stars,
        "licence_not_allowed": _not_among("licence", select.licences),
        "language_not_allowed": _not_among("language", select.languages),
        "archived": pl.col("archived").fill_null(False) & pl.lit(select.archived == "drop"),
        "fork": pl.col("fork").fill_null(False) & pl.lit(select.forks == "drop"),
        "inactive": (pl.col("pushed_at") < datetime(since.year, since.month, since.day, tzinfo=UTC)).fill_null(False),
        "gone": pl.col("repo").is_in(list(gone)),
    }
    ordered = candidates.sort("repo")
    leanings = [
        classify([], f"{description} {' '.join(topics)}", "")[0]
        for description, topics in ordered.select("description", "topics").iter_rows()
    ]
    judged = ordered.with_columns(
        pl.coalesce(*(pl.when(broken).then(pl.lit(name)) for name, broken in rules.items()), pl.lit("")).alias(
            "reason"
        ),
        pl.Series("leaning", leanings, dtype=pl.String),
        pl.Series("draw_key", [draw_key(seed, repo) for repo in ordered["repo"]], dtype=pl.String),
    ).with_columns(pl.format("{}, {}", "leaning", "language").alias("stratum"))
    eligible = judged.filter(pl.col("reason") == "")
    chosen = draw_nested(eligible.select("repo", "leaning", "language").iter_rows(), select.repositories, seed)
    return judged.with_columns(
        pl.col("repo").is_in(list(chosen)).alias("chosen"),
        pl.when((pl.col("reason") == "") & ~pl.col("repo").is_in(list(chosen)))
        .then(pl.lit("not_drawn"))
        .otherwise(pl.col("reason"))
        .alias("reason"),
    ).select(*FRAME.schema)


def chosen_repositories(frame: pl.DataFrame) -> pl.DataFrame:
    """The REPOS rows of a FRAME."""
    return frame.filter(pl.col("chosen")).select(*REPOS.schema)


def _not_among(column: str, allowed: list[str]) -> pl.Expr:
    return ~pl.col(column).is_in(allowed) if allowed else pl.lit(False)
