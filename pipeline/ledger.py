"""One fate per pull request and stage, and the sums that must come out even.

Each deciding stage writes one row for every pull request that entered it: kept, dropped (by a named rule, with the measured value
and the limit) or failed (with the reason). What one stage kept is what the next one gets; `reconcile` proves it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import LimiError
from pipeline.tables import LEDGER

# In the order a pull request meets them.
STAGES = ("collect_prs", "filter_prs", "compare_prs", "sample_prs", "synthesize", "merge_reviews", "build_pool")
FOLDER = Path("data/ledger")


def fate(
    pr_id: str,
    repo: str,
    stage: str,
    fate: str,
    reason: str = "",
    value: float | None = None,
    limit: float | None = None,
    evidence: str = "",
) -> dict[str, Any]:
    """One ledger row."""
    return {
        "pr_id": pr_id,
        "repo": repo,
        "stage": stage,
        "fate": fate,
        "reason": reason,
        "value": None if value is None else float(value),
        "limit": None if limit is None else float(limit),
        "evidence": evidence,
    }


def write_fates(stage: str, rows: Iterable[dict[str, Any]] | pl.DataFrame) -> None:
    """Write a stage's part of the ledger, sorted by pr_id, after checking that each pull request is in it once."""
    frame = rows if isinstance(rows, pl.DataFrame) else LEDGER.frame(list(rows))
    repositories = frame.sort("repo", "pr_id").partition_by("repo", maintain_order=True)
    write_fates_by_repository(stage, repositories)


def write_fates_by_repository(stage: str, repositories: Iterable[pl.DataFrame]) -> None:
    """Like `write_fates`, for a run of any size: LEDGER frames, one for each repository, in the order of their names."""
    LEDGER.write_pieces(_checked(stage, repositories), FOLDER / f"{stage}.parquet")


def _checked(stage: str, repositories: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    before = ""
    for frame in repositories:
        if not set(frame["fate"]) <= {"kept", "dropped", "failed"} or set(frame["stage"]) - {stage}:
            raise LimiError(
                f"{stage}: a fate is not kept, dropped or failed, or is another stage's; this is a defect of the stage"
            )
        if frame["pr_id"].n_unique() != frame.height:
            twice = frame.filter(pl.col("pr_id").is_duplicated())["pr_id"][0]
            raise LimiError(f"{stage}: {twice} would be in the ledger twice; this is a defect of the stage")
        for repo in frame["repo"].unique():
            if frame["repo"].n_unique() > 1 or repo <= before:
                raise LimiError(
                    f"{stage}: {repo} would be in the ledger twice or out of order; this is a defect of the stage"
                )
            before = repo
        yield frame.sort("pr_id")


def read_fates(folder: Path = FOLDER) -> dict[str, pl.DataFrame]:
    """The parts of the ledger that exist, in the order of the stages."""
    return {
        stage: LEDGER.read(folder / f"{stage}.parquet") for stage in STAGES if (folder / f"{stage}.parquet").exists()
    }


def reconcile(fates: dict[str, pl.DataFrame]) -> None:
    """Prove that what each stage kept is exactly what entered the next. Raises LimiError naming the first that is not."""
    before: tuple[str, set[str]] | None = None
    for stage, frame in fates.items():
        entered = set(frame["pr_id"])
        if before is not None and entered != before[1]:
            lost, new = sorted(before[1] - entered), sorted(entered - before[1])
            raise LimiError(
                f"the ledger does not add up: {before[0]} kept {len(before[1])} pull requests, {stage} has {len(entered)}"
                + (f"; lost: {lost[0]}" if lost else "")
                + (f"; from nowhere: {new[0]}" if new else "")
                + f"; `dvc repro --force {stage}` makes it again"
            )
        before = (stage, set(frame.filter(pl.col("fate") == "kept")["pr_id"]))


def current(fates: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The stages that belong to one run: up to the first that does not follow from the one before it."""
    found: dict[str, pl.DataFrame] = {}
    for stage, frame in fates.items():
        try:
            reconcile({**found, stage: frame})
        except LimiError:
            break
        found[stage] = frame
    return found


def lives(fates: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per listed pull request: its last stage and what happened there. A LEDGER frame sorted by repo and pr_id."""
    reconcile(fates)
    order = {stage: at for at, stage in enumerate(STAGES)}
    return (
        pl.concat(list(fates.values()))
        .with_columns(pl.col("stage").replace_strict(order, return_dtype=pl.Int64).alias("at"))
        .sort("repo", "pr_id", "at")
        .group_by("pr_id", maintain_order=True)
        .last()
        .select(*LEDGER.schema)
    )


def funnel(fates: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Per stage: how many entered, were kept and failed, and how many each rule dropped (largest first)."""
    steps = []
    for stage, frame in fates.items():
        lost = (
            frame.filter(pl.col("fate") != "kept")
            .group_by("fate", "reason")
            .len()
            .sort("len", "reason", descending=[True, False])
        )
        steps.append(
            {
                "stage": stage,
                "entered": frame.height,
                "kept": frame.filter(pl.col("fate") == "kept").height,
                "dropped": {
                    row["reason"]: row["len"] for row in lost.iter_rows(named=True) if row["fate"] == "dropped"
                },
                "failed": {row["reason"]: row["len"] for row in lost.iter_rows(named=True) if row["fate"] == "failed"},
            }
        )
    return steps
