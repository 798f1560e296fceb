"""The sections say what the numbers say: tables cell by cell, bars to scale, and in words what is to be known."""

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from annotation.judgements import Judgement
from annotation.report.agreement_sections import agreement, calibration
from annotation.report.charts import interval_bar, lowest_of, stack
from annotation.report.disagreement_sections import disagreement_section
from annotation.report.findings_section import findings_section
from annotation.report.links import task_links
from annotation.report.overview import overview, people
from annotation.report.time_sections import drift, judge, times
from annotation.report.words import duration, listed, strength
from tests.annotation.report.reviews import FOUR, NINE, REVIEW, SERVER, decided, judged, metrics_of, task

PLAIN = task_links([], SERVER)


def read(section: str | None) -> ElementTree.Element:
    assert section is not None
    return ElementTree.fromstring(section)  # noqa: S314 - our own page


def words(found: ElementTree.Element | None) -> str:
    assert found is not None
    return " ".join(" ".join(found.itertext()).split())


def cells(section: ElementTree.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in section.findall(".//tbody/tr")]


def tiles(judgements: list[Judgement], **given: Any) -> list[str]:
    return [words(tile) for tile in read(overview(metrics_of(judgements, **given)))]


def test_the_first_screen_says_how_many_how_far_whether_they_agree_and_what_is_open() -> None:
    judgements = [
        *(judged(by, "reject" if at == 4 else "accept", f"gh-{at}") for at in range(5) for by in ("ada", "bo")),
        *(judged("ada", query="gh-5"), judged("bo", "reject", "gh-5")),
        *(judged("ada", query="gh-6"), judged("bo", "reject", "gh-6"), decided("reject", "gh-6")),
        judged("ada", query="gh-7"),
    ]
    done, agreed, outcome, left = tiles(judgements, tasks=[task(f"gh-{at}") for at in range(9)])
    assert done.startswith("Judged 7 of 9 queries have their 2 judgements; 1 begun, 1 untouched.")
    assert "15 judgements by 2 of 2 annotators" in done
    # Ten keep and four reject of fourteen, four apart: 1 - (4/14)/(2*10*4/(14*13)) = 1 - 0.65.
    assert agreed.startswith("Do they agree? 0.35 too low to rely on")
    assert "in 71% of the pairs" in agreed
    assert outcome.startswith("What comes of it 4 accepted 2 rejected, 1 tied")
    assert (
        left == "Open 1 to decide 2 disputes so far, 1 query decided. erin decides. 2 queries with judgements missing."
    )


def test_without_an_adjudicator_the_page_says_what_becomes_of_a_tie() -> None:
    alone = REVIEW.model_copy(update={"adjudicators": {}})
    assert "No adjudicator is named in params.yaml: a tie stays out." in tiles([judged()], review=alone)[3]


def test_where_agreement_is_not_known_the_reason_is_said() -> None:
    assert "not known Of keep against reject: no query has two answers" in tiles([judged()])[1]


def test_krippendorffs_limits_are_in_words() -> None:
    assert [strength(value) for value in (0.8, 0.79, 0.667, 0.66)] == [
        *("reliable", "tentative", "tentative", "too low to rely on"),
    ]


def test_people_are_shown_with_what_is_done_of_what_was_given() -> None:
    judgements = [judged("ada", at=NINE), judged("bo", "reject"), decided("reject")]
    rows = cells(read(people(metrics_of(judgements, assigned={"ada": 4}))))
    assert rows[0] == ["ada", "1 of 4", "", "1 · 0 · 0", "0.00, no interval", "2026-01-05 09:00"]
    assert (rows[1][:2], rows[2][:2]) == (["bo", "1"], ["erin decides", "1"])


def test_more_done_than_given_is_a_full_bar() -> None:
    section = read(people(metrics_of([judged(), judged(query="gh-2")], assigned={"ada": 1})))
    assert cells(section)[0][1] == "2 of 1"
    assert [part.get("style") for part in section.iter("span") if part.get("title") == "done: 1"] == ["width:100.000%"]


def test_the_reading_goes_by_the_intervals_lower_end() -> None:
    judgements = [judged(by, "reject" if at % 2 else "accept", f"gh-{at}") for at in range(12) for by in ("ada", "bo")]
    judgements += [judged("ada", query="gh-99"), judged("bo", "reject", "gh-99")]
    agreed = tiles(judgements)[1]
    assert agreed.startswith("Do they agree? 0.85 too low to rely on") and ", read by its lower end." in agreed


def test_a_bar_of_shares_is_to_scale() -> None:
    parts = read(stack([("good", "done", 1), ("half", "begun", 0), ("bad", "lost", 2)], 4))
    assert [(part.get("class"), part.get("style")) for part in parts] == [
        ("good", "width:25.000%"),
        ("bad", "width:50.000%"),
    ]
    assert parts.get("aria-label") == "done 1, begun 0, lost 2"
    assert len(read(stack([("good", "done", 0)], 0))) == 0


def test_confusion_is_shown_cell_by_cell_for_those_who_judged_together() -> None:
    pairs = [("accept", "accept"), ("accept", "edit"), ("reject", "edit"), ("accept", "accept")]
    judgements = [
        judged(by, verdict, f"gh-{at}")
        for at, pair in enumerate(pairs)
        for by, verdict in zip(("ada", "bo"), pair, strict=True)
    ]
    judgements.append(judged("chidi", query="gh-9"))
    section = read(agreement(metrics_of(judgements)["questions"]))
    shown = section.find("details")
    assert shown is not None and shown.get("open") == ""
    (table,) = shown.findall("./div/div/table")  # chidi judged nothing with another
    assert [words(head) for head in table.iter("th")] == [
        *("ada \\ bo", "accept", "edit", "reject", "accept", "edit", "reject"),
    ]
    assert [[words(cell) for cell in row.iter("td")] for row in table.findall("tbody/tr")] == [
        *(["2", "1", "0"], ["0", "0", "0"], ["0", "1", "0"]),
    ]
    same = [[cell.get("class") for cell in row.iter("td")] for row in table.findall("tbody/tr")]
    assert [row.index("same") for row in same] == [0, 1, 2]
    assert "kappa 0.20" in words(shown)  # 2 of 4 the same, by chance 6/16: 2/10


def test_calibration_shows_each_ones_answers() -> None:
    judgements = [judged(by, query="gh-1", realism=at + 1) for at, by in enumerate(FOUR.annotators)]
    metrics = metrics_of(judgements, FOUR.model_copy(update={"calibration": 3}))
    section = read(calibration(metrics["calibration"], task_links(judgements, SERVER)))
    assert "1 query was judged by everyone, 3 are wanted" in words(section)
    assert cells(section)[-1] == [
        "gh-1",
        "accept · full · 1",
        "accept · full · 2",
        "accept · full · 3",
        "accept · full · 4",
    ]
    assert [link.get("href", "")[len(SERVER) :] for link in section.iter("a")][2] == "/projects/5/data?task=41"


def test_without_calibration_there_is_no_such_section() -> None:
    assert calibration(metrics_of([judged(), judged("bo")])["calibration"], PLAIN) is None


def test_findings_are_rows_the_most_frequent_first() -> None:
    judgements = [
        judged("ada", "reject", reject_reasons=("trivial",)),
        judged("bo", "reject", reject_reasons=("trivial",)),
    ]
    section = read(findings_section(metrics_of(judgements)["findings"]))
    assert cells(section)[0] == ["trivial", "2", "1", "ada 1, bo 1"]
    assert words(section).endswith("Nobody marked anything.")


def timed(seconds: list[float]) -> dict[str, Any]:
    return metrics_of([judged(query=f"gh-{at:02}", at=NINE, lead_seconds=time) for at, time in enumerate(seconds)])


def test_outliers_are_named_the_longest_first() -> None:
    (row,) = cells(read(times(timed([60.0, 61.0, 62.0, 63.0, 64.0, 65.0, 9000.0])["lead_times"], PLAIN)))
    assert row[-3:] == ["63 s", "7 of 7", "gh-06 2.5 h"]


def test_many_outliers_end_with_how_many_more() -> None:
    (row,) = cells(read(times(timed([60.0] * 60 + [5000.0 + at for at in range(15)])["lead_times"], PLAIN)))
    assert row[-1].count("gh-") == 5
    assert row[-1].endswith("and 10 more")


def test_without_a_time_one_sentence_says_so() -> None:
    assert words(read(times(metrics_of([judged()])["lead_times"], PLAIN))) == "Time per task No time was recorded."


def test_thirds_are_columns_and_what_a_program_sent_is_said() -> None:
    section = read(drift(timed([60.0] * 7)["drift"]))
    assert "ada: judgements follow each other within less than a second: a program sent them" in words(section)
    (row,) = cells(section)
    assert (row[0], row[1][:13], row[4]) == ("ada", "100% · 0% · 0%"[:13], "2026-01-05 09:00 to 2026-01-05 09:00")


def test_whether_annotators_saw_the_judge_is_said_plainly() -> None:
    metrics = metrics_of([judged(), judged("bo")], judge={"gh-1": "accept"})
    blind, open_ = (words(read(judge(metrics["anchoring"], shown))) for shown in (False, True))
    assert "did not see what the judge said" in blind and "is no anchoring" in blind
    assert "saw what the judge said" in open_ and "speaks for anchoring" in open_


def test_without_a_judge_the_page_says_so() -> None:
    section = words(read(judge(metrics_of([judged()])["anchoring"], False)))
    assert section.endswith("Nothing to compare: no query has an answer of the model judge and of two annotators.")


def disputes(*judgements: Judgement) -> ElementTree.Element:
    return read(disagreement_section(metrics_of(judgements)["disagreements"], PLAIN))


def test_an_open_dispute_says_why_and_who_said_what() -> None:
    section = disputes(judged(notes="Fine."), judged("bo", "reject", realism=2, reject_reasons=("trivial",)))
    assert words(section.find("article/h3")) == "to decide gh-1 acme/parser#1"
    assert words(section.find("article/p")) == "1 of 2 reject it."
    assert words(section.find("article/blockquote")) == "Please do it."
    assert cells(section) == [
        ["ada", "accept", "full", "4", "vibe-coding", "back-end", "notes Fine."],
        ["bo", "reject", "full", "2", "vibe-coding", "back-end", "reasons trivial"],
    ]
    apart = [words(span) for span in section.iter("span") if "apart" in (span.get("class") or "")]
    assert apart == ["accept", "4", "reject", "2"]


def test_a_decision_says_by_whom_how_and_against_whom() -> None:
    tie = [judged(), judged("bo", "reject")]
    section = disputes(*tie, decided("edit", edited_query="Better."), decided("reject", by="femi"))
    assert [words(span) for span in section.iter("span") if "apart" in (span.get("class") or "")] == [
        "accept",
        "reject",
    ]
    assert words(section.find("article/h3")).startswith("decided gh-1")
    assert words(section.find("article/p")) == "1 of 2 reject it. erin decided edit , where the annotators were tied."
    assert [row[:2] for row in cells(section)] == [
        *(["ada", "accept"], ["bo", "reject"], ["erin decides", "edit"], ["femi does not count", "reject"]),
    ]
    three = [*tie, judged("chidi")]
    assert "erin decided reject , against the annotators' majority." in words(disputes(*three, decided("reject")))
    assert "erin decided edit , as the annotators' majority." in words(disputes(*three, decided("edit")))


def test_what_needs_no_decision_is_one_line() -> None:
    section = disputes(judged(realism=1), judged("bo", "edit", realism=4, edited_query="So."))
    assert "1 query with other answers that need no decision" in words(section.find("details/summary"))
    assert cells(section) == [["gh-1", "verdict and realism", "ada accept, 1; bo edit, 4"]]


def test_a_bar_stands_where_its_numbers_are() -> None:
    found = {"value": 0.5, "low": 0.0, "high": 1.0, "queries": 9, "reason": ""}
    drawing = read(interval_bar(found, -1.0))
    rect, circle = drawing.find("rect"), drawing.find("circle")
    assert rect is not None and circle is not None
    # The axis from -1 to 1 takes 6 to 294 of 300 px: nought in the middle, 0.5 at three quarters.
    assert (rect.get("x"), rect.get("width"), circle.get("cx")) == ("150.0", "144.0", "222.0")
    assert drawing.findtext("title") == "0.50 [0.00, 1.00]"


def test_a_shorter_axis_moves_the_marks() -> None:
    found = {"value": 0.4, "low": None, "high": None, "queries": 9, "reason": "one query alone gives no interval"}
    drawing = read(interval_bar(found, -0.2))
    circle = drawing.find("circle")
    assert circle is not None and circle.get("cx") == "150.0"  # halfway from -0.2 to 1
    assert drawing.find("rect") is None


def test_the_axis_reaches_as_far_down_as_the_numbers() -> None:
    above = {"value": 0.5, "low": -0.1, "high": 0.9}
    assert lowest_of([above]) == -0.2
    assert lowest_of([above, above | {"low": -0.4}]) == -1.0
    assert lowest_of([{"value": None, "low": None, "high": None}]) == -0.2


def test_times_and_names_read_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (75, 250, 9000, 216_000)] == ["75 s", "4.2 min", "2.5 h", "2.5 days"]
    assert [listed(["a", "b", "c"][:size]) for size in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert re.fullmatch(r"[a-z ]+", strength(0.1))
