"""Choose repositories: more stars than the limit, an allowed licence, then a seeded draw spread over the languages.

Paper, data collection: repositories of more than 10,000 stars, diversified, 100 of them. The whole frame is kept with each
one's draw key, so that a reader can draw again.
"""

import polars as pl

from pipeline.params import Select
from pipeline.sampling import draw, draw_key
from pipeline.tables import FRAME, REPOS


def choose_repositories(candidates: pl.DataFrame, select: Select, seed: int) -> pl.DataFrame:
    """A FRAME from a frame of REPOS columns: every candidate, whether it was chosen, and if not, why."""
    allowed = pl.lit(True) if not select.licences else pl.col("licence").is_in(select.licences)
    judged = candidates.sort("repo").with_columns(
        pl.when(pl.col("stars") <= select.min_stars)
        .then(pl.lit("too_few_stars"))
        .when(~allowed)
        .then(pl.lit("licence_not_allowed"))
        .otherwise(pl.lit(""))
        .alias("reason"),
        pl.col("language").alias("stratum"),
        pl.Series("draw_key", [draw_key(seed, repo) for repo in candidates.sort("repo")["repo"]], dtype=pl.String),
    )
    eligible = judged.filter(pl.col("reason") == "")
    chosen = draw(
        list(zip(eligible["repo"], eligible["stratum"], strict=True)), select.repositories, seed, "stratified"
    )
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
