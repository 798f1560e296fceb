"""What a user gets wrong ends with a sentence and exit code 2, and leaves what was there."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Project


@pytest.fixture
def copied(demo_run: Path, tmp_path: Path) -> Project:
    """A project in which every stage has run once."""
    return Project.copy_of(demo_run, tmp_path / "project")


def refused(project: Project, stage: str, **environment: str) -> str:
    """Run a stage that must end with exit code 2; what it said."""
    outputs = {
        path: path.read_bytes()
        for name in ("data", "curated")
        for path in (project.folder / name).rglob("*.*")
        if path.is_file()
    }
    done = project.run(f"stages.{stage}", **environment)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in outputs} == outputs
    return done.stderr


def use_clones(project: Project, facts: str) -> Path:
    """Point the project to its own folder of clones with this facts file."""
    shutil.copytree(project.folder / ".limi/demo-world", project.folder / "clones")
    (project.folder / "clones/repositories.csv").write_text(facts, encoding="utf-8")
    project.edit("kind: demo ", "kind: clones ")
    project.edit("input: demo/world", "input: clones/repositories.csv")
    project.edit("folder: .limi/demo-world", "folder: clones")
    return project.folder / "clones"


GOOD_ROW = "gridworks/anvil,11000,C,BSD-2-Clause,a store"
HEADER = "full_name,stars,language,licence,description"


def test_an_unknown_parameter_gets_the_nearest_name_and_its_line(copied: Project) -> None:
    copied.edit("  max_tokens: 1200", "  max_token: 1200")
    said = refused(copied, "filter_prs")
    assert (
        "params.yaml line 33: filter.max_token is not a known parameter" in said
        and "did you mean filter.max_tokens?" in said
    )


def test_a_mistyped_parameter_is_named_with_its_value(copied: Project) -> None:
    copied.edit("max_tokens: 1200", "max_tokens: many")
    assert "filter.max_tokens" in (said := refused(copied, "filter_prs")) and "'many'" in said and "line 33" in said


def test_a_missing_facts_file(copied: Project) -> None:
    (use_clones(copied, "") / "repositories.csv").unlink()
    assert "clones/repositories.csv is missing" in refused(copied, "select_repos")


def test_a_missing_clone(copied: Project) -> None:
    use_clones(copied, f"{HEADER}\n{GOOD_ROW}\nnobody/nothing,20000,C,MIT,x\n")
    assert "no clone of nobody/nothing in clones" in refused(copied, "select_repos")


def test_a_bad_row_is_named_by_line_and_column(copied: Project) -> None:
    use_clones(copied, f"{HEADER}\n{GOOD_ROW}\nno-slash,many,C,,x\n")
    said = refused(copied, "select_repos")
    assert "repositories.csv line 3, column full_name: 'no-slash' is not owner/name" in said
    assert "line 3, column stars: 'many'" in said and "line 3, column licence: it is empty" in said


def test_a_duplicate_repository_names_both_lines(copied: Project) -> None:
    use_clones(copied, f"{HEADER}\n{GOOD_ROW}\n{GOOD_ROW.replace('gridworks', 'GridWorks')}\n")
    assert "line 3, column full_name: GridWorks/anvil stands already in line 2" in refused(copied, "select_repos")


def test_a_corrupt_clone(copied: Project) -> None:
    clones = use_clones(copied, f"{HEADER}\n{GOOD_ROW}\n")
    for path in (clones / "gridworks/anvil.git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "clones/gridworks/anvil.git" in (said := refused(copied, "select_repos")) and "fsck" in said


def test_a_shallow_clone(copied: Project) -> None:
    clones = use_clones(copied, f"{HEADER}\n{GOOD_ROW}\n")
    whole = clones / "gridworks/anvil.git"
    whole.rename(clones / "whole.git")
    subprocess.run(
        ["git", "clone", "--quiet", "--bare", "--depth=2", f"file://{clones / 'whole.git'}", str(whole)], check=True
    )
    assert "is shallow" in (said := refused(copied, "select_repos")) and "--unshallow" in said


def test_a_pinned_commit_that_the_clone_lacks(copied: Project) -> None:
    use_clones(copied, f"{HEADER},head\n{GOOD_ROW},{'ab' * 20}\n")
    assert f"lacks the commit {'ab' * 20} that its row pins" in refused(copied, "select_repos")


def test_no_repository_left_says_what_to_change(copied: Project) -> None:
    copied.edit("min_stars: 10000", "min_stars: 900000")
    assert "lower select.min_stars" in refused(copied, "select_repos")


def test_a_bad_real_world_row_is_named_by_line_and_column(copied: Project) -> None:
    path = copied.folder / "demo/real_world.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()
    bad = json.loads(rows[4]) | {"consent": False, "colour": "red"}
    path.write_text("\n".join([*rows[:4], json.dumps(bad), *rows[5:], "{not json"]) + "\n", encoding="utf-8")
    said = refused(copied, "build_pool")
    assert "line 5: column consent" in said and "line 5: column colour" in said and "line 61: it is not JSON" in said


def test_a_duplicate_real_world_row_names_both_lines(copied: Project) -> None:
    path = copied.folder / "demo/real_world.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*rows, rows[0]]) + "\n", encoding="utf-8")
    assert "line 61, column id: the same as in line 1" in refused(copied, "build_pool")


def test_too_few_real_world_queries_says_by_how_many(copied: Project) -> None:
    path = copied.folder / "demo/real_world.jsonl"
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:57]) + "\n", encoding="utf-8")
    assert "exactly 60 of origin real_world: there can be 57" in refused(copied, "build_pool")


def test_a_real_world_query_that_a_check_refuses_stops_the_pool(copied: Project) -> None:
    path = copied.folder / "demo/real_world.jsonl"
    rows = path.read_text(encoding="utf-8").splitlines()
    bad = json.loads(rows[4])
    rows[4] = json.dumps(bad | {"query": bad["query"] + " Ask joe@acme-corp.io."})
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    said = refused(copied, "build_pool")
    assert f"query {bad['id']}, column query" in said and "e-mail address" in said and "joe@" not in said


def test_a_quota_that_is_short_is_named_with_its_number(copied: Project) -> None:
    copied.edit("{front-end: 4, back-end: 4, deployment: 3, debugging: 4, optimization: 3}", "{front-end: 78}")
    copied.edit("github_pr_count: 18", "github_pr_count: 78")
    said = refused(copied, "build_pool")
    assert "exactly 78 of origin github_pr and sub_domain front-end: there can be " in said


def test_a_lost_fingerprint_is_not_taken_for_no_repeats(copied: Project) -> None:
    (copied.folder / "data/fingerprints/gridworks__anvil.parquet").unlink()
    said = refused(copied, "compare_prs")
    assert "data/fingerprints/gridworks__anvil.parquet is missing; `dvc repro describe_prs` writes it" in said
    copied.stage("describe_prs")
    copied.stage("compare_prs")
    assert json.loads((copied.folder / "metrics/compare_prs.json").read_text())["repeats"] == 1


def test_a_broken_list_of_a_benchmark_is_named_with_its_line(copied: Project) -> None:
    path = copied.folder / "curated/contamination/mine.csv"
    path.write_text("benchmark,kind,value,source\nMine,repo,a/b,https://example.org\n", encoding="utf-8")
    said = refused(copied, "describe_prs")
    assert "curated/contamination/mine.csv line 2" in said and "repository" in said


def test_an_export_of_other_tasks_is_refused(copied: Project) -> None:
    copied.edit("per_repository: 6", "per_repository: 5")
    for stage in ("sample_prs", "synthesize", "route_reviews"):
        copied.stage(stage)
    said = refused(copied, "merge_reviews")
    assert "holds reviews of other tasks than data/tasks.json" in said and "is not there" in said


@pytest.mark.parametrize("name", ["query_sha256", "task_sha256"])
def test_reviews_of_one_changed_text_are_refused(copied: Project, name: str) -> None:
    path = copied.folder / "annotation/reviews/demo.json"
    export = json.loads(path.read_text(encoding="utf-8"))
    export["tasks"][3][name] = "0" * 64
    path.write_text(json.dumps(export), encoding="utf-8")
    assert f"{export['tasks'][3]['query_id']} has another text or pull request there" in refused(
        copied, "merge_reviews"
    )


def test_github_as_a_source_needs_a_token(copied: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    copied.edit("kind: demo ", "kind: github ")
    assert "set GITHUB_TOKEN" in refused(copied, "select_repos")


def test_a_damaged_table_of_an_earlier_stage_is_named(copied: Project) -> None:
    path = copied.folder / "data/sampled.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    assert "data/sampled.parquet is not a parquet file" in refused(copied, "synthesize")


def test_a_scheduler_that_does_not_answer(copied: Project) -> None:
    copied.edit("scheduler: local", "scheduler: tcp://127.0.0.1:9")
    shutil.rmtree(copied.folder / "data/verdicts")
    said = refused(copied, "filter_prs", DASK_LIMI__SCHEDULER_TIMEOUT="1s")
    assert "no scheduler answered there" in said
