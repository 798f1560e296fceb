"""The pool in rows: what pipeline/pooling chose, each row with where it comes from, how it was reviewed and why it is there."""

from collections.abc import Mapping, Set
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.ledger import fate
from pipeline.pooling.quotas import Quota, pool_quotas
from pipeline.real_world import DOMAINS, RealWorldQuery
from pipeline.sections import Pool

STAGE = "build_pool"
# Attributes whose values are known beforehand; languages and repositories are those that there happen to be.
_KNOWN = {
    "origin": ("real_world", "github_pr"),
    "domain": tuple(DOMAINS),
    "sub_domain": tuple(name for names in DOMAINS.values() for name in names),
}


def quotas_of(pool: Pool) -> list[Quota]:
    """The quotas that the parameters ask for: the counts by origin and sub-domain, those of each repository, and the further ones.

    Raises UserError for a value that no query can have.
    """
    counts = {"real_world": pool.real_world_count, "github_pr": pool.github_pr_count}
    sub_domains = {str(name): count for name, count in pool.sub_domains.items()}
    further = [Quota(dict(one.where.items()), one.least, one.most, one.each) for one in pool.quotas]
    for quota in further:
        for attribute, value in quota.where.items():
            if value not in (known := _KNOWN.get(attribute, (value,))):
                raise UserError(f"pool.quotas: no query has the {attribute} {value}; there are {', '.join(known)}")
    return [*pool_quotas(counts, sub_domains, pool.per_repository), *further]


def pool_fates(reviewed: pl.DataFrame, chosen: Set[str]) -> list[dict[str, Any]]:
    """Ledger rows of every accepted query: in the pool, or not."""
    return [
        fate(row["pr_id"], row["repo"], STAGE, "kept")
        if row["query_id"] in chosen
        else fate(row["pr_id"], row["repo"], STAGE, "dropped", "not_chosen_for_pool")
        for row in reviewed.filter(pl.col("verdict") == "accept").iter_rows(named=True)
    ]


def pool_rows(
    real_world: list[RealWorldQuery],
    reviewed: pl.DataFrame,
    pulls: pl.DataFrame,
    chosen: Set[str],
    reasons: Mapping[str, str],
    pool: Pool,
) -> list[dict[str, Any]]:
    """The rows of curated/pool.jsonl: real-world queries in their file's order, then those of pull requests by repository.

    `reasons` has one for every candidate (pipeline/pooling/words.py).
    """
    rows: list[dict[str, Any]] = []
    for query in real_world:
        if query.id not in chosen:
            continue
        rows.append(
            {
                "id": query.id,
                "origin": "real_world",
                "origin_note": pool.origin_note,
                "query": query.query,
                "domain": query.domain,
                "sub_domain": query.sub_domain,
                "success_criteria": query.success_criteria,
                "reason": reasons[query.id],
                "licence": query.licence,
                "source": query.source,
                "contributor_role": query.contributor_role,
                "pull_request": None,
                "review": None,
            }
        )
    facts = {row["pr_id"]: row for row in pulls.iter_rows(named=True)}
    picked = [row for row in reviewed.sort("repo", "query_id").iter_rows(named=True) if row["query_id"] in chosen]
    for row in picked:
        pull = facts[row["pr_id"]]
        rows.append(
            {
                "id": row["query_id"],
                "origin": "github_pr",
                "origin_note": pool.origin_note,
                "query": row["query"],
                "domain": row["reviewed_domain"],
                "sub_domain": row["reviewed_sub_domain"],
                "success_criteria": row["success_criteria"],
                "reason": reasons[row["query_id"]],
                "licence": pull["licence"],
                "source": row["pr_id"],
                "contributor_role": None,
                "pull_request": {
                    name: pull[name]
                    for name in ("repo", "number", "title", "author", "base_sha", "merge_sha", "tokens")
                },
                "review": {
                    name: row[name]
                    for name in (
                        "writer",
                        "annotators",
                        "verdicts",
                        "agreement",
                        "alignment",
                        "realism",
                        "domain_fit",
                        "leakage",
                        "edited_by",
                        "adjudicated_by",
                    )
                },
            }
        )
    return rows


def candidate_rows(reviewed: pl.DataFrame, chosen: Set[str], reasons: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of curated/candidates.jsonl: every reviewed query, chosen or not, with the reason."""
    rows = []
    for row in reviewed.sort("query_id").iter_rows(named=True):
        reason = {
            "accept": reasons.get(row["query_id"], ""),
            "reject": f"rejected by its reviewers: {', '.join(row['reject_reasons'])}",
            "disputed": "reviewers stand equally on both sides",
        }[row["verdict"]]
        rows.append({"chosen": row["query_id"] in chosen, "reason": reason, **row})
    return rows
