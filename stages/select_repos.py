"""Choose the repositories: data/frame.parquet (all that could be), data/repos.parquet (the chosen)."""

from pathlib import Path

import polars as pl

from pipeline.clones.facts import read_repositories
from pipeline.errors import UserError
from pipeline.github.reading import open_reading
from pipeline.github.report import Report
from pipeline.github.repositories import candidates, states
from pipeline.params import Params, read_params
from pipeline.selection import choose_repositories, chosen_repositories
from pipeline.tables import FRAME, REPOS
from stages.run import run_stage
from stages.source import open_clones


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    if params.source.kind == "github":
        frame, where = _from_github(params), params.source.api
    else:
        folder, facts = open_clones(params.source)
        frame, where = choose_repositories(read_repositories(facts, folder), params.select, params.seed), str(facts)
    repos = chosen_repositories(frame)
    if repos.is_empty():
        raise UserError(
            f"none of the {frame.height} repositories of {where} has more than {params.select.min_stars} stars and all else that "
            "select.* in params.yaml asks for; lower select.min_stars or widen the others"
        )
    FRAME.write(frame, Path("data/frame.parquet"))
    REPOS.write(repos, Path("data/repos.parquet"))


def _from_github(params: Params) -> pl.DataFrame:
    """The frame of GitHub's repositories, and of the chosen ones their commit. What is gone since the search is drawn anew."""
    with open_reading(params.source) as reading, Report(reading):
        found = candidates(reading, params.select.min_stars)
        gone: set[str] = set()
        while True:
            frame = choose_repositories(found, params.select, params.seed, gone)
            known = states(reading, chosen_repositories(frame).select("repo", "branch").iter_rows())
            lost = {repo for repo, state in known.items() if state is None}
            if not lost:
                break
            gone |= lost
        reading.log.say(f"{found.height} repositories found")
    told = {repo: state for repo, state in known.items() if state}
    return frame.with_columns(
        pl.col("repo")
        .replace_strict({repo: state["head"] for repo, state in told.items()}, default="")
        .alias("head_sha"),
        pl.col("repo")
        .replace_strict({repo: state["signature"] for repo, state in told.items()}, default="")
        .alias("pull_refs"),
    )


if __name__ == "__main__":
    run_stage(main)
