"""From one clone to one part of the PULLS table."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.clones.git import open_clone
from pipeline.clones.history import MergedPull, merged_pulls
from pipeline.clones.patches import Change, changes
from pipeline.sections import Collect
from pipeline.tables import PULLS


def collect_clone(repo: str, path: Path, head: str, collect: Collect) -> pl.DataFrame:
    """List the newest merged pull requests of a clone at `head` and read their changes. A PULLS frame, by number.

    A pull request whose objects are missing is a row with its failure, never a missing row.
    """
    with open_clone(path) as clone:
        pulls = merged_pulls(clone, head, collect.max_listed)
        found = changes(clone, [(pull.merge, pull.base) for pull in pulls], collect.max_patch_bytes)
    return PULLS.frame([_row(repo, pull, found[pull.merge]) for pull in sorted(pulls, key=lambda pull: pull.number)])


def _row(repo: str, pull: MergedPull, change: Change) -> dict[str, Any]:
    return {
        "pr_id": f"{repo}#{pull.number}",
        "repo": repo,
        "number": pull.number,
        "title": pull.title,
        "body": pull.body,
        "author": pull.author,
        "author_is_bot": pull.author.endswith("[bot]"),
        "labels": [],
        "closing_issues": [],
        "merged_at": pull.merged_at,
        "method": pull.method,
        "base_sha": pull.base,
        "merge_sha": pull.merge,
        "head_sha": pull.head,
        "additions": sum(file["additions"] or 0 for file in change.files),
        "deletions": sum(file["deletions"] or 0 for file in change.files),
        "changed_files": len(change.files),
        "files": change.files,
        "skipped": "",
        "patch": change.patch,
        "patch_bytes": change.patch_bytes,
        "patch_utf8": change.utf8,
        "patch_source": "git",
        "failure": change.failure,
    }
