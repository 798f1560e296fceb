"""An export is believed only where it fits our own tasks, people and questions, and everything wrong is told at once."""

import copy
from pathlib import Path
from typing import Any

import pytest

from annotation.judgements import Judgement, Mark
from annotation.reviews import read_reviews
from pipeline.errors import UserError
from tests.annotation.submitted import (
    LEAK,
    REVIEW,
    TASKS,
    adjudication,
    annotation,
    answers,
    choice,
    export,
    leak,
    reviewed,
    text,
    written,
)


def read(folder: Path, *tasks: dict[str, Any], ours: list[dict[str, Any]] = TASKS) -> list[Judgement]:
    return read_reviews(written(folder, export(*tasks)), ours, REVIEW)


def refused(folder: Path, *tasks: dict[str, Any], ours: list[dict[str, Any]] = TASKS) -> list[str]:
    """The lines of the refusal, without the path that each must begin with."""
    with pytest.raises(UserError) as caught:
        read(folder, *tasks, ours=ours)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(folder / "reviews.json")) for line in lines)
    return [line.removeprefix(str(folder / "reviews.json")).removeprefix(", ") for line in lines]


def changed(name: str, **meta: Any) -> list[dict[str, Any]]:
    """Our tasks, with other hashes of one of them."""
    ours = copy.deepcopy(TASKS)
    for task in ours:
        if task["meta"]["query_id"] == name:
            task["meta"] |= meta
    return ours


def test_judgements_are_read_with_who_gave_them(tmp_path: Path) -> None:
    given = answers("reject", choice("reject_reason", "trivial"), text("notes", "dull"), leak("unnatural"))
    (judgement,) = read(tmp_path, reviewed(annotation(given, project=5, task=6)))
    assert (judgement.query_id, judgement.annotator, judgement.role) == ("gh-1", "ada", "annotator")
    assert (judgement.verdict, judgement.reject_reasons, judgement.notes) == ("reject", ("trivial",), "dull")
    assert (judgement.project, judgement.task, judgement.lead_seconds) == (5, 6, 12.5)
    assert judgement.marks == (Mark(LEAK.name, "unnatural", "do it"),)


def test_judgements_are_sorted_by_query_role_and_name(tmp_path: Path) -> None:
    second = reviewed(adjudication(by="abe"), annotation(by="bo"), annotation(by="ada"), name="gh-2")
    found = read(tmp_path, second, reviewed(annotation(by="bo")))
    assert [(one.query_id, one.role, one.annotator) for one in found] == [
        ("gh-1", "annotator", "bo"),
        ("gh-2", "annotator", "ada"),
        ("gh-2", "annotator", "bo"),
        ("gh-2", "adjudicator", "abe"),
    ]


def test_the_order_of_an_export_changes_nothing(tmp_path: Path) -> None:
    one, other = reviewed(annotation(), annotation(by="bo")), reviewed(adjudication(), name="gh-2")
    turned = reviewed(annotation(by="bo"), annotation())
    assert read(tmp_path, one, other) == read(tmp_path, other, turned)


def test_an_export_without_annotations_holds_no_judgement(tmp_path: Path) -> None:
    assert read(tmp_path, reviewed(), reviewed(name="gh-2")) == []
    assert read(tmp_path) == []


def test_one_query_that_stands_twice_is_read_together(tmp_path: Path) -> None:
    found = read(tmp_path, reviewed(annotation()), reviewed(annotation(by="bo")))
    assert [judgement.annotator for judgement in found] == ["ada", "bo"]


def test_more_people_than_asked_for_may_judge(tmp_path: Path) -> None:
    assert len(read(tmp_path, reviewed(annotation(), annotation(by="bo"), adjudication()))) == 3


@pytest.mark.parametrize("by", ["zoe", "", "Ada", "ada ", "\u0430da", "ada@limi.example"])
def test_who_is_no_annotator_is_named(tmp_path: Path, by: str) -> None:
    assert refused(tmp_path, reviewed(annotation(by=by))) == [
        f"task gh-1, annotation 7 by {by}: is not among review.annotators of params.yaml"
    ]


@pytest.mark.parametrize("by", ["zoe", ""])
def test_who_is_no_adjudicator_is_named(tmp_path: Path, by: str) -> None:
    assert refused(tmp_path, reviewed(annotation(), adjudication(by=by, id=9))) == [
        f"task gh-1, annotation 9 by {by}: is not among review.adjudicators of params.yaml"
    ]


def test_an_annotator_decides_on_nobody(tmp_path: Path) -> None:
    assert refused(tmp_path, reviewed(annotation(by="bo"), adjudication(by="ada"))) == [
        "task gh-1, annotation 7 by ada: is not among review.adjudicators of params.yaml"
    ]


def test_an_adjudicator_is_no_annotator(tmp_path: Path) -> None:
    assert refused(tmp_path, reviewed(annotation(by="erin"))) == [
        "task gh-1, annotation 7 by erin: is not among review.annotators of params.yaml"
    ]


TWICE = "has judged this query twice; delete one of the two in Label Studio and pull again"


def test_the_same_person_in_both_roles_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, reviewed(annotation(by="ada"), adjudication(by="ada", id=8))) == [
        "task gh-1, annotation 8 by ada: is not among review.adjudicators of params.yaml",
        f"task gh-1, annotation 8 by ada: {TWICE}",
    ]
    assert refused(tmp_path, reviewed(annotation(by="erin"), adjudication(by="erin", id=8))) == [
        "task gh-1, annotation 7 by erin: is not among review.annotators of params.yaml"
    ]


@pytest.mark.parametrize("made", [annotation, adjudication])
def test_the_same_person_twice_is_refused(tmp_path: Path, made: Any) -> None:
    by = made()["annotator"]
    together = refused(tmp_path, reviewed(made(), made(id=8)))
    assert together == [f"task gh-1, annotation 8 by {by}: {TWICE}"]
    assert refused(tmp_path, reviewed(made()), reviewed(made(id=8))) == together


def test_the_same_person_may_judge_two_queries(tmp_path: Path) -> None:
    assert len(read(tmp_path, reviewed(annotation()), reviewed(annotation(), name="gh-2"))) == 2


def test_a_third_judgement_is_told_as_well_as_the_second(tmp_path: Path) -> None:
    problems = refused(tmp_path, reviewed(annotation(), annotation(id=8), annotation(answers("edit"), id=9)))
    assert problems == [
        f"task gh-1, annotation 8 by ada: {TWICE}",
        "task gh-1, annotation 9 by ada: says edit and gives no edited query",
        f"task gh-1, annotation 9 by ada: {TWICE}",
    ]


def test_all_problems_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    first = reviewed(annotation(by="zoe", id=70), annotation(answers("edit"), id=71), annotation(by="bo"))
    second = reviewed(annotation(answers(without="domain"), by="bo", id=72), name="gh-2")
    assert refused(tmp_path, first, second) == [
        "task gh-1, annotation 70 by zoe: is not among review.annotators of params.yaml",
        "task gh-1, annotation 71 by ada: says edit and gives no edited query",
        "task gh-2, annotation 72 by bo: has not answered domain",
    ]


def test_one_refused_judgement_refuses_the_good_ones_beside_it(tmp_path: Path) -> None:
    assert len(refused(tmp_path, reviewed(annotation()), reviewed(annotation(answers("edit")), name="gh-2"))) == 1


OTHER = {"query_sha256": "00" * 32, "task_sha256": "11" * 32}


@pytest.mark.parametrize("name", OTHER)
def test_reviews_of_a_changed_text_or_pull_request_are_refused(tmp_path: Path, name: str) -> None:
    ours = changed("gh-1", **{name: OTHER[name]})
    (problem,) = refused(tmp_path, reviewed(annotation()), ours=ours)
    assert "holds reviews of other tasks than data/tasks.json: gh-1 has another text or pull request there" in problem
    assert "`limi annotate push`, review what is new and `limi annotate pull`" in problem


@pytest.mark.parametrize("name", OTHER)
def test_a_changed_text_or_pull_request_that_nobody_reviewed_is_no_problem(tmp_path: Path, name: str) -> None:
    ours = changed("gh-1", **{name: OTHER[name]})
    assert len(read(tmp_path, reviewed(), reviewed(annotation(), name="gh-2"), ours=ours)) == 1


def test_reviews_of_a_task_that_is_gone_are_refused(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, reviewed(annotation(), name="gh-3"))
    assert "gh-3 is not there" in problem
    (problem,) = refused(tmp_path, reviewed(annotation()), ours=[])
    assert "gh-1 is not there" in problem


def test_a_task_that_is_gone_and_that_nobody_reviewed_is_no_problem(tmp_path: Path) -> None:
    assert read(tmp_path, reviewed(name="gh-3")) == []


def test_a_task_that_is_not_in_the_export_is_not_reviewed_yet(tmp_path: Path) -> None:
    assert {judgement.query_id for judgement in read(tmp_path, reviewed(annotation(), name="gh-2"))} == {"gh-2"}


def test_a_hash_of_another_query_does_not_fit(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, reviewed(annotation(), task_sha256="aa" * 32))
    assert "gh-1 has another text" in problem
    (problem,) = refused(tmp_path, reviewed(annotation(), query_sha256=""))
    assert "gh-1 has another text" in problem


HOSTILE = "zoe\x1b[2J\nmerge_reviews: all is well\u202e"


def test_names_of_the_file_neither_begin_a_line_nor_colour_a_terminal(tmp_path: Path) -> None:
    refusals = [refused(tmp_path, reviewed(annotation(by=HOSTILE)))]
    refusals += [refused(tmp_path, reviewed(annotation(), query_id=HOSTILE))]
    for (problem,) in refusals:
        assert problem.isprintable()


def test_two_decisions_on_one_query_are_refused(tmp_path: Path) -> None:
    both = reviewed(
        annotation(), adjudication(), adjudication(answers("edit", text("edited_query", "x")), by="abe", id=8)
    )
    assert refused(tmp_path, both) == [
        "task gh-1, annotation 8 by abe: decides what erin has decided; one decision counts"
    ]
    apart = [reviewed(adjudication()), reviewed(adjudication(by="abe"), name="gh-2")]
    assert len(read(tmp_path, *apart)) == 2


def test_long_names_are_cut_in_the_sentences(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, reviewed(annotation(by="z" * 10**6)))
    assert len(problem) < 200
    (problem,) = refused(tmp_path, reviewed(annotation(), query_id="gh-" + "9" * 10**6))
    assert len(problem) < 500
