"""A row's licence is that of its base commit where the commit's files tell one, and says so."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curated.making.dataset import make_dataset
from curated.making.inputs import read_inputs
from curated.making.rights import Licence, licences_of
from pipeline.errors import UserError
from pipeline.tables import LICENCES, SAMPLED
from tests.curated.dataset.run import Run, jsonl, sampled


def told(at: int, licence: str) -> dict[str, Any]:
    """A row of LICENCES for a row of `sampled`."""
    pull = sampled(at)
    return {"pr_id": pull["pr_id"], "repo": pull["repo"], "base_sha": pull["base_sha"], "licence": licence}


def found(known: str, at_commit: str) -> Licence:
    return licences_of(LICENCES.frame([told(1, at_commit)]), SAMPLED.frame([sampled(1, licence=known)]))[
        "tide/pool-1#1"
    ]


def test_a_licence_that_changed_later_is_the_one_of_the_base_commit() -> None:
    assert found("GPL-2.0-only", "MIT") == ("MIT", "base_commit")
    assert found("", "MIT") == ("MIT", "base_commit")


def test_a_text_does_not_overrule_what_is_known_more_exactly() -> None:
    assert found("GPL-2.0-or-later", "GPL-2.0-only") == ("GPL-2.0-or-later", "base_commit")
    assert found("GPL-3.0-or-later", "GPL-2.0-only") == ("GPL-2.0-only", "base_commit")


def test_where_nothing_can_be_told_the_repositorys_stands_and_why_is_said() -> None:
    assert found("MIT", "NOASSERTION") == ("MIT", "repository_unconfirmed")
    assert found("MIT", "") == ("MIT", "repository")
    elsewhere = licences_of(LICENCES.frame([told(2, "MIT")]), SAMPLED.frame([sampled(1, licence="ISC")]))
    assert elsewhere == {"tide/pool-1#1": ("ISC", "repository")}


def test_the_row_says_where_its_licence_is_from(tmp_path: Path) -> None:
    run = Run()
    run.licences = {run.pulls[0]["pr_id"]: "ISC", run.pulls[1]["pr_id"]: "NOASSERTION"}
    read = read_inputs(run.write(tmp_path), run.params)
    rows = jsonl(make_dataset(read).files["candidates/candidates.jsonl"])
    assert [(row["licence"], row["licence_as_of"]) for row in rows[:2]] == [
        ("ISC", "base_commit"),
        ("MIT", "repository_unconfirmed"),
    ]


def test_licences_of_another_sample_are_refused(tmp_path: Path) -> None:
    run = Run()
    root = run.write(tmp_path)
    told = LICENCES.read(root / "data/licences.parquet").with_columns(
        base_sha=pl.lit("0" * 40), licence=pl.lit("WTFPL")
    )
    LICENCES.write(told, root / "data/licences.parquet")
    with pytest.raises(UserError, match=r"of another sample than data/sampled\.parquet"):
        read_inputs(root, run.params)
