"""The rows of all tables: sorted, with licence and attribution, and without personal data, whatever order the inputs come in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from curated.making.columns import CANDIDATES, POOL, TRAJECTORIES
from curated.making.inputs import CANDIDATES_FILE, POOL_FILE, Inputs, PoolRow
from curated.making.rights import (
    Licence,
    attribution_of_contributor,
    attribution_of_pull,
    pull_request,
    refuse_without_licence,
)
from pipeline.errors import UserError
from pipeline.masking.mask import mask

_MOST_NAMED = 5  # rows in one sentence


@dataclass(frozen=True)
class Rights:
    """What a pull request's row says of where it comes from."""

    licence: str
    licence_as_of: str
    attribution: str
    pull_request: dict[str, Any]

    def columns(self) -> dict[str, Any]:
        """As columns of both tables."""
        return {
            "licence": self.licence,
            "licence_as_of": self.licence_as_of,
            "attribution": self.attribution,
            "pull_request": self.pull_request,
        }


def pool_rows(inputs: Inputs) -> list[dict[str, Any]]:
    """The rows of POOL: real-world queries by id, then those of pull requests by repository and number.

    Raises UserError for a row without a licence, and for one that personal data or a secret stands in.
    """
    rights = _rights(inputs, [row.source for row in inputs.pool if row.origin == "github_pr"])
    rows, dirty = [], []
    for row in inputs.pool:
        from_pull = row.origin == "github_pr"
        if from_pull and row.source not in rights:
            raise UserError(
                f"{POOL_FILE}: {row.id} comes from {row.source!r:.140}, which was not sampled; `dvc repro` mends it"
            )
        title = rights[row.source].pull_request["title"] if from_pull else ""
        if found := personal([row.query, *row.success_criteria, row.source, row.contributor_role or "", title], inputs):
            dirty.append(f"{row.id} ({found})")
        rows.append(
            {
                **{name: getattr(row, name) for name in POOL.columns if name in PoolRow.model_fields},
                **(rights[row.source].columns() if from_pull else _of_contributor(row)),
            }
        )
    refuse_without_licence([(row["id"], row["licence"]) for row in rows], str(POOL_FILE))
    _refuse(dirty, str(POOL_FILE))
    return sorted((_in_order(row, POOL.columns) for row in rows), key=_place_in_pool)


def candidate_rows(inputs: Inputs) -> list[dict[str, Any]]:
    """The rows of CANDIDATES by query_id. Raises UserError likewise; what people noted is masked instead, since nothing hashes it."""
    rights = _rights(inputs, inputs.reviewed["pr_id"])
    sampled = {row["pr_id"]: row for row in inputs.sampled.iter_rows(named=True)}
    rows, dirty = [], []
    for row in inputs.reviewed.sort("query_id").iter_rows(named=True):
        title = rights[row["pr_id"]].pull_request["title"]
        told, remarks = [row["query"], *row["success_criteria"], title], _remarks(row)
        again = mask("", "", "", inputs.params.mask.kinds, [*told, *remarks])
        if list(again.others[: len(told)]) != told:
            dirty.append(f"{row['query_id']} ({personal(told, inputs)})")
        pull = sampled[row["pr_id"]]
        chosen, reason = inputs.choices[row["query_id"]]
        columns = {
            **{"chosen": chosen, "reason": reason, **_with_remarks(row, iter(again.others[len(told) :]))},
            **rights[row["pr_id"]].columns(),
            "contamination": pull["contamination"],
            "masked": pull["masked"],
        }
        rows.append(_in_order(columns, CANDIDATES.columns))
    refuse_without_licence([(row["query_id"], row["licence"]) for row in rows], str(CANDIDATES_FILE))
    _refuse(dirty, str(CANDIDATES_FILE))
    return rows


def trajectory_rows(inputs: Inputs, pool: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of TRAJECTORIES by query and trajectory_id, under the licence and attribution of their query's row in `pool`.

    A session shows the repository's text and is work on it. It was held against `not_masked` when it was exported.
    """
    rights = {row["id"]: {name: row[name] for name in ("licence", "licence_as_of", "attribution")} for row in pool}
    rows = [
        row | rights[row["query_id"]] for row in inputs.sessions.sort("query_id", "trajectory_id").iter_rows(named=True)
    ]
    return [_in_order(row, TRAJECTORIES.columns) for row in rows]


def personal(texts: list[str], inputs: Inputs) -> str:
    """Which kinds of what the pipeline masks still stand in some texts, in words; empty if none. The values themselves are never said."""
    again = mask("", "", "", inputs.params.mask.kinds, texts)
    if list(again.others) == texts:
        return ""
    return ", ".join(f"{kind}: {values}" for kind, values in again.counts.items() if values) or "masked"


def _remarks(row: dict[str, Any]) -> list[str]:
    """What of a REVIEWED row is masked here: annotators write freely, and a model's reasons quote what they like."""
    notes, marked = [note["text"] for note in row["notes"]], [mark["text"] for mark in row["marked"]]
    return [row["rationale"], *row["needed_context"], *notes, *marked]


def _with_remarks(row: dict[str, Any], texts: Iterator[str]) -> dict[str, Any]:
    """The row with other texts in the place of its remarks, in the same order."""
    return row | {
        "rationale": next(texts),
        "needed_context": [next(texts) for _ in row["needed_context"]],
        "notes": [note | {"text": next(texts)} for note in row["notes"]],
        "marked": [mark | {"text": next(texts)} for mark in row["marked"]],
    }


def _rights(inputs: Inputs, wanted: Iterable[str]) -> dict[str, Rights]:
    """By pr_id, of those wanted that were sampled."""
    server = inputs.params.source.git if inputs.params.source.kind == "github" else ""
    found = {}
    for pull in inputs.sampled.filter(pl.col("pr_id").is_in(set(wanted))).iter_rows(named=True):
        licence = inputs.licences.get(pull["pr_id"], Licence(pull["licence"], "repository"))
        struct = pull_request(pull, server, inputs.params.mask.kinds)
        attribution = attribution_of_pull(struct, licence.spdx)
        found[pull["pr_id"]] = Rights(licence.spdx, licence.as_of, attribution, struct)
    return found


def _of_contributor(row: PoolRow) -> dict[str, Any]:
    return {
        "licence_as_of": "contributor",
        "attribution": attribution_of_contributor(row.contributor_role or "somebody", row.source, row.licence),
        "pull_request": None,
    }


def _refuse(dirty: list[str], where: str) -> None:
    if dirty:
        more = f" and {len(dirty) - _MOST_NAMED} more" if len(dirty) > _MOST_NAMED else ""
        raise UserError(
            f"{where}: what mask.kinds names stands in {', '.join(dirty[:_MOST_NAMED])}{more}; a query is not changed silently. Edit it "
            "in its review (a real-world query in its file), or take the kind out of mask.kinds, and run `dvc repro`"
        )


def _place_in_pool(row: Mapping[str, Any]) -> tuple[bool, str, int, str]:
    pull = row["pull_request"]
    return pull is not None, pull["repo"] if pull else "", pull["number"] if pull else 0, row["id"]


def _in_order(row: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in columns}
