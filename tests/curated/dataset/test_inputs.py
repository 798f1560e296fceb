"""What the dataset is made of is read from files of one run, and anything else is refused in a sentence."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from curated.making.dataset import make_dataset
from curated.making.inputs import check_one_run, read_inputs
from pipeline.errors import UserError
from tests.curated.dataset.run import Run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Run().write(tmp_path)


def edit(path: Path, change: Callable[[dict[str, Any]], object], line: int = 0) -> None:
    """Change the object on a line of a JSON-lines file."""
    lines = path.read_text().splitlines()
    row = json.loads(lines[line])
    change(row)
    lines[line] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n")


def test_files_give_the_dataset_that_their_rows_give(root: Path) -> None:
    run = Run()
    read = read_inputs(root, run.params)
    assert read.steps[1]["dropped"] == {"why": 6}
    assert make_dataset(replace(read, steps=run.steps())) == make_dataset(run.inputs())


@pytest.mark.parametrize(
    "name",
    [
        *(
            "curated/pool.jsonl",
            "curated/candidates.jsonl",
            "curated/choice.json",
            "data/licences.parquet",
            "data/reviewed.parquet",
            "data/sampled.parquet",
        ),
        *("metrics/merge_reviews.json", "metrics/synthesize.json", "metrics/sample_prs.json"),
    ],
)
def test_a_missing_file_is_named_with_the_command_that_writes_it(name: str, root: Path) -> None:
    (root / name).unlink()
    with pytest.raises(UserError, match=rf"{name} is missing; `dvc repro \w+` writes"):
        read_inputs(root, Run().params)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"masked": 3}', "null"])
def test_broken_metrics_are_refused(content: str, root: Path) -> None:
    (root / "metrics/sample_prs.json").write_text(content)
    with pytest.raises(UserError, match=r"metrics/sample_prs\.json, .*dvc repro --force sample_prs"):
        read_inputs(root, Run().params)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda row: row.update(score=3), "line 1, score: Extra inputs"),
        (lambda row: row.pop("licence"), "line 1, licence: Field required"),
        (lambda row: row.update(query=7), "line 1, query: Input should be a valid string"),
        (lambda row: row.update(origin="elsewhere"), "neither a real-world query nor one of a pull request"),
        (lambda row: row.update(origin="github_pr"), "neither a real-world query nor one of a pull request"),
    ],
)
def test_a_line_of_another_shape_is_refused(change: Callable[[dict[str, Any]], object], said: str, root: Path) -> None:
    edit(root / "curated/pool.jsonl", change)
    with pytest.raises(UserError, match=said):
        read_inputs(root, Run().params)


def test_a_review_with_a_key_that_has_no_column_is_refused(root: Path) -> None:
    edit(root / "curated/pool.jsonl", lambda row: row["review"].update(mood=1), 2)
    with pytest.raises(UserError, match=r"line 3, review: it lacks or adds \['mood'\]"):
        read_inputs(root, Run().params)


@pytest.mark.parametrize(
    ("name", "change", "line", "said"),
    [
        ("pool", lambda row: row.update(query="Another."), 2, "another text in"),
        ("pool", lambda row: row["pull_request"].update(base_sha="f" * 40), 2, "another base commit in"),
        ("pool", lambda row: row.update(id="rw-2"), 0, "has a query twice"),
        ("pool", lambda row: row.update(id="gh-000000000002"), 2, "other queries of pull requests than"),
        ("candidates", lambda row: row.update(query_sha256="0"), 0, "different runs"),
        ("candidates", lambda row: row.update(query_id="gh-0"), 0, "different runs"),
        ("candidates", lambda row: row.update(chosen=False), 0, "other queries of pull requests than"),
    ],
)
def test_files_of_different_runs_are_refused(
    name: str, change: Callable[[dict[str, Any]], object], line: int, said: str, root: Path
) -> None:
    edit(root / f"curated/{name}.jsonl", change, line)
    with pytest.raises(UserError, match=said):
        read_inputs(root, Run().params)


def test_evidence_of_another_run_is_refused() -> None:
    run = Run()
    inputs = run.inputs()
    check_one_run(inputs)
    steps = [*run.steps()[:-1], run.steps()[-1] | {"kept": 18}]
    with pytest.raises(UserError, match="the ledger's last stage tells of 18, there are 1 queries of pull requests"):
        check_one_run(replace(inputs, steps=steps))
    reviews = run.reviews().model_copy(update={"queries": {"accept": 1, "reject": 2}})
    with pytest.raises(UserError, match="tells of the verdicts"):
        check_one_run(replace(inputs, reviews=reviews))
    other = inputs.choice.model_copy(update={"candidates": inputs.choice.candidates[1:]})
    with pytest.raises(UserError, match=r"choice.json has chosen other queries than"):
        check_one_run(replace(inputs, choice=other))
    told = [one.model_copy(update={"reason": "LIE"}) for one in inputs.choice.candidates]
    with pytest.raises(UserError, match=r"gh-000000000001 has another reason in curated/choice.json than"):
        check_one_run(replace(inputs, choice=inputs.choice.model_copy(update={"candidates": told})))
    with pytest.raises(UserError, match="reviewed and is not in data/sampled"):
        check_one_run(replace(inputs, sampled=inputs.sampled.head(2)))
    with pytest.raises(UserError, match="the ledger's merge_reviews tells of 2, there are 1 accepted"):
        check_one_run(replace(inputs, reviewed=inputs.reviewed.tail(2)))
