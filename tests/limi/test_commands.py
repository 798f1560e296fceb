"""The command line as a person uses it: what it prints, how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project


@pytest.fixture(scope="module")
def finished(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which every stage has run."""
    return Project.copy_of(demo_run, tmp_path_factory.mktemp("commands") / "project")


def said(project: Project, *arguments: str, code: int = 0, **environment: str) -> str:
    done = project.run("limi", *arguments, COLUMNS="160", **environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_help_names_every_command(finished: Project) -> None:
    text = said(finished, "--help")
    assert all(name in text for name in ("doctor", "funnel", "explain", "profile", "clones"))


def test_the_funnel_adds_up_in_its_last_line(finished: Project) -> None:
    text = said(finished, "funnel")
    last = text.strip().splitlines()[-1].replace(",", "")
    listed, kept, dropped, failed = (int(word) for word in last.split() if word.isdigit())
    assert listed == kept + dropped + failed and kept == 18 and listed > 150
    assert "patch_too_large" in text and "not_chosen_for_pool" in text


def test_the_funnel_says_which_stages_are_of_an_earlier_run(finished: Project, tmp_path: Path) -> None:
    later = Project.copy_of(finished.folder, tmp_path / "project")
    later.edit("per_repository: 6", "per_repository: 5")
    later.stage("sample_prs")
    assert "synthesize, merge_reviews, build_pool: of an earlier run; `dvc repro`" in said(later, "funnel")


def test_explain_tells_a_dropped_pull_request_its_value_and_limit(finished: Project) -> None:
    text = said(finished, "explain", "gridworks/anvil#28")
    assert "filter_prs     dropped: patch_too_large, measured " in text and "limit 1200" in text


@pytest.mark.parametrize("name", ["Gridworks/ANVIL#28", "https://github.com/gridworks/anvil/pull/28/files"])
def test_explain_takes_other_spellings_and_addresses(finished: Project, name: str) -> None:
    assert said(finished, "explain", name) == said(finished, "explain", "gridworks/anvil#28")


def test_explain_names_what_a_pull_request_repeats(finished: Project) -> None:
    text = said(finished, "explain", "gridworks/anvil#20")
    assert "repeats palisade-hq/lantern#23" in text and len(text.splitlines()) < 60
    assert "repeated by: gridworks/anvil#20" in said(finished, "explain", "palisade-hq/lantern#23")


def test_explain_tells_a_chosen_query_its_reason(finished: Project) -> None:
    pool = (finished.folder / "curated/pool.jsonl").read_text(encoding="utf-8").splitlines()
    query_id = next(line.split('"')[3] for line in pool if '"id": "gh-' in line)
    text = said(finished, "explain", query_id)
    assert "Pool: chosen" in text and "the best pool without it" in text and query_id in text
    assert "Model\n  no model was asked" in text and "  licence at " in text


def test_explain_tells_a_real_world_query_where_it_comes_from(finished: Project) -> None:
    assert "source: written for the demo world" in said(finished, "explain", "real-001")


def test_explain_tells_why_a_real_world_query_got_no_place(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished.folder, tmp_path / "project")
    project.edit("real_world_count: 60", "real_world_count: 59")
    project.stage("build_pool")
    record = json.loads((project.folder / "curated/choice.json").read_bytes())
    (left,) = (one["id"] for one in record["candidates"] if one["id"].startswith("real-") and not one["chosen"])
    text = said(project, "explain", left)
    assert (
        "source: written for the demo world" in text
        and "Pool: not chosen\n  not in the pool: the best pool with it" in text
    )


@pytest.mark.parametrize(
    ("name", "text"), [("choice.json", '{"candidates": [1]}'), ("candidates.jsonl", "x\n"), ("candidates.jsonl", "1\n")]
)
def test_explain_of_a_damaged_file_is_a_sentence(finished: Project, name: str, text: str) -> None:
    path = finished.folder / "curated" / name
    before = path.read_bytes()
    path.write_text(text)
    try:
        told = said(finished, "explain", "harborlight/beacon#43", code=2)
        assert name in told and "dvc repro --force build_pool" in told
    finally:
        path.write_bytes(before)


def test_explain_refuses_an_unknown_id(finished: Project) -> None:
    assert "is not a query of this run" in said(finished, "explain", "gh-ffffffffffff", code=2)
    assert "is not in this run" in said(finished, "explain", "no/body#1", code=2)
    assert "is not in this run" in said(finished, "explain", "../../etc/passwd#1", code=2)


def test_explain_before_any_run_says_what_to_do(project: Project) -> None:
    assert "is not in this run" in said(project, "explain", "no/body#1", code=2)
    assert "`dvc repro` writes it" in said(project, "funnel", code=2)


def test_doctor_finds_a_working_set_up_good(finished: Project) -> None:
    text = said(finished, "doctor")
    assert "missing" not in text and "60 queries in demo/real_world.jsonl" in text


def test_doctor_names_a_lock_of_dvc_that_a_kill_cut_off(project: Project) -> None:
    lock = project.folder / ".dvc/tmp/rwlock"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")
    assert "rwlock" not in said(project, "doctor")
    lock.write_text("")
    assert "rm .dvc/tmp/rwlock" in said(project, "doctor", code=2)


def test_doctor_never_shows_a_secret(finished: Project) -> None:
    text = said(finished, "doctor", **{"GITHUB_TOKEN": "ghp_supersecret123"})
    assert "supersecret" not in text and "set      GITHUB_TOKEN" in text


def test_doctor_says_what_is_missing_and_how_to_get_it(project: Project) -> None:
    said(project, "profile", "clones")
    text = said(project, "doctor", code=2)
    assert "clones/repositories.csv is missing" in text and "`limi clones add URL`" in text
    assert "curated/real_world.jsonl is missing" in text and "annotation/reviews/clones.json is not there yet" in text


def test_doctor_repeats_what_is_wrong_with_the_parameters(project: Project) -> None:
    project.edit("strategy: stratified", "strategi: stratified")
    assert "did you mean sample.strategy?" in said(project, "doctor", code=2)


def test_profile_lists_and_marks_the_current_one(project: Project) -> None:
    lines = said(project, "profile").splitlines()
    assert [line[0] for line in lines] == [" ", "*", " ", " ", " "] and lines[1].startswith("* demo")


def test_profile_keeps_edits_of_ones_own(project: Project) -> None:
    project.edit("seed: 20250917", "seed: 42")
    assert "params.before.yaml" in said(project, "profile", "clones")
    assert "seed: 42" in (project.folder / "params.before.yaml").read_text(encoding="utf-8")
    assert "profile: clones" in (project.folder / "params.yaml").read_text(encoding="utf-8")


def test_an_unknown_profile_gets_the_nearest_name(project: Project) -> None:
    before = (project.folder / "params.yaml").read_bytes()
    assert "did you mean clones?" in said(project, "profile", "clone", code=2)
    assert (project.folder / "params.yaml").read_bytes() == before


def test_the_scripts_of_the_docs_draw_the_same_sample_and_pool(finished: Project) -> None:
    page = (ROOT / "docs/CHOOSING.md").read_text(encoding="utf-8")
    script = page.split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", script], cwd=finished.folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "84 135 78\n"), done.stderr
    wrong = subprocess.run(
        [sys.executable, "-c", script.replace("SEED, PER_REPOSITORY = 20250917", "SEED, PER_REPOSITORY = 1")],
        cwd=finished.folder,
        capture_output=True,
        text=True,
    )
    assert wrong.returncode == 1 and "AssertionError" in wrong.stderr
    second = ["docs/draw_again.py", "curated/choice.json"]
    done = subprocess.run([sys.executable, *second], cwd=finished.folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "the same 78 of 135, with OR-tools\n"), done.stderr


@pytest.mark.parametrize("what", ["marks", "language", "quota", "level", "has", "candidate"])
def test_a_record_that_is_not_what_was_said_is_found_out(finished: Project, tmp_path: Path, what: str) -> None:
    """Each makes another pool the best, or hides why this one is; the choice itself stays."""
    project = Project.copy_of(finished.folder, tmp_path / "project")
    path = project.folder / "curated/choice.json"
    record = json.loads(path.read_bytes())
    left = next(one for one in record["candidates"] if not one["chosen"])
    if what == "marks":
        left["marks"] = {}
    elif what == "language":
        left["attributes"]["language"] = "Basic"
    elif what == "quota":
        record["quotas"] = [quota for quota in record["quotas"] if not quota["each"]]
    elif what == "level":
        record["levels"] = record["levels"][1:]
    elif what == "has":
        record["quotas"][0]["has"] += 1
    else:
        record["candidates"].remove(left)
    path.write_text(json.dumps(record), encoding="utf-8")
    script = (ROOT / "docs/CHOOSING.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    done = subprocess.run([sys.executable, "-c", script], cwd=project.folder, capture_output=True, text=True)
    assert done.returncode == 1 and ("AssertionError" in done.stderr or "KeyError" in done.stderr)


def test_explain_says_by_what_an_accepted_query_lost(finished: Project) -> None:
    rows = [
        json.loads(line)
        for line in (finished.folder / "curated/candidates.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    passed = [row for row in rows if row["verdict"] == "accept" and not row["chosen"]]
    assert len(passed) > 20 and all("the best pool with it" in row["reason"] for row in passed)
    assert "the best pool with it" in said(finished, "explain", passed[0]["query_id"])
