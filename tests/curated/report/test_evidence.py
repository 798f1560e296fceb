"""What the page is made of is checked to be whole and of one run, with a sentence that says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from curated.report.evidence import read_evidence
from pipeline.errors import LimiError, UserError
from pipeline.files import write_json
from pipeline.query_tables import QUERIES
from pipeline.tables import LEDGER, REPOS
from tests.curated.report.world import World


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return World().write(tmp_path)


def with_choice(root: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = root / "curated/choice.json"
    found = json.loads(path.read_text())
    change(found)
    write_json(path, found)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("curated/choice.json", "choice.json is missing; `dvc repro build_pool` writes it"),
        ("plots/patch_tokens.csv", "patch_tokens.csv is missing; `dvc repro describe_prs` writes it"),
        ("curated/pool.jsonl", "pool.jsonl is missing"),
        ("data/queries.parquet", "queries.parquet"),
    ],
)
def test_a_missing_file_is_named(root: Path, name: str, said: str) -> None:
    (root / name).unlink()
    with pytest.raises(UserError) as error:
        read_evidence(root, World().params)
    assert said in str(error.value)


def test_another_choice_than_the_pool_is_refused(root: Path) -> None:
    def swap(found: dict[str, object]) -> None:
        for one in found["candidates"]:  # type: ignore[attr-defined]
            one["chosen"] = not one["chosen"]

    with_choice(root, swap)
    with pytest.raises(
        UserError, match=r"not of one run: curated/choice.json has chosen other queries than curated/pool.jsonl has"
    ):
        read_evidence(root, World().params)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.update(more=1), "more: Extra inputs are not permitted"),
        (lambda found: found.update(format="limi-choice 2"), "format: Input should be 'limi-choice 1'"),
        (lambda found: found["quotas"][0].update(has="many"), "quotas.0.has: Input should be a valid integer"),
    ],
)
def test_a_choice_of_another_form_is_refused(
    root: Path, change: Callable[[dict[str, object]], None], said: str
) -> None:
    with_choice(root, change)
    with pytest.raises(UserError) as error:
        read_evidence(root, World().params)
    assert said in str(error.value) and "`dvc repro --force build_pool` writes it anew" in str(error.value)


def test_points_of_another_form_are_refused(root: Path) -> None:
    (root / "plots/patch_tokens.csv").write_text("tokens,until,pulls,limit\n0,100,many,1200\n")
    with pytest.raises(UserError, match="has another form than tokens, until, pulls, limit"):
        read_evidence(root, World().params)


def test_tables_of_another_run_are_refused(root: Path) -> None:
    queries = QUERIES.read(root / "data/queries.parquet")
    QUERIES.write(queries.head(3), root / "data/queries.parquet")
    REPOS.write(REPOS.read(root / "data/repos.parquet").head(1), root / "data/repos.parquet")
    with pytest.raises(
        UserError, match=r"was reviewed and is not in data/queries.parquet; .* is not in data/repos.parquet"
    ):
        read_evidence(root, World().params)


def test_a_ledger_that_does_not_add_up_is_refused(root: Path) -> None:
    path = root / "data/ledger/sample_prs.parquet"
    LEDGER.write(LEDGER.read(path).filter(pl.col("reason") == ""), path)
    with pytest.raises(LimiError, match="the ledger does not add up: compare_prs kept"):
        read_evidence(root, World().params)
