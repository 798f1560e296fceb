"""The report's numbers are those of the reviews, as strict JSON, the same whatever order they come in."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from annotation.judgements import Judgement
from annotation.report.summary import agreement_summary
from annotation.report.write import write_report
from tests.annotation.report.reviews import FOUR, NINE, REVIEW, decided, judged, metrics_of, task

SIDES = ("accept", "accept", "edit", "reject")


def crowd(queries: int, **fields: Any) -> list[Judgement]:
    """Two judgements of each query, which sometimes differ."""
    return [
        judged(by, SIDES[(at * 7 + who * (at % 5)) % 4], f"gh-{at:05}", realism=1 + (at + who * (at % 3)) % 5, **fields)
        for at in range(queries)
        for who, by in enumerate(("ada", "bo"))
    ]


def by_name(metrics: dict[str, Any], name: str) -> dict[str, Any]:
    return next(question for question in metrics["questions"] if question["name"] == name)


def test_the_summary_counts_by_hand() -> None:
    # Both keep, both reject, one each: three of six answers keep. Observed disagreement 2/6, expected 2*3*3/(6*5); alpha is 4/9.
    judgements = [
        *(judged("ada", query="gh-1"), judged("bo", query="gh-1")),
        *(judged("ada", "reject", "gh-2"), judged("bo", "reject", "gh-2")),
        *(judged("ada", query="gh-3"), judged("bo", "reject", "gh-3"), decided("reject", "gh-3")),
    ]
    found = agreement_summary(judgements, 1)
    assert (found["judgements"], found["adjudicated"]) == (6, 1)
    assert found["annotators"] == {"ada": 3, "bo": 3}
    assert found["verdicts"] == {"accept": 3, "reject": 3}
    assert found["alpha"]["side"]["value"] == pytest.approx(4 / 9, abs=1e-6)
    assert found["alpha"]["domain"] == {"value": None, "low": None, "high": None}


def test_an_adjudication_changes_no_number_of_agreement() -> None:
    without = crowd(20)
    among = [*without, *(decided("reject", f"gh-{at:05}", realism=1) for at in range(20))]
    assert agreement_summary(among, 1) == agreement_summary(without, 1) | {"adjudicated": 20}
    for part in ("questions", "findings", "drift", "lead_times", "anchoring"):
        assert metrics_of(among)[part] == metrics_of(without)[part]


def test_the_summary_is_the_reports_own_numbers() -> None:
    judgements = crowd(40)
    report = {
        question["name"]: {end: question["alpha"][end] for end in ("value", "low", "high")}
        for question in metrics_of(judgements)["questions"]
    }
    assert agreement_summary(judgements, 1)["alpha"] == report


def test_a_summary_of_nothing_is_nulls() -> None:
    found = agreement_summary([], 1)
    assert (found["judgements"], found["annotators"]) == (0, {})
    assert {end for alpha in found["alpha"].values() for end in alpha.values()} == {None}


def test_the_same_reviews_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    judgements = [*crowd(30, at=NINE, lead_seconds=60.0), decided(query="gh-00003")]
    tasks = [task(f"gh-{at:05}") for at in range(30)]
    for folder, order in (("one", judgements), ("other", judgements[::-1])):
        write_report(tasks, order, REVIEW, tmp_path / folder, 1)
    for name in ("report.json", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} in a JSON file")


EMPTY_OR_SMALL: dict[str, list[Judgement]] = {
    "nobody judged": [],
    "one annotator alone": [judged()],
    "one query of two": [judged(), judged("bo", "reject")],
    "a decision and nothing else": [decided()],
    "constant answers": [judged(by, query=f"gh-{at}") for by in ("ada", "bo") for at in range(9)],
    "none in common": [judged(query="gh-1"), judged("bo", query="gh-2")],
}


@pytest.mark.parametrize("case", EMPTY_OR_SMALL)
def test_what_cannot_be_said_is_null_with_a_reason(case: str, tmp_path: Path) -> None:
    judgements = EMPTY_OR_SMALL[case]
    write_report([task("gh-1")], judgements, REVIEW, tmp_path, 1)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    for question in found["questions"]:
        for estimate in (question["alpha"], question["same"], *(pair["kappa"] for pair in question["pairs"])):
            assert (estimate["low"] is None) == bool(estimate["reason"])
            assert estimate["value"] is not None or estimate["reason"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ">nan" not in page.lower() and "None" not in page


def test_no_task_at_all_is_a_page_as_well(tmp_path: Path) -> None:
    assert write_report([], [], REVIEW, tmp_path, 1)["progress"]["queries"] == 0
    assert "0 of 0" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_judges_rewrite_is_held_against_edit_and_reject() -> None:
    found = metrics_of([judged("ada", "edit"), judged("bo", "reject")], judge={"gh-1": "rewrite"})
    assert (found["anchoring"][0]["as_judge"]["value"], found["anchoring"][0]["as_others"]["value"]) == (1.0, 1.0)
    assert found["judge_shown"] is False


def test_times_are_those_of_the_judgements() -> None:
    judgements = [judged(query=f"gh-{at}", at=NINE, lead_seconds=10.0 * at) for at in range(1, 6)]
    found = metrics_of(judgements)
    assert (found["lead_times"][0]["median"], found["lead_times"][0]["timed"]) == (30.0, 5)
    assert found["drift"][0]["thirds"][0]["first"] == "2026-01-05T09:00:00.000+00:00"


def test_calibration_is_of_queries_that_all_have_judged() -> None:
    judgements = [
        *(judged(by, "reject" if by == "dana" else "accept", "gh-1") for by in ("ada", "bo", "chidi", "dana")),
        *(judged(by, query="gh-2") for by in ("ada", "bo", "chidi")),
        decided("accept", "gh-2"),
    ]
    found = metrics_of(judgements, FOUR.model_copy(update={"calibration": 3}))["calibration"]
    assert (found["wanted"], [query["query_id"] for query in found["queries"]]) == (3, ["gh-1"])
    assert found["queries"][0]["answers"]["dana"] == ["reject", "full", "4"]
    # Of the six pairs of four, dana's three are not the same.
    assert {question["name"]: question["same"]["value"] for question in found["questions"]}["verdict"] == 0.5


def test_where_everyone_judges_everything_no_query_is_set_apart() -> None:
    assert metrics_of([judged(), judged("bo")])["calibration"] == {"wanted": 0, "queries": [], "questions": []}


def test_ten_thousand_tasks_of_two_take_less_than_ten_seconds(tmp_path: Path) -> None:
    judgements = crowd(10_000, at=NINE, lead_seconds=61.5, notes="Why.")
    tasks = [task(f"gh-{at:05}") for at in range(10_000)]
    judge = {f"gh-{at:05}": ("accept", "rewrite")[at % 2] for at in range(10_000)}
    begun = time.process_time()
    agreement_summary(judgements, 1)
    assert time.process_time() - begun < 4
    metrics = write_report(tasks, judgements, REVIEW, tmp_path, 1, judge)
    assert time.process_time() - begun < 10
    assert metrics["progress"]["complete"] == 10_000
    assert (tmp_path / "report.html").stat().st_size < 1_000_000
