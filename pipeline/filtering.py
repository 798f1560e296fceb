"""Judge pull requests: run the rules, count, read what stays, and give each its one verdict."""

from typing import Any

import polars as pl

from pipeline.filters import Drop, Pull, by_facts, rules, size
from pipeline.ledger import fate
from pipeline.params import Filter
from pipeline.patch import PatchUnreadableError, structure
from pipeline.subdomains import classify
from pipeline.tables import VERDICTS

STAGE = "filter_prs"
_CARRIED = ("number", "title", "body", "author", "merged_at", "method", "base_sha", "merge_sha", "head_sha", "files")


def judge(pulls: pl.DataFrame, chosen: Filter) -> pl.DataFrame:
    """A VERDICTS frame: one row for each row of a PULLS frame that was collected, in the same order."""
    switched_on = rules(chosen)
    rows = []
    for pull in pulls.filter(pl.col("failure") == "").iter_rows(named=True):
        if pull["skipped"]:
            rows.append(_without_patch(pull, chosen))
            continue
        tokens, drop = None, next((drop for rule in switched_on if (drop := rule(pull))), None)
        if drop is None:
            tokens, drop = size(pull, chosen)
        rows.append(_verdict(pull, tokens, drop))
    return VERDICTS.frame(rows)


def _without_patch(pull: Pull, chosen: Filter) -> dict[str, Any]:
    """A pull request that was skipped while collecting: the same facts must drop it again, or its patch is missing."""
    drop = by_facts(pull, chosen, chosen.max_tokens)
    if drop is None:
        failed = fate(pull["pr_id"], pull["repo"], STAGE, "failed", "patch_not_collected")
        return failed | {name: value for name, value in _verdict(pull, None, Drop("")).items() if name not in failed}
    return _verdict(pull, None, drop)


def _verdict(pull: Pull, tokens: int | None, drop: Drop | None) -> dict[str, Any]:
    row = {
        "tokens": tokens,
        "sub_domain": "",
        "sub_domain_evidence": "",
        "n_files": pull["changed_files"],
        "n_hunks": None,
        "additions": pull["additions"],
        "deletions": pull["deletions"],
        **{name: pull[name] for name in _CARRIED},
        "patch": None,
    }
    if drop is not None:
        return fate(pull["pr_id"], pull["repo"], STAGE, "dropped", drop.reason, drop.value, drop.limit) | row
    try:
        read = structure(pull["patch"], pull["additions"], pull["deletions"])
    except PatchUnreadableError:
        return fate(pull["pr_id"], pull["repo"], STAGE, "failed", "unidiff_disagrees_with_git") | row
    sub_domain, evidence = classify([file["path"] for file in pull["files"]], pull["title"], pull["body"])
    return (
        fate(pull["pr_id"], pull["repo"], STAGE, "kept")
        | row
        | {
            "sub_domain": sub_domain,
            "sub_domain_evidence": evidence,
            "n_hunks": read.hunks,
            "patch": pull["patch"],
        }
    )
