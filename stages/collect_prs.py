"""List merged pull requests and read their changes: data/pulls/, one part per repository, kept across reruns.

A part carries the fingerprint of what it was made from; a rerun makes only the parts that are missing or of something else.
"""

import re
from functools import partial
from pathlib import Path

import polars as pl

from pipeline.clones.collect import collect_clone
from pipeline.files import sweep
from pipeline.fingerprint import code_fingerprint, fingerprint
from pipeline.github.collect import Wanted, collect_repositories
from pipeline.github.reading import open_reading
from pipeline.github.report import Report
from pipeline.ledger import fate, write_fates
from pipeline.params import Params, read_params
from pipeline.partitions import run_partitions
from pipeline.sections import Collect
from pipeline.table import part_name
from pipeline.tables import PULLS, REPOS
from stages.run import run_stage, say
from stages.source import open_clones

STAGE = "collect_prs"
PARTS = Path("data/pulls")


def collect_part(repo: str, clone: Path, head: str, collect: Collect, part: Path, made_from: str) -> None:
    """One partition's work, on a worker."""
    PULLS.write(collect_clone(repo, clone, head, collect), part, made_from)


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    repos = REPOS.read(Path("data/repos.parquet"))
    parts = {row["repo"]: (PARTS / part_name(row["repo"])).absolute() for row in repos.iter_rows(named=True)}
    sweep(PARTS, keep=lambda path: path.absolute() in parts.values())
    collect = _from_github if params.source.kind == "github" else _from_clones
    collect(params, repos, parts)
    listed = PULLS.read_parts(PARTS, ["pr_id", "repo", "failure"])
    _warn_of_failures(listed, params)
    write_fates(
        STAGE,
        [
            fate(pr_id, repo, STAGE, "failed", _reason(failure)) if failure else fate(pr_id, repo, STAGE, "kept")
            for pr_id, repo, failure in listed.select(pl.col("pr_id", "repo", "failure")).iter_rows()
        ],
    )


def _from_clones(params: Params, repos: pl.DataFrame, parts: dict[str, Path]) -> None:
    folder, _ = open_clones(params.source)
    code = code_fingerprint("pipeline.clones.collect")
    own = {"max_listed": params.collect.max_listed, "max_patch_bytes": params.collect.max_patch_bytes}
    waiting = []
    for row in repos.iter_rows(named=True):
        part, made_from = parts[row["repo"]], fingerprint(code, own, row["repo"], row["head_sha"], row["pull_refs"])
        if PULLS.written_from(part) != made_from:
            waiting.append(
                (row["repo"], (folder / row["clone"]).absolute(), row["head_sha"], params.collect, part, made_from)
            )
    for _ in run_partitions(collect_part, waiting, params.dask, "collecting"):
        pass


def _from_github(params: Params, repos: pl.DataFrame, parts: dict[str, Path]) -> None:
    code = code_fingerprint("pipeline.github.collect")
    waiting = []
    for row in repos.iter_rows(named=True):
        part = parts[row["repo"]]
        made_from = fingerprint(
            code,
            params.collect.model_dump(),
            params.filter.of_facts(),
            params.source.reading,
            row["repo"],
            row["branch"],
            row["pull_refs"],
        )
        if PULLS.written_from(part) != made_from or _worth_another_try(part):
            waiting.append(Wanted(row["repo"], row["branch"], partial(_write, part, made_from)))
    if not waiting:
        return
    with open_reading(params.source) as reading, Report(reading, len(waiting)) as report:
        missing = collect_repositories(reading, waiting, params.collect, params.filter, report.done)
    for repo, why in sorted(missing.items()):
        say(f"GitHub has {repo} no more ({why}); it brings no pull request to this reading")


def _worth_another_try(part: Path) -> bool:
    """Whether a part is empty or holds failures, which GitHub may answer otherwise by now."""
    failures = PULLS.read(part, ["failure"])["failure"]
    return failures.is_empty() or not set(failures) <= {"", "http_404", "http_410", "http_451"}


def _write(part: Path, made_from: str, frame: pl.DataFrame) -> None:
    PULLS.write(frame, part, made_from)


def _reason(failure: str) -> str:
    """A failure's name in the ledger: GitHub's are names already, git's are sentences."""
    return failure if re.fullmatch(r"[a-z0-9_]+", failure) else "objects_missing"


def _warn_of_failures(listed: pl.DataFrame, params: Params) -> None:
    hint = (
        "`dvc repro --force collect_prs` asks for them again"
        if params.source.kind == "github"
        else "If it is a partial clone, `git fetch --refetch` in it brings what is missing"
    )
    for repo, count, reason in (
        listed.filter(pl.col("failure") != "")
        .group_by("repo", maintain_order=True)
        .agg(pl.len(), pl.col("failure").first())
        .iter_rows()
    ):
        where = "GitHub" if params.source.kind == "github" else "its clone"
        say(
            f"{count} pull requests of {repo} could not be read from {where} (the first: {reason}); they are in the ledger as failed. "
            f"{hint}"
        )


if __name__ == "__main__":
    run_stage(main)
