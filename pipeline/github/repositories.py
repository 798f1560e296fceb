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
from pipeline.github.verdict import TooMuchError, has_holes
from pipeline.tables import CANDIDATE_SCHEMA

TROUBLES = 24  # answers that were too much for GitHub or said nothing of a repository, before a run ends
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
            "pushed_at": datetime.fromisoformat(item["pushed_at"]) if item["pushed_at"] else None,
            "taken_at": datetime.fromtimestamp(taken, UTC),
        }
        for item in found
        if FULL_NAME.fullmatch(item["full_name"])
    ]
    if odd := [item["full_name"] for item in found if not FULL_NAME.fullmatch(item["full_name"])]:
        reading.log.say(f"{len(odd)} repositories have names that make no file name here and are left out: {odd[:3]}")
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
    troubles, at_once = 0, AT_ONCE
    while waiting:
        if troubles > TROUBLES:
            raise LimiError(
                f"GitHub does not tell the state of {waiting[0][0]}; what was read is kept, run the same command later"
            )
        asked, waiting = waiting[:at_once], waiting[at_once:]
        try:
            answer = reading.api.graphql(*state_query(asked))
        except TooMuchError:
            troubles, at_once, waiting = troubles + 1, max(1, at_once // 2), asked + waiting
            continue
        holes = []
        for i, (repo, branch) in enumerate(asked):
            if has_holes(answer, f"r{i}"):
                holes.append((repo, branch))
                continue
            state = _state(answer["data"].get(f"r{i}"))
            # An empty value says that GitHub has no such repository, or that it is empty; None could not be kept.
            reading.store.keep("state", f"{repo} {branch}", state or {})
            known[repo] = state
        troubles, waiting = troubles + 1 if holes else 0, waiting + holes
    return known


def _state(found: dict[str, Any] | None) -> dict[str, Any] | None:
    target = ((found or {}).get("defaultBranchRef") or {}).get("target")
    if found is None or target is None:
        return None
    pulls = found["pullRequests"]
    newest = [node["updatedAt"] for node in pulls["nodes"] if node]
    return {
        # A renamed repository's present name is where git finds it; it becomes a path, so it has to be a name.
        "name": found["nameWithOwner"] if FULL_NAME.fullmatch(found["nameWithOwner"]) else "",
        "head": target["oid"],
        "pulls": pulls["totalCount"],
        "signature": sha256_text(repr((found["id"], pulls["totalCount"], newest))),
    }
