"""The sample of each repository's kept pull requests, stratified by sub-domain (paper: 100 at random per repository)."""

from pathlib import Path

import polars as pl

from pipeline.params import Sample
from pipeline.sampling import draw, draw_key
from pipeline.tables import SAMPLED, VERDICTS


def sample(kept: pl.DataFrame, chosen: Sample, seed: int) -> pl.DataFrame:
    """Draw from a frame with pr_id, repo and sub_domain.

    Returns the drawn rows with frame_size, stratum_size, stratum_rank and draw_key, sorted by pr_id.
    """
    keyed = (
        kept.select("pr_id", "repo", "sub_domain")
        .with_columns(
            pl.Series("draw_key", [draw_key(seed, pr_id) for pr_id in kept["pr_id"]], dtype=pl.String),
            pl.len().over("repo").cast(pl.Int64).alias("frame_size"),
            pl.len().over("repo", "sub_domain").cast(pl.Int64).alias("stratum_size"),
        )
        .with_columns(
            pl.col("draw_key").rank("ordinal").over("repo", "sub_domain").cast(pl.Int64).alias("stratum_rank")
        )
    )
    drawn: set[str] = set()
    for (_,), group in keyed.sort("repo", "pr_id").group_by("repo", maintain_order=True):
        drawn |= draw(
            zip(group["pr_id"], group["sub_domain"], strict=True), chosen.per_repository, seed, chosen.strategy
        )
    return keyed.filter(pl.col("pr_id").is_in(list(drawn))).sort("pr_id")


def sampled_rows(parts: Path, drawn: pl.DataFrame, repos: pl.DataFrame) -> pl.DataFrame:
    """The whole SAMPLED rows of the drawn pull requests, read part by part, sorted by repo and number."""
    wanted = drawn.select("pr_id", "frame_size", "stratum_size", "stratum_rank", "draw_key")
    facts = repos.select("repo", "language", "licence", "description")
    found = [
        VERDICTS.read(part).join(wanted, on="pr_id").join(facts, on="repo").select(*SAMPLED.schema)
        for part in sorted(parts.glob("*.parquet"))
    ]
    return pl.concat(found).sort("repo", "number")
