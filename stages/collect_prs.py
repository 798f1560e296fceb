"""List merged pull requests and read their changes: data/pulls/, one part per repository, kept across reruns.

A part carries the fingerprint of what it was made from; a rerun makes only the parts that are missing or of something else.
"""

from pathlib import Path

import polars as pl

from pipeline.clones.collect import collect_clone
from pipeline.cluster import run_partitions
from pipeline.files import sweep
from pipeline.fingerprint import code_fingerprint, fingerprint
from pipeline.ledger import fate, write_fates
from pipeline.params import Collect, read_params
from pipeline.tables import PULLS, REPOS, part_name
from stages.run import run_stage, warn
from stages.source import open_clones

STAGE = "collect_prs"
PARTS = Path("data/pulls")


def collect_part(repo: str, clone: Path, head: str, collect: Collect, part: Path, made_from: str) -> None:
    """One partition's work, on a worker."""
    PULLS.write(collect_clone(repo, clone, head, collect), part, made_from)


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    folder, _ = open_clones(params.source)
    code = code_fingerprint("pipeline.clones.collect")
    waiting, parts = [], set()
    for row in REPOS.read(Path("data/repos.parquet")).iter_rows(named=True):
        part = (PARTS / part_name(row["repo"])).absolute()
        parts.add(part.name)
        made_from = fingerprint(code, params.collect.model_dump(), row["repo"], row["head_sha"], row["pull_refs"])
        if PULLS.written_from(part) != made_from:
            waiting.append(
                (row["repo"], (folder / row["clone"]).absolute(), row["head_sha"], params.collect, part, made_from)
            )
    sweep(PARTS, keep=lambda path: path.name in parts)
    run_partitions(collect_part, waiting, params.dask, "collecting")
    listed = PULLS.read_parts(PARTS, ["pr_id", "repo", "failure"])
    for repo, count, reason in (
        listed.filter(pl.col("failure") != "")
        .group_by("repo", maintain_order=True)
        .agg(pl.len(), pl.col("failure").first())
        .iter_rows()
    ):
        warn(
            f"{count} pull requests of {repo} could not be read from its clone (the first: {reason}); they are in the ledger as failed. "
            "If it is a partial clone, `git fetch --refetch` in it brings what is missing"
        )
    write_fates(
        STAGE,
        [
            fate(pr_id, repo, STAGE, "failed", "objects_missing") if failure else fate(pr_id, repo, STAGE, "kept")
            for pr_id, repo, failure in listed.select(pl.col("pr_id", "repo", "failure")).iter_rows()
        ],
    )


if __name__ == "__main__":
    run_stage(main)
