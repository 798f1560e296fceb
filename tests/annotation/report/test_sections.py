"""The sections say what the numbers say: tables cell by cell, outliers by name, thirds in their order."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from annotation.report.agreement_sections import confusion
from annotation.report.charts import interval_bar
from annotation.report.links import task_links
from annotation.report.time_sections import drift, judge, times
from tests.annotation.report.reviews import exported, judged, metrics_of, task

MADE = {"created_at": "2026-01-05T09:00:00Z"}


def read(section: str) -> ElementTree.Element:
    return ElementTree.fromstring(section)  # noqa: S314 - our own page


def words(found: ElementTree.Element | None) -> str:
    assert found is not None
    return "".join(found.itertext())


def test_confusion_is_shown_cell_by_cell(tmp_path: Path) -> None:
    pairs = [("accept", "accept"), ("accept", "edit"), ("reject", "edit"), ("accept", "accept")]
    judgements = [
        judged(by, verdict, f"gh-{at}")
        for at, pair in enumerate(pairs)
        for by, verdict in zip(("ada", "bo"), pair, strict=True)
    ]
    judgements.append(judged("chidi", query="gh-9"))
    section = read(confusion(metrics_of(judgements, exported(tmp_path))["questions"]))
    shown = section.findall("./div/div/table")
    assert len(shown) == 1  # chidi judged nothing with another
    assert [words(head) for head in shown[0].iter("th")] == [
        "ada \\ bo",
        "accept",
        "edit",
        "reject",
        "accept",
        "edit",
        "reject",
    ]
    rows = [[words(cell) for cell in row.iter("td")] for row in shown[0].findall("tbody/tr")]
    assert rows == [["2", "1", "0"], ["0", "0", "0"], ["0", "1", "0"]]
    same = [[cell.get("class") for cell in row.iter("td")] for row in shown[0].findall("tbody/tr")]
    assert [row.index("same") for row in same] == [0, 1, 2]


def timed(folder: Path, seconds: list[float]) -> dict[str, Any]:
    tasks = [
        task(f"gh-{at:02}", at + 1, [{"completed_by": 2, "lead_time": time} | MADE]) for at, time in enumerate(seconds)
    ]
    return metrics_of([judged(query=f"gh-{at:02}") for at in range(len(seconds))], exported(folder, *tasks))


def test_outliers_are_named_the_longest_first(tmp_path: Path) -> None:
    found = timed(tmp_path, [60.0, 61.0, 62.0, 63.0, 64.0, 65.0, 9000.0])
    row = words(read(times(found["lead_times"], task_links({}))).find(".//tbody/tr"))
    assert row.endswith("gh-06 9000 s")
    assert "63 s" in row


def test_many_outliers_end_with_how_many_more(tmp_path: Path) -> None:
    found = timed(tmp_path, [60.0] * 60 + [5000.0 + at for at in range(15)])
    row = words(read(times(found["lead_times"], task_links({}))).find(".//tbody/tr"))
    assert row.count("gh-") == 12
    assert row.endswith(", and 3 more")


def test_thirds_are_rows_and_what_a_program_sent_is_said(tmp_path: Path) -> None:
    section = read(drift(timed(tmp_path, [60.0] * 7)["drift"]))
    assert [words(row.find("th")) for row in section.findall(".//tbody/tr")] == [
        "ada, third 1",
        "ada, third 2",
        "ada, third 3",
    ]
    assert "a program sent them" in words(section.find("ul"))


def test_without_a_judge_the_page_says_so(tmp_path: Path) -> None:
    section = words(read(judge(metrics_of([judged()], exported(tmp_path, task()))["anchoring"])))
    assert section.endswith("no query has an answer of the model judge and of two annotators.")


def test_a_shorter_axis_moves_the_marks() -> None:
    found = {"value": 0.4, "low": None, "high": None, "queries": 9, "reason": "one query alone gives no interval"}
    drawing = read(interval_bar(found, -0.2))
    circle = drawing.find("circle")
    assert circle is not None and circle.get("cx") == "150.0"  # halfway from -0.2 to 1
    assert drawing.find("rect") is None
