"""What `limi annotate` says before it asks a server anything, and `limi explain` of a query that was adjudicated."""

import json
from pathlib import Path

import pytest

from tests.conftest import Project

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def finished(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.copy_of(demo_run, tmp_path_factory.mktemp("annotate") / "project")


def refused(project: Project, *arguments: str, key: str = KEY) -> str:
    done = project.run("limi", "annotate", *arguments, LABEL_STUDIO_API_KEY=key)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("limi: ")
    assert "Traceback" not in done.stderr
    assert not key or key not in done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("text", ["{}", "[]", "[1]", '[{"meta": {}}]', '[{"meta": {}, "data": {}}]'])
def test_a_push_of_what_are_no_tasks_asks_nobody(finished: Project, text: str) -> None:
    path = finished.folder / "data/tasks.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    assert "data/tasks.json is not what" in refused(finished, "push")
    path.write_text("{", encoding="utf-8")
    assert "data/tasks.json cannot be read" in refused(finished, "push")
    path.unlink()
    assert "data/tasks.json is not there yet" in refused(finished, "push")
    path.write_text(before, encoding="utf-8")


def test_a_missing_key_is_told_with_where_to_find_one(finished: Project) -> None:
    assert "LABEL_STUDIO_API_KEY is not set" in refused(finished, "pull", key="")


def test_a_key_that_is_none_is_told_before_anything_is_installed(finished: Project) -> None:
    said = refused(finished, "up", key="short")
    assert "40 characters" in said and "short" not in said.replace("LABEL_STUDIO_API_KEY", "")
    assert not (finished.folder / ".label-studio").exists()


def test_only_a_rejected_query_goes_back(finished: Project) -> None:
    assert "gh-nonsense is no rejected query" in refused(finished, "return", "gh-nonsense")
    assert not (finished.folder / "annotation/returned/demo.jsonl").exists()


def test_explain_tells_who_decided_and_what_the_annotators_had_said(finished: Project) -> None:
    told = finished.run("limi", "explain", "gridworks/anvil#8").stdout
    assert "adjudicated_by: erin" in told and "annotators_verdict: disputed" in told
    assert "erin decided; the annotators: " in told
    assert "kept" in told


def test_the_report_of_an_export_that_is_none_is_refused(finished: Project) -> None:
    path = finished.folder / "annotation/reviews/demo.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(json.dumps([]), encoding="utf-8")
    assert "is an export made by Label Studio itself" in refused(finished, "report")
    path.write_text(before, encoding="utf-8")
