"""Draw the sample, repository by repository, with everything needed to draw it again by hand, and mask it: data/sampled.parquet."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files import write_json
from pipeline.ledger import FOLDER, fate, write_fates_by_repository
from pipeline.params import Params, read_params
from pipeline.progress import track
from pipeline.sample import sample, sampled_rows
from pipeline.table import part_name
from pipeline.tables import FACTS, LEDGER, PULLS, REPOS, SAMPLED
from stages.run import run_stage

STAGE = "sample_prs"
PULLS_PARTS = Path("data/pulls")
FACT_PARTS = Path("data/facts")


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    repos = REPOS.read(Path("data/repos.parquet")).sort("repo")
    compared = LEDGER.scan(FOLDER / "compare_prs.parquet", ["pr_id", "repo", "fate"]).filter(pl.col("fate") == "kept")
    frames, counted = [SAMPLED.frame([])], Counter[str]()

    def fates() -> Iterator[pl.DataFrame]:
        for repo in track(repos.iter_rows(named=True), repos.height, "sampling"):
            kept = compared.filter(pl.col("repo") == repo["repo"]).select("pr_id").collect()
            if kept.height:
                frames.append(_of_repository(repo, kept, params))
                counted["frame"] += kept.height
                yield _fates(kept, frames[-1], params.sample.per_repository)

    write_fates_by_repository(STAGE, fates())
    sampled = pl.concat(frames)
    SAMPLED.write(sampled, Path("data/sampled.parquet"))
    write_json(
        Path("metrics/sample_prs.json"),
        {
            "seed": params.seed,
            "strategy": params.sample.strategy,
            "per_repository": params.sample.per_repository,
            "frame": counted["frame"],
            "sampled": sampled.height,
            "repositories": sampled["repo"].n_unique(),
            "masked": _masked(sampled),
        },
    )


def _of_repository(repo: dict[str, Any], kept: pl.DataFrame, params: Params) -> pl.DataFrame:
    name = part_name(repo["repo"])
    facts = FACTS.read(FACT_PARTS / name).join(kept.select("pr_id"), on="pr_id", how="semi")
    drawn = sample(facts, params.sample, params.seed)
    pulls = PULLS.scan(PULLS_PARTS / name).filter(pl.col("pr_id").is_in(drawn["pr_id"].to_list())).collect()
    return sampled_rows(facts, pulls, drawn, repo, params.mask.kinds)


def _fates(kept: pl.DataFrame, sampled: pl.DataFrame, per_repository: int) -> pl.DataFrame:
    """The LEDGER rows of a repository: the sampled ones with what was masked in them."""
    repo = sampled["repo"][0]
    masked = {
        pr_id: ", ".join(f"{mask['values']} {mask['kind']}" for mask in masks)
        for pr_id, masks in sampled.select("pr_id", "masked").iter_rows()
    }
    return LEDGER.frame(
        [
            fate(pr_id, repo, STAGE, "kept", evidence=masked[pr_id] and f"masked: {masked[pr_id]}")
            if pr_id in masked
            else fate(pr_id, repo, STAGE, "dropped", "not_sampled", limit=per_repository)
            for pr_id in kept["pr_id"]
        ]
    )


def _masked(sampled: pl.DataFrame) -> dict[str, int]:
    """How many values of each kind were masked in all."""
    counts: Counter[str] = Counter()
    for masks in sampled["masked"]:
        counts.update({mask["kind"]: mask["values"] for mask in masks})
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    run_stage(main)
