"""The tables of the dataset, each column with its type and its meaning: what the card, Croissant and the loaders are told."""

from typing import Any, cast

import polars as pl

from pipeline.query_tables import REVIEWED
from pipeline.table import Table
from pipeline.tables import SAMPLED
from trajectories.export.rows import TRAJECTORIES as EXPORTED

_TEXT, _COUNT, _FLAG, _SHARE = pl.String(), pl.Int64(), pl.Boolean(), pl.Float64()
_TEXTS = pl.List(_TEXT)

PULL_REQUEST = {
    "repo": (_TEXT, "owner/name"),
    "number": (_COUNT, "the pull request's number"),
    "link": (_TEXT, "its page; empty where the source of facts is no server"),
    "title": (_TEXT, "its title, masked"),
    "author": (_TEXT, "login on GitHub, or the name in the commit, as given"),
    "base_sha": (_TEXT, "the commit that the work begins at"),
    "base_link": (_TEXT, "the repository at that commit; empty likewise"),
    "merge_sha": (_TEXT, "the commit that brought it to the main branch"),
    "language": (_TEXT, "the repository's main language"),
    "tokens": (_COUNT, "o200k_base tokens of the patch"),
}
REVIEW = {
    "writer": (_TEXT, "name and version of the writer"),
    "annotators": (_TEXTS, "who judged, sorted"),
    "verdicts": (_TEXTS, "their verdicts in the same order: accept, edit or reject"),
    "agreement": (_SHARE, "share of the judgements on the side of the larger group"),
    "alignment": (_SHARE, "mean of none 0, partial 0.5, full 1"),
    "realism": (_SHARE, "mean of 1 to 5"),
    "domain_fit": (_SHARE, "share of the annotators who gave that domain and sub-domain"),
    "leakage": (_SHARE, "how much of the solution the query gives away, 0 to 1"),
    "edited_by": (_TEXT, "whose edited text the query is; empty if nobody's"),
    "adjudicated_by": (_TEXT, "who decided where they disagreed; empty if nobody had to"),
}


def _struct(members: dict[str, tuple[pl.DataType, str]]) -> pl.Struct:
    return pl.Struct({name: kind for name, (kind, _) in members.items()})


# Struct column -> its members; what the columns' own meanings have no room for.
MEMBERS = {"pull_request": PULL_REQUEST, "review": REVIEW}


def instance(kind: Any) -> pl.DataType:
    """A type as Polars gives it inside a list or a struct, where it may be the class, as an instance."""
    return cast("pl.DataType", kind() if isinstance(kind, type) else kind)


_RIGHTS = {
    "licence": (_TEXT, "SPDX id under which the row's source may be used"),
    "licence_as_of": (
        _TEXT,
        "base_commit: read from the files at base_sha; repository_unconfirmed: those files name none that is known, so this is what the "
        "source of facts says of the repository; repository: likewise, as that commit was not at hand; contributor: given with the query",
    ),
    "attribution": (_TEXT, "title, author, source and licence in one line, to be kept with every copy"),
}

POOL = Table(
    "pool",
    "build_dataset",
    "a query of the pool",
    {
        "id": (_TEXT, "of the real-world query, or the query_id"),
        "origin": (_TEXT, "real_world or github_pr"),
        "origin_note": (_TEXT, "what this pool is"),
        "query": (_TEXT, "the query as it is used, after people's edits"),
        "domain": (_TEXT, "vibe-coding or research-workflow"),
        "sub_domain": (_TEXT, "the query's sub-domain"),
        "success_criteria": (_TEXTS, "checkable sentences"),
        "reason": (_TEXT, "why it has its place"),
        **_RIGHTS,
        "source": (_TEXT, "where it comes from; for a pull request owner/name#number"),
        "contributor_role": (_TEXT, "who asked; null for a pull request"),
        "pull_request": (_struct(PULL_REQUEST), "null for a real-world query"),
        "review": (_struct(REVIEW), "what people said of it; null for a real-world query"),
    },
)

CANDIDATES = Table(
    "candidates",
    "build_dataset",
    "a reviewed query, chosen or not, with its verdict",
    {
        "chosen": (_FLAG, "whether it is in the pool"),
        "reason": (_TEXT, "why it is, or is not"),
        **REVIEWED.columns,
        **_RIGHTS,
        "pull_request": (_struct(PULL_REQUEST), "the pull request that it was written from"),
        "contamination": SAMPLED.columns["contamination"],
        "masked": SAMPLED.columns["masked"],
    },
)

TRAJECTORIES = Table(
    "trajectories",
    "build_dataset",
    "one session of work on a query of the pool, as messages to train on",
    {**EXPORTED.columns, **_RIGHTS},
)

# The last one is there only if sessions are.
CONFIGS = (POOL, CANDIDATES, TRAJECTORIES)
