"""The sample of each repository's kept pull requests, stratified by sub-domain (paper: 100 at random per repository)."""

from collections.abc import Collection
from typing import Any

import polars as pl

from pipeline.description import symbols
from pipeline.masking.found import Kind
from pipeline.masking.mask import mask
from pipeline.sampling import draw, draw_key
from pipeline.sections import Sample
from pipeline.tables import SAMPLED


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


def sampled_rows(
    facts: pl.DataFrame, pulls: pl.DataFrame, drawn: pl.DataFrame, repo: dict[str, Any], kinds: Collection[Kind]
) -> pl.DataFrame:
    """The SAMPLED rows of the drawn pull requests of one repository, their texts masked, sorted by number.

    `facts` and `pulls` are FACTS and PULLS rows, `drawn` is of `sample`, `repo` a row of REPOS.
    """
    wanted = drawn.select("pr_id", "frame_size", "stratum_size", "stratum_rank", "draw_key")
    joined = (
        wanted.join(facts, on="pr_id")
        .join(pulls.select("pr_id", *(name for name in pulls.columns if name not in facts.columns)), on="pr_id")
        .with_columns(pl.lit(repo[name]).alias(name) for name in ("language", "licence", "description"))
    )
    rows = []
    for row in joined.sort("number").iter_rows(named=True):
        issues = row["closing_issues"]
        others = [*row["labels"], *(text for issue in issues for text in (issue["title"], issue["body"]))]
        masked = mask(row["title"], row["body"], row["patch"], kinds, others)
        counts = [{"kind": kind, "values": number} for kind, number in sorted(masked.counts.items()) if number]
        texts = {"title": masked.title, "body": masked.body, "patch": masked.patch, "masked": counts}
        labels = len(others) - 2 * len(issues)
        said = iter(masked.others[labels:])
        texts |= {
            "labels": list(masked.others[:labels]),
            "closing_issues": [issue | {"title": next(said), "body": next(said)} for issue in issues],
        }
        texts["symbols"] = symbols(masked.patch)
        rows.append({name: (row | texts)[name] for name in SAMPLED.schema})
    return SAMPLED.frame(rows)
