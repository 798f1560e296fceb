"""The query that a session works on: found in the pool or among the run's queries, with the commit that its work began at."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.files import sha256_text
from trajectories.queries import POOL, pool_rows

DATA = Path("data")


@dataclass(frozen=True)
class Assignment:
    """A query; one of a pull request has `pr_id`, `repo` and the `base_commit` that the pull request was merged into."""

    query_id: str
    query: str
    success_criteria: tuple[str, ...]
    pr_id: str | None = None
    repo: str | None = None
    base_commit: str | None = None

    @property
    def query_sha256(self) -> str:
        """Hash of the query's text."""
        return sha256_text(self.query)


def find_assignment(query_id: str, pool: Path = POOL, data: Path = DATA) -> Assignment:
    """The query of this id: the pool's, with the text that its reviewers left, else the one in DATA/queries.parquet.

    Raises UserError if neither has it, or a line of the pool is broken.
    """
    for row in pool_rows(pool) if pool.is_file() else ():
        if row["id"] == query_id:
            pull = row["pull_request"]
            return Assignment(
                query_id,
                row["query"],
                tuple(row["success_criteria"]),
                f"{pull['repo']}#{pull['number']}" if pull else None,
                pull["repo"] if pull else None,
                pull["base_sha"] if pull else None,
            )
    queries, sampled = data / "queries.parquet", data / "sampled.parquet"
    if queries.is_file() and sampled.is_file():
        found = pl.scan_parquet(queries).filter(pl.col("query_id") == query_id)
        bases = pl.scan_parquet(sampled).select("pr_id", "base_sha")
        for row in found.join(bases, on="pr_id").collect().to_dicts():
            criteria = tuple(row["success_criteria"])
            return Assignment(query_id, row["query"], criteria, row["pr_id"], row["repo"], row["base_sha"])
    raise UserError(
        f"no query {query_id} in {pool} or {queries}; `dvc repro` makes both, and `limi explain` shows what became of a query"
    )


def clone_of(repo: str, sources: Path, data: Path = DATA) -> Path:
    """Where the run's clone of a repository lies. `sources` is source.folder. Raises UserError if the run has none."""
    repositories = data / "repos.parquet"
    named = ""
    if repositories.is_file():
        rows = pl.scan_parquet(repositories).filter(pl.col("repo") == repo).select("clone").collect()
        named = rows["clone"].item() if len(rows) else ""
    # From GitHub the run keeps a repository of what it fetched (pipeline/github/fetch.py).
    path = sources / (named or f"repositories/{repo}.git")
    if not path.exists():
        raise UserError(
            f"the run has no clone of {repo} at {path}; name one that has the query's base commit with --repository"
        )
    return path
