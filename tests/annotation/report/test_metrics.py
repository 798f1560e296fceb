"""The report's numbers are those of the reviews, as strict JSON, the same whatever order they come in."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from annotation.agreement import agreement_report
from annotation.report.submissions import read_submissions
from annotation.report.write import write_report
from annotation.reviews import Judgement, read_export
from pipeline.params import read_params
from pipeline.sections import Review
from tests.annotation.report.reviews import DEMO, REVIEW, exported, judged, metrics_of, task


@pytest.fixture(scope="module")
def demo() -> tuple[list[Judgement], Review]:
    review = read_params().review
    tasks = [{"data": task["data"], "meta": task["meta"]} for task in json.loads(DEMO.read_text(encoding="utf-8"))]
    return read_export(DEMO, tasks, review), review


def by_name(metrics: dict[str, Any], name: str) -> dict[str, Any]:
    return next(question for question in metrics["questions"] if question["name"] == name)


def test_the_demos_alphas_are_those_of_the_stage(demo: tuple[list[Judgement], Review]) -> None:
    judgements, review = demo
    found = metrics_of(judgements, DEMO, review)
    stage = agreement_report(judgements)
    ours = {"verdict": "side", "alignment": "alignment", "realism": "realism", "sub_domain": "sub_domain"}
    assert {name: by_name(found, own)["alpha"]["value"] for name, own in ours.items()} == stage["alpha"]
    assert found["progress"]["annotators"] == stage["annotators"]
    assert (found["progress"]["complete"], found["progress"]["queries"]) == (84, 84)


def test_the_demo_says_what_was_not_recorded(demo: tuple[list[Judgement], Review]) -> None:
    found = metrics_of(demo[0], DEMO, demo[1])
    assert {one["reason"] for one in found["lead_times"]} == {"no time was recorded"}
    assert {one["difference"]["value"] for one in found["anchoring"]} == {None}


def test_the_same_reviews_in_another_order_give_the_same_bytes(
    demo: tuple[list[Judgement], Review], tmp_path: Path
) -> None:
    judgements, review = demo
    for folder, order in (("one", judgements), ("other", judgements[::-1])):
        write_report(order, DEMO, review, tmp_path / folder, 1)
    for name in ("report.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} in a JSON file")


EMPTY_OR_SMALL: dict[str, list[Judgement]] = {
    "nobody judged": [],
    "one annotator alone": [judged()],
    "one query of two": [judged(), judged("bo", "reject")],
    "constant answers": [judged(by, query=f"gh-{at}") for by in ("ada", "bo") for at in range(9)],
    "none in common": [judged(query="gh-1"), judged("bo", query="gh-2")],
}


@pytest.mark.parametrize("case", EMPTY_OR_SMALL)
def test_what_cannot_be_said_is_null_with_a_reason(case: str, tmp_path: Path) -> None:
    judgements = EMPTY_OR_SMALL[case]
    path = exported(tmp_path, *(task(query) for query in sorted({one.query_id for one in judgements})))
    write_report(judgements, path, REVIEW, tmp_path, 1)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    for question in found["questions"]:
        for estimate in (question["alpha"], question["same"], *(pair["kappa"] for pair in question["pairs"])):
            assert (estimate["low"] is None) == bool(estimate["reason"])
            assert estimate["value"] is not None or estimate["reason"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ">nan" not in page.lower() and "None" not in page


def test_progress_is_counted_by_hand(tmp_path: Path) -> None:
    path = exported(tmp_path, *(task(f"gh-{at}") for at in range(1, 5)))
    judgements = [judged("ada"), judged("bo"), judged("ada", query="gh-2")]
    found = metrics_of(judgements, path)["progress"]
    assert (found["queries"], found["complete"], found["begun"], found["untouched"]) == (4, 1, 1, 2)
    assert found["by_judgements"] == {"0": 2, "1": 1, "2": 1}
    assert found["first_at"] is None


def test_disputed_queries_come_first_and_a_step_of_one_is_none(tmp_path: Path) -> None:
    judgements = [
        *(judged("ada", query="gh-1"), judged("bo", "edit", query="gh-1", notes="Too wordy.")),
        *(judged("ada", query="gh-2"), judged("bo", "reject", query="gh-2")),
        *(judged("ada", query="gh-3", realism=4), judged("bo", query="gh-3", realism=5, alignment="partial")),
        *(judged("ada", query="gh-4", realism=1), judged("bo", query="gh-4", realism=3)),
    ]
    found = metrics_of(judgements, exported(tmp_path, task("gh-1", 11), task("gh-2", 12)))["disagreements"]
    assert [(one["query_id"], one["task"], one["disputed"]) for one in found] == [
        ("gh-2", 12, True),
        ("gh-1", 11, False),
        ("gh-4", None, False),
    ]
    assert found[1]["answers"] == {"verdict": {"ada": "accept", "bo": "edit"}}
    assert found[1]["notes"] == {"bo": "Too wordy."}
    assert found[2]["answers"] == {"realism": {"ada": "1", "bo": "3"}}


def test_the_judges_rewrite_is_held_against_edit_and_reject(tmp_path: Path) -> None:
    judgements = [judged("ada", "edit"), judged("bo", "reject")]
    found = metrics_of(judgements, exported(tmp_path, task()), judge={"gh-1": "rewrite"})["anchoring"][0]
    assert (found["as_judge"]["value"], found["as_others"]["value"]) == (1.0, 1.0)


ANNOTATION = {"completed_by": 2, "created_at": "2026-01-05T09:00:00.5Z", "lead_time": 61.5}


def test_times_are_those_of_the_export(tmp_path: Path) -> None:
    found = read_submissions(exported(tmp_path, task(annotations=[ANNOTATION])), REVIEW)
    assert found.times == {("gh-1", "ada"): (datetime(2026, 1, 5, 9, 0, 0, 500_000, UTC), 61.5)}
    assert (found.places["gh-1"].task, found.places["gh-1"].project) == (7, 3)


@pytest.mark.parametrize("lead", [None, -1, True, "60", [60], 1e999, 1e9, 10**400, {}])
@pytest.mark.parametrize("at", [None, 5, "yesterday", "2026-01-05T09:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_that_is_none_is_not_known(tmp_path: Path, lead: Any, at: Any) -> None:
    annotation = ANNOTATION | {"created_at": at, "lead_time": lead}
    found = read_submissions(exported(tmp_path, task(annotations=[annotation])), REVIEW)
    assert found.times == {("gh-1", "ada"): (None, None)}


@pytest.mark.parametrize("number", [None, True, "7", -1, 2**63, [7]])
def test_a_task_number_that_is_none_is_not_known(tmp_path: Path, number: Any) -> None:
    assert read_submissions(exported(tmp_path, task(number=number)), REVIEW).places["gh-1"].task is None


def test_strangers_and_skipped_tasks_have_no_time(tmp_path: Path) -> None:
    others = [ANNOTATION | {"completed_by": 9}, ANNOTATION | {"was_cancelled": True}]
    assert read_submissions(exported(tmp_path, task(annotations=others)), REVIEW).times == {}


def test_ten_thousand_tasks_of_two_take_less_than_ten_seconds(tmp_path: Path) -> None:
    sides = ("accept", "accept", "edit", "reject")
    judgements = [
        judged(
            by, sides[(at * 7 + who * (at % 5)) % 4], f"gh-{at:05}", realism=1 + (at + who * (at % 3)) % 5, notes="Why."
        )
        for at in range(10_000)
        for who, by in enumerate(("ada", "bo"))
    ]
    annotations = [ANNOTATION | {"completed_by": user} for user in (2, 3)]
    path = exported(tmp_path, *(task(f"gh-{at:05}", at + 1, annotations) for at in range(10_000)))
    judge = {f"gh-{at:05}": ("accept", "rewrite")[at % 2] for at in range(10_000)}
    begun = time.process_time()
    metrics = write_report(judgements, path, REVIEW, tmp_path, 1, judge)
    assert time.process_time() - begun < 10
    assert metrics["progress"]["complete"] == 10_000
    assert (tmp_path / "report.html").stat().st_size < 1_000_000
