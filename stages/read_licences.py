"""Read the licence at the commit that each sampled pull request began at: data/licences.parquet."""

from collections.abc import Callable, Collection
from pathlib import Path

import polars as pl

from pipeline.clones.git import open_clone
from pipeline.clones.licences import licences_at
from pipeline.github.licences import fetch_licences
from pipeline.github.reading import open_reading
from pipeline.params import read_params
from pipeline.progress import track
from pipeline.tables import LICENCES, REPOS, SAMPLED
from stages.run import run_stage
from stages.source import open_clones

Tell = Callable[[str, Collection[str]], dict[str, str]]


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    sampled = SAMPLED.read(Path("data/sampled.parquet"), ["pr_id", "repo", "base_sha"])
    if params.source.kind == "github":
        with open_reading(params.source) as reading:
            found = licences(sampled, lambda repo, commits: fetch_licences(reading, repo, commits))
    else:
        folder, _ = open_clones(params.source)
        places = dict(REPOS.read(Path("data/repos.parquet")).select("repo", "clone").iter_rows())

        def tell(repo: str, commits: Collection[str]) -> dict[str, str]:
            with open_clone(folder / places[repo], whole=False) as clone:
                return licences_at(clone, commits)

        found = licences(sampled, tell)
    LICENCES.write(found, Path("data/licences.parquet"))


def licences(sampled: pl.DataFrame, tell: Tell) -> pl.DataFrame:
    """The LICENCES rows of a sample, in its order; `tell` reads those of a repository's commits, and leaves out what is not there."""
    told: dict[tuple[str, str], str] = {}
    repositories = sorted(set(sampled["repo"]))
    for repo in track(repositories, len(repositories), "reading licences"):
        commits = set(sampled.filter(pl.col("repo") == repo)["base_sha"])
        told |= {(repo, commit): spdx for commit, spdx in tell(repo, commits).items()}
    rows = sampled.select("pr_id", "repo", "base_sha").to_dicts()
    return LICENCES.frame([row | {"licence": told.get((row["repo"], row["base_sha"]), "")} for row in rows])


if __name__ == "__main__":
    run_stage(main)
