"""Draw the sample: data/sampled.parquet, with everything needed to draw it again by hand."""

from pathlib import Path

import polars as pl

from pipeline.files import write_json
from pipeline.ledger import fate, write_fates
from pipeline.params import read_params
from pipeline.sample import sample, sampled_rows
from pipeline.tables import REPOS, SAMPLED, VERDICTS
from stages.run import run_stage

STAGE = "sample_prs"
PARTS = Path("data/verdicts")


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    kept = VERDICTS.read_parts(PARTS, ["pr_id", "repo", "fate", "sub_domain"]).filter(pl.col("fate") == "kept")
    drawn = sample(kept, params.sample, params.seed)
    sampled = sampled_rows(PARTS, drawn, REPOS.read(Path("data/repos.parquet")))
    SAMPLED.write(sampled, Path("data/sampled.parquet"))
    chosen = set(sampled["pr_id"])
    write_fates(
        STAGE,
        [
            fate(pr_id, repo, STAGE, "kept")
            if pr_id in chosen
            else fate(pr_id, repo, STAGE, "dropped", "not_sampled", limit=params.sample.per_repository)
            for pr_id, repo in kept.select("pr_id", "repo").iter_rows()
        ],
    )
    write_json(
        Path("metrics/sample_prs.json"),
        {
            "seed": params.seed,
            "strategy": params.sample.strategy,
            "per_repository": params.sample.per_repository,
            "frame": kept.height,
            "sampled": sampled.height,
            "repositories": sampled["repo"].n_unique(),
        },
    )


if __name__ == "__main__":
    run_stage(main)
