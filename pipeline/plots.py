"""The points of the plots that `dvc plots show` draws, as small CSV files."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files import atomic
from pipeline.sections import Filter

FOLDER = Path("plots")
BIN = 100  # tokens per bar of the histogram


def patch_token_points(verdicts: pl.LazyFrame, facts: pl.LazyFrame, chosen: Filter) -> pl.DataFrame:
    """`tokens, until, pulls, limit`: patches in each bin of 100 tokens; the last bin holds all from `count_up_to` on.

    Patches that an earlier rule dropped were not counted; those dropped by their lines or bytes alone stand where these put them.
    """
    too_large = verdicts.filter(pl.col("reason") == "patch_too_large").select(
        pl.coalesce("tokens", pl.col("value").cast(pl.Int64())).alias("tokens")
    )
    sized = pl.concat([too_large, facts.select("tokens")]).select(pl.col("tokens").clip(0, chosen.count_up_to))
    binned = sized.select(pl.col("tokens") // BIN * BIN).group_by("tokens").len()
    counts = dict(binned.collect(engine="streaming").iter_rows())
    return pl.DataFrame(
        {
            "tokens": (bins := list(range(0, chosen.count_up_to + 1, BIN))),
            "until": [start + BIN for start in bins],
            "pulls": [counts.get(start, 0) for start in bins],
            "limit": [chosen.max_tokens] * len(bins),
        }
    )


def sub_domain_points(facts: pl.LazyFrame) -> pl.DataFrame:
    """`sub_domain, pulls` of the kept pull requests."""
    return facts.group_by("sub_domain").agg(pl.len().alias("pulls")).sort("sub_domain").collect(engine="streaming")


def language_points(verdicts: pl.LazyFrame, repos: pl.DataFrame) -> pl.DataFrame:
    """`language, pulls` of the kept pull requests, by their repository's main language."""
    kept = verdicts.filter(pl.col("fate") == "kept").group_by("repo").len().collect(engine="streaming")
    known = kept.join(repos.select("repo", "language"), on="repo")
    return known.group_by("language").agg(pl.col("len").sum().alias("pulls")).sort("language")


def funnel_points(funnel: list[dict[str, Any]]) -> pl.DataFrame:
    """`stage, pulls`: how many were listed, and how many each stage kept."""
    steps = [("listed", funnel[0]["entered"]), *((step["stage"], step["kept"]) for step in funnel)]
    return pl.DataFrame(
        {"stage": [f"{at} {name}" for at, (name, _) in enumerate(steps)], "pulls": [count for _, count in steps]}
    )


def write_points(name: str, points: pl.DataFrame) -> None:
    """Write plots/NAME.csv."""
    with atomic(FOLDER / f"{name}.csv") as unfinished:
        points.write_csv(unfinished)
