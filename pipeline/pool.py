"""Choose the pool: all places for real-world queries, and the queries of pull requests by a rule that fits in four lines.

Only accepted queries count. Each sub-domain (as the reviewers gave it) has its quota. Within one, places go one by one to the query
with the highest agreement and domain fit; among equals to the one whose repository has the fewest places so far; then by higher
alignment, lower leakage, higher realism, and last by the draw key of its id. Sub-domains with the least choice (accepted minus quota)
pick first, equal ones by name. docs/CHOOSING.md says the same for readers, with a script that draws again.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.ledger import fate
from pipeline.real_world import RealWorldQuery
from pipeline.sampling import draw_key
from pipeline.sections import Pool

STAGE = "build_pool"


def choose_real_world(queries: list[RealWorldQuery], count: int, seed: int) -> list[RealWorldQuery]:
    """`count` queries, in the file's order; drawn by key if there are more. Raises UserError if there are fewer."""
    if len(queries) < count:
        raise UserError(
            f"the pool needs {count} real-world queries (pool.real_world_count), the file has {len(queries)}: {count - len(queries)} short"
        )
    drawn = set(sorted((query.id for query in queries), key=lambda name: draw_key(seed, name))[:count])
    return [query for query in queries if query.id in drawn]


def choose_from_pulls(reviewed: pl.DataFrame, quotas: Mapping[str, int], seed: int) -> dict[str, str]:
    """`query_id -> reason` of the chosen, from a REVIEWED frame. Raises UserError naming every quota that is short."""
    accepted = _accepted(reviewed, quotas)
    short = [
        f"{name} needs {quota} and has {len(accepted[name])}, {quota - len(accepted[name])} short"
        for name, quota in quotas.items()
        if len(accepted[name]) < quota
    ]
    if short:
        raise UserError(
            f"too few accepted queries for the pool's quotas (pool.sub_domains): {'; '.join(short)}. Review more queries, sample more "
            "(sample.per_repository), or change the quotas"
        )
    return _places(accepted, quotas, seed)[0]


def passed_over(reviewed: pl.DataFrame, quotas: Mapping[str, int], seed: int) -> dict[str, str]:
    """`query_id -> reason` of the accepted queries that got no place: what each lost by to the last one placed."""
    return _places(_accepted(reviewed, quotas), quotas, seed)[1]


def _accepted(reviewed: pl.DataFrame, quotas: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    accepted: dict[str, list[dict[str, Any]]] = {name: [] for name in quotas}
    for row in reviewed.filter(pl.col("verdict") == "accept").iter_rows(named=True):
        accepted.setdefault(row["reviewed_sub_domain"], []).append(row)
    return accepted


def _places(
    accepted: dict[str, list[dict[str, Any]]], quotas: Mapping[str, int], seed: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Give the places, sub-domain by sub-domain: `(chosen, passed over)`, each `query_id -> reason`."""
    used: Counter[str] = Counter()
    chosen: dict[str, str] = {}
    passed = {
        row["query_id"]: f"accepted, but pool.sub_domains has no place for {name}"
        for name, rows in accepted.items()
        if not quotas.get(name)
        for row in rows
    }
    for name in sorted(quotas, key=lambda name: (len(accepted[name]) - quotas[name], name)):
        waiting = list(accepted[name])
        for place in range(1, quotas[name] + 1):
            row = min(waiting, key=lambda row: rank(row, used[row["repo"]], seed))
            waiting.remove(row)
            if place == quotas[name]:
                last = rank(row, used[row["repo"]], seed)
                passed |= {
                    other[
                        "query_id"
                    ]: f"accepted for {name}, but its {place} places went to others; against the last of them, "
                    f"{row['query_id']}, it lost by {_lost_by(rank(other, used[other['repo']], seed), last)}"
                    for other in waiting
                }
            used[row["repo"]] += 1
            chosen[row["query_id"]] = _reason(row, place, quotas[name], len(accepted[name]), used[row["repo"]])
    return chosen, passed


def _lost_by(row: tuple[float | str, ...], winner: tuple[float | str, ...]) -> str:
    """The first criterion of `rank` in which a row is worse than the winner, in words."""
    names = ("agreement", "domain fit", "places of its repository", "alignment", "leakage", "realism", "draw key")
    name, mine, theirs = next((name, a, b) for name, a, b in zip(names, row, winner, strict=True) if a != b)
    if isinstance(mine, str) or isinstance(theirs, str):
        return f"the {name}, as all else is equal"
    return f"{name} ({abs(mine):g} against {abs(theirs):g})"


def rank(row: dict[str, Any], places: int, seed: int) -> tuple[float | str, ...]:
    """The sort key of a REVIEWED row whose repository has `places` places so far; smaller is better."""
    return (
        *(-row["agreement"], -row["domain_fit"], places, -row["alignment"], row["leakage"], -row["realism"]),
        draw_key(seed, row["query_id"]),
    )


def _reason(row: dict[str, Any], place: int, quota: int, candidates: int, use: int) -> str:
    number = {1: "first", 2: "second", 3: "third"}.get(use, f"{use}th")
    return (
        f"{row['reviewed_sub_domain']} place {place} of {quota} among {candidates} accepted; {number} query of {row['repo']}; agreement "
        f"{row['agreement']:.2f}, domain fit {row['domain_fit']:.2f}, alignment {row['alignment']:.2f}, leakage {row['leakage']:.2f}, "
        f"realism {row['realism']:.1f}"
    )


def pool_fates(reviewed: pl.DataFrame, chosen: dict[str, str]) -> list[dict[str, Any]]:
    """Ledger rows of every accepted query: in the pool, or not."""
    return [
        fate(row["pr_id"], row["repo"], STAGE, "kept")
        if row["query_id"] in chosen
        else fate(row["pr_id"], row["repo"], STAGE, "dropped", "not_chosen_for_pool")
        for row in reviewed.filter(pl.col("verdict") == "accept").iter_rows(named=True)
    ]


def pool_rows(
    real_world: list[RealWorldQuery], reviewed: pl.DataFrame, chosen: dict[str, str], pulls: pl.DataFrame, pool: Pool
) -> list[dict[str, Any]]:
    """The rows of curated/pool.jsonl: real-world queries in their file's order, then those of pull requests by repository."""
    rows: list[dict[str, Any]] = []
    for query in real_world:
        rows.append(
            {
                "id": query.id,
                "origin": "real_world",
                "origin_note": pool.origin_note,
                "query": query.query,
                "domain": query.domain,
                "sub_domain": query.sub_domain,
                "success_criteria": query.success_criteria,
                "reason": f"real-world query, one of {pool.real_world_count}",
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
                "reason": chosen[row["query_id"]],
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


def candidate_rows(reviewed: pl.DataFrame, chosen: dict[str, str], passed: dict[str, str]) -> list[dict[str, Any]]:
    """The rows of curated/candidates.jsonl: every reviewed query, chosen or not, with the reason."""
    rows = []
    for row in reviewed.sort("query_id").iter_rows(named=True):
        reason = (
            chosen.get(row["query_id"])
            or {
                "accept": passed.get(row["query_id"], ""),
                "reject": f"rejected by its reviewers: {', '.join(row['reject_reasons'])}",
                "disputed": "reviewers stand equally on both sides",
            }[row["verdict"]]
        )
        rows.append({"chosen": row["query_id"] in chosen, "reason": reason, **row})
    return rows
