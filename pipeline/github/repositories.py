"""Which repositories there are, and the state of those that are chosen. What was read once in a reading stays as it is."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from pipeline.clones.facts import FULL_NAME
from pipeline.errors import LimiError
from pipeline.files import sha256_text
from pipeline.github.queries import state_query
from pipeline.github.reading import Reading
from pipeline.github.search import Search
from pipeline.github.verdict import why_gone
from pipeline.tables import CANDIDATE_SCHEMA

HOLES = 5  # answers without a word on a repository that are asked again
AT_ONCE = 50  # repositories whose state is asked for in one call


def candidates(reading: Reading, min_stars: int) -> pl.DataFrame:
    """A frame of CANDIDATE_SCHEMA: every repository with more than `min_stars` stars, by name. Raises LimiError."""
    found = Search(reading.api, reading.store).repositories(min_stars)
    taken = reading.store.get("search", f"taken {min_stars}")
    if taken is None:
        taken = int(reading.api.clock.now())
        reading.store.keep("search", f"taken {min_stars}", taken)
    rows = [
        {
            "repo": item["full_name"],
            "stars": item["stargazers_count"],
            "language": item["language"] or "none",
            "licence": item["licence"],
            "description": item["description"],
            **dict.fromkeys(("head_sha", "pull_refs", "clone"), ""),
            "branch": item["default_branch"],
            "topics": item["topics"],
            "archived": item["archived"],
            "fork": item["fork"],
            "created_at": datetime.fromisoformat(item["created_at"]),
            "pushed_at": datetime.fromisoformat(item["pushed_at"]),
            "taken_at": datetime.fromtimestamp(taken, UTC),
        }
        for item in found
        if FULL_NAME.fullmatch(item["full_name"])
    ]
    return pl.DataFrame(rows, schema=CANDIDATE_SCHEMA)


def states(reading: Reading, repositories: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any] | None]:
    """`owner/name -> state` of `(owner/name, branch)`: head, pulls (merged on the branch), signature; None if GitHub has it no more."""
    known: dict[str, dict[str, Any] | None] = {}
    waiting = []
    for repo, branch in repositories:
        kept = reading.store.get("state", f"{repo} {branch}")
        if kept is None:
            waiting.append((repo, branch))
        else:
            known[repo] = kept or None
    holes = 0
    while waiting:
        asked, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        answer = reading.api.graphql(*state_query(asked))
        for i, (repo, branch) in enumerate(asked):
            found = answer["data"].get(f"r{i}")
            if found is None and not why_gone(answer, f"r{i}"):  # a hole, which says nothing of the repository
                holes += 1
                if holes > HOLES:
                    raise LimiError(
                        f"GitHub answers nothing for {repo}; what was read is kept, run the same command later"
                    )
                waiting.append((repo, branch))
                continue
            state = _state(found)
            # An empty value says that GitHub has no such repository, or that it is empty; None could not be kept.
            reading.store.keep("state", f"{repo} {branch}", state or {})
            known[repo] = state
    return known


def _state(found: dict[str, Any] | None) -> dict[str, Any] | None:
    target = ((found or {}).get("defaultBranchRef") or {}).get("target")
    if found is None or target is None:
        return None
    pulls = found["pullRequests"]
    newest = [node["updatedAt"] for node in pulls["nodes"] if node]
    return {
        "name": found["nameWithOwner"],
        "head": target["oid"],
        "pulls": pulls["totalCount"],
        "signature": sha256_text(repr((found["id"], pulls["totalCount"], newest))),
    }
