"""What is planted in pull requests is followed to all that leaves the machine: masked, dropped or named as it must be."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.ledger import lives, read_fates
from pipeline.query_tables import QUERIES
from pipeline.table import Table
from pipeline.tables import PULLS, REPEATS, SAMPLED
from tests.conftest import Project
from tests.stages.planted_run import ALL, FILTERS, REPEATS_PLANTED, STAGES, VALUES, plant, secret

FEWEST_QUERIES = 60  # of the pull requests with a secret; the titles of the others hold no words to ask with
ONE_SCREEN = 60  # lines


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run of the planted pull requests up to the tasks. Tests must leave it as they found it."""
    project = Project(tmp_path_factory.mktemp("planted") / "project")
    plant(project)
    for stage in STAGES:
        project.stage(stage)
    return project


def texts(value: Any) -> Iterator[str]:
    """Every text within a value of JSON or of a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.items() for part in item for text in texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in texts(part))


def seen_in_table(table: Table, path: Path) -> set[tuple[str, str]]:
    """(column, planted value) of each planted value that can be read in a table."""
    frame = table.read(path)
    columns = {name: "\n".join(texts(frame[name].to_list())) for name in frame.columns}
    return {(name, value) for name, text in columns.items() for value in VALUES if value in text}


def content(path: Path) -> str:
    """All that can be read in a file, a table's packed texts as well."""
    if path.suffix == ".parquet":
        return "\n".join(texts(pl.read_parquet(path).to_dicts()))
    return path.read_text(encoding="utf-8")


def test_every_planted_value_is_in_the_raw_store_alone_to_begin_with(finished: Project) -> None:
    raw = seen_in_table(PULLS, finished.folder / "data/pulls/tide__secrets.parquet")
    assert {value for _, value in raw} == set(VALUES) and len(VALUES) > 70
    sampled = set(SAMPLED.read(finished.folder / "data/sampled.parquet")["pr_id"])
    assert {item.pr_id for item in secret()} <= sampled


def test_no_planted_value_is_in_the_sample(finished: Project) -> None:
    assert seen_in_table(SAMPLED, finished.folder / "data/sampled.parquet") == set()


def test_no_planted_value_is_in_the_queries(finished: Project) -> None:
    queries = QUERIES.read(finished.folder / "data/queries.parquet").filter(pl.col("repo") == "tide/secrets")
    assert queries.height >= FEWEST_QUERIES
    assert queries["query"].str.contains("[SECRET_1]", literal=True).sum() > 20
    assert seen_in_table(QUERIES, finished.folder / "data/queries.parquet") == set()


def test_no_planted_value_is_in_the_tasks_of_the_annotators(finished: Project) -> None:
    written = (finished.folder / "data/tasks.json").read_text(encoding="utf-8")
    tasks = json.loads(written)
    assert sum(task["data"]["pr_ref"].startswith("tide/secrets#") for task in tasks) >= FEWEST_QUERIES
    shown = "\n".join(texts(tasks))
    assert [value for value in VALUES if value in shown or value in written] == []


def test_no_planted_value_is_in_any_file_but_the_raw_store(finished: Project) -> None:
    tops = [path for path in (finished.folder / "data").iterdir() if path.name != "pulls"]
    tops += [finished.folder / "metrics", finished.folder / "plots"]
    files = [path for top in tops for path in (top.rglob("*") if top.is_dir() else [top]) if path.is_file()]
    assert len(files) > 25
    read = {path.relative_to(finished.folder).as_posix(): content(path) for path in files}
    assert [(name, value) for name, text in read.items() for value in VALUES if value in text] == []


def test_what_is_not_to_be_masked_would_be_seen(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished.folder, tmp_path / "project")
    project.edit("mask:\n  kinds: [secret, email, ip, phone, handle]", "mask:\n  kinds: []")
    for stage in ("sample_prs", "synthesize"):
        project.stage(stage)
    sampled = seen_in_table(SAMPLED, project.folder / "data/sampled.parquet")
    assert {value for _, value in sampled} == set(VALUES)
    assert len(seen_in_table(QUERIES, project.folder / "data/queries.parquet")) > 20


def test_the_planted_repeats_are_found_and_no_others(finished: Project) -> None:
    found = REPEATS.read(finished.folder / "data/repeats.parquet")
    assert {pr_id: (keeper, kind) for pr_id, keeper, kind, *_ in found.iter_rows()} == REPEATS_PLANTED


def test_every_pull_request_ends_where_it_must_and_for_its_reason(finished: Project) -> None:
    ends = lives(read_fates(finished.folder / "data/ledger"))
    found = {row["pr_id"]: (row["stage"], row["reason"]) for row in ends.iter_rows(named=True)}
    assert found.keys() == {item.pr_id for item in ALL}
    wanted = {item.pr_id: (item.stage, item.reason) if item.reason else ("synthesize", "") for item in ALL}
    # Some titles with a secret hold no words besides it.
    asked = {pr_id: end for pr_id, end in found.items() if end != ("synthesize", "nothing_to_ask")}
    assert asked == {pr_id: wanted[pr_id] for pr_id in asked}
    assert {pr_id.split("#")[0] for pr_id in found.keys() - asked.keys()} <= {"tide/secrets"}


def test_every_rule_of_the_filter_that_is_on_has_dropped_one(finished: Project) -> None:
    said = read_fates(finished.folder / "data/ledger")["filter_prs"]
    dropped = set(said.filter(pl.col("fate") == "dropped")["reason"])
    assert dropped == {reason for reason, _, _ in FILTERS} | {"licence_not_allowed"}


def explained(project: Project, item: str) -> str:
    done = project.run("limi", "explain", item, COLUMNS="160")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert len(done.stdout.splitlines()) <= ONE_SCREEN
    return done.stdout


STORIES = {
    "a secret": (
        "tide/secrets#1",
        ["sample_prs     kept (masked: 1 secret)", "Query\n", "use [SECRET_1] for the nightly job."],
    ),
    "a rule": ("tide/rules#3", ["filter_prs     dropped: patch_too_large, measured ", "limit 1200"]),
    "a rule that reads": (
        "tide/rules#21",
        ['tide/rules#21: Revert "Add an endpoint"', "filter_prs     dropped: revert"],
    ),
    "one that could not be read": ("tide/rules#82", ["could not be read: http_404", "collect_prs    failed: http_404"]),
    "a copy": ("tide/second#11", ["compare_prs    dropped: duplicate, measured 1", "(repeats tide/first#1)"]),
    "a near copy": ("tide/second#12", ["dropped: near_duplicate, measured 0.", "limit 0.8", "(repeats tide/first#2)"]),
    "a keeper": ("tide/first#1", ["compare_prs    kept", "repeated by: tide/second#11"]),
    "landed again": ("tide/first#24", ["dropped: duplicate", "(repeats tide/first#4)"]),
    "a benchmark's repository": ("tide/bench#1", ["contaminated (Planted Bench: repository tide/bench)"]),
    "a benchmark's task": (
        "tide/first#90",
        ["contaminated (Planted Tasks: pull tide/first#90; repeats tide/second#89)"],
    ),
    "a benchmark's diff": ("tide/second#92", ["contaminated (Planted Diffs: diff "]),
    "an older copy of a task": (
        "tide/second#89",
        [
            "contaminated (says the same as tide/first#90, Planted Tasks: pull ",
            "repeated by: tide/first#90, tide/second#91",
        ],
    ),
    "a newer copy of a task": (
        "tide/second#91",
        ["contaminated (repeats tide/second#89; says the same as tide/first#90, Planted Tasks: pull tide/first#90)"],
    ),
    "a near copy of a benchmark's repository": (
        "tide/second#93",
        ["contaminated (repeats tide/bench#1; says the same as tide/bench#1, Planted Bench: repository tide/bench)"],
    ),
}


@pytest.mark.parametrize("kind", STORIES)
def test_explain_tells_the_story_on_one_screen(finished: Project, kind: str) -> None:
    item, told = STORIES[kind]
    text = explained(finished, item)
    assert [words for words in told if words not in text] == [], text
