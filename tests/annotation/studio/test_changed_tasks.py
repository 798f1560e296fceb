"""Pushing after something has changed: new texts take the place of old ones, and nobody's work is deleted, whatever it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.sections import Review
from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, made_task, made_tasks, next_task, submit


@pytest.fixture
def desk(label_studio: Running, tmp_path: Path) -> Iterator[Desk]:
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        yield desk


def queue(desk: Desk, name: str) -> list[str]:
    """The texts that a person is asked for, in order, skipping each."""
    line, project = desk.line(name), desk.places()[name].project
    asked = []
    while (task := next_task(line, project)) is not None:
        asked.append(task["data"]["query"])
        submit(line, task["id"], [], was_cancelled=True)
    return asked


def begin(desk: Desk, name: str, query_id: str) -> int:
    """Leave a draft on a person's task."""
    task = desk.task_of(name, query_id)["id"]
    desk.line(name).write("POST", f"/api/tasks/{task}/drafts", {"result": [], "lead_time": 1})
    return int(task)


def test_a_changed_text_takes_the_place_of_the_old(any_label_studio: Running, tmp_path: Path) -> None:
    with Desk(any_label_studio, tmp_path, calibration=0, people=2) as desk:
        change_all_texts(desk)


def test_a_judge_shown_or_hidden_later_changes_what_nobody_has_judged(desk: Desk) -> None:
    desk.push(made_tasks(3))
    desk.submit("amara", "q000")
    shown = [task | {"data": task["data"] | {"judge_html": "<p>accept</p>"}} for task in made_tasks(3)]

    amara, bo = desk.push(shown).people

    assert (amara.created, amara.deleted, amara.kept, amara.superseded) == (2, 2, 1, 0)
    assert (bo.created, bo.deleted, bo.kept, bo.superseded) == (3, 3, 0, 0)
    assert [task["data"]["judge_html"] for task in desk.tasks_of("bo")] == ["<p>accept</p>"] * 3
    desk.push(made_tasks(3))
    assert [task["data"]["judge_html"] for task in desk.tasks_of("bo")] == [""] * 3


def change_all_texts(desk: Desk) -> None:
    desk.push(made_tasks(4))
    annotation = desk.submit("amara", "q000")
    skipped = desk.submit("amara", "q001", [], was_cancelled=True)
    drafted = begin(desk, "amara", "q002")
    changed = [made_task(f"q{number:03}", version=1) for number in range(4)]

    pushed = desk.push(changed)

    amara, bo = pushed.people
    assert (amara.created, amara.superseded, amara.deleted, amara.kept) == (4, 3, 1, 0)
    assert (bo.created, bo.superseded, bo.deleted, bo.kept) == (4, 0, 4, 0)
    work = {task["meta"]["query_id"]: task for task in desk.tasks_of("amara") if "superseded" in task["meta"]}
    assert sorted(work) == ["q000", "q001", "q002"]
    assert [one["id"] for one in work["q000"]["annotations"]] == [annotation]
    assert [one["id"] for one in work["q001"]["annotations"]] == [skipped]
    assert work["q002"]["id"] == drafted
    assert work["q000"]["meta"]["superseded_by"] == changed[0]["meta"]["task_sha256"]
    # The begun one is not asked for again; the new ones are.
    assert sorted(queue(desk, "amara")) == sorted(task["data"]["query"] for task in changed)
    assert [(one.created, one.superseded, one.deleted, one.kept) for one in desk.push(changed).people] == [
        (0, 0, 0, 4),
        (0, 0, 0, 4),
    ]


def test_a_text_that_comes_back_brings_the_work_on_it_back(desk: Desk) -> None:
    tasks = made_tasks(2)
    desk.push(tasks)
    annotation = desk.submit("amara", "q000")
    begin(desk, "amara", "q001")
    desk.push([made_task("q000", version=1), made_task("q001", version=1)])
    assert [len(task.annotations) for task in desk.pull(tasks).export.tasks] == [1, 0]

    pushed = desk.push(tasks)

    assert (pushed.people[0].revived, pushed.people[0].deleted) == (2, 2)
    assert [one["id"] for one in desk.task_of("amara", "q000")["annotations"]] == [annotation]
    assert queue(desk, "amara") == [tasks[1]["data"]["query"]]


def test_a_query_that_is_not_asked_any_more_leaves_the_queue(desk: Desk) -> None:
    tasks = made_tasks(3)
    desk.push(tasks)
    begin(desk, "amara", "q000")
    pushed = desk.push(tasks[2:])
    assert [(one.superseded, one.deleted, one.kept) for one in pushed.people] == [(1, 1, 1), (0, 2, 1)]
    assert queue(desk, "amara") == [tasks[2]["data"]["query"]]


def test_copies_of_a_task_are_removed_but_not_the_one_with_work(desk: Desk) -> None:
    tasks = made_tasks(3)
    desk.push(tasks)
    project = desk.places()["amara"].project
    copies: list[dict[str, Any]] = [
        {"data": task["data"], "meta": task["meta"]} for task in desk.tasks_of("amara") for _ in range(2)
    ]
    desk.line().write("POST", f"/api/projects/{project}/import", copies)
    one_of_three = max(task["id"] for task in desk.tasks_of("amara") if task["meta"]["query_id"] == "q001")
    submit(desk.line("amara"), one_of_three)

    pushed = desk.push(tasks)

    assert [(one.created, one.deleted, one.kept) for one in pushed.people] == [(0, 6, 3), (0, 0, 3)]
    assert desk.task_of("amara", "q001")["id"] == one_of_three
    assert len(desk.tasks_of("amara")) == 3


def test_new_queries_go_to_who_has_least_and_nothing_is_taken_away(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, overlap=1, calibration=0, people=2) as desk:
        tasks = made_tasks(12)
        desk.push(tasks[:6])
        before = {name: {task["id"] for task in desk.tasks_of(name)} for name in ("amara", "bo")}
        accounts = label_studio.accounts
        desk.review = Review.model_validate(
            desk.review.model_dump() | {"annotators": {name: accounts[name].email for name in ("amara", "bo", "chidi")}}
        )
        desk.push(tasks)
        assert {name: len(desk.tasks_of(name)) for name in desk.review.annotators} == {"amara": 4, "bo": 4, "chidi": 4}
        assert all(before[name] < {task["id"] for task in desk.tasks_of(name)} for name in before)


def test_disputed_queries_go_to_the_adjudicators(desk: Desk) -> None:
    tasks = made_tasks(2)
    desk.push(tasks)
    disputed = [tasks[0] | {"data": tasks[0]["data"] | {"reviews_html": "<p>amara: reject</p>"}}]
    assert [(one.name, one.role, one.created) for one in desk.push_disputed(disputed).people] == [
        ("erin", "adjudicator", 1)
    ]
    assert desk.push_disputed(disputed).people[0].kept == 1
    desk.submit("erin", "q000")
    (entry,) = desk.pull(tasks).export.tasks[0].annotations
    assert (entry.annotator, entry.role) == ("erin", "adjudicator")
    # What is shown to an adjudicator is part of the task, until it is decided.
    other = [tasks[0] | {"data": tasks[0]["data"] | {"reviews_html": "<p>amara: accept</p>"}}]
    assert desk.push_disputed(other).people[0].kept == 1
