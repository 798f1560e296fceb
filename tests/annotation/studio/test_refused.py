"""What a real Label Studio lets anybody store, and a pull does not believe."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annotation.studio import connection
from annotation.studio.connection import FailedError
from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, made_task, made_tasks, submit
from tests.annotation.submitted import answers, choice

TASKS = made_tasks(20)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def desk(label_studio: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Desk(label_studio, tmp_path_factory.mktemp("desk"), calibration=0, people=2) as desk:
        desk.push(TASKS)
        yield desk


@pytest.fixture
def query() -> str:
    """A query that no other test submits anything on."""
    return str(TASKS[next(_numbers) % len(TASKS)]["meta"]["query_id"])


def refused(desk: Desk, query: str, tasks: list[dict[str, Any]] = TASKS) -> list[dict[str, Any]]:
    return [entry for entry in desk.pull(tasks).quarantine if entry["query_id"] == query]


def counted(desk: Desk, query: str) -> list[int]:
    (task,) = [task for task in desk.pull(TASKS).export.tasks if task.query_id == query]
    return [given.id for given in task.annotations]


def test_the_name_of_another_annotator(desk: Desk, query: str) -> None:
    bo = desk.line("bo").read("/api/current-user/whoami")["id"]
    desk.submit("amara", query, completed_by=bo)
    (entry,) = refused(desk, query)
    assert entry["reason"].startswith(f"it was submitted as account {bo}, and amara's is ")
    assert counted(desk, query) == []


def test_what_another_wrote_in_the_annotators_own_name(desk: Desk, query: str) -> None:
    amara, bo = (desk.line(name).read("/api/current-user/whoami")["id"] for name in ("amara", "bo"))
    desk.submit("amara", query, by="bo", completed_by=amara)
    (entry,) = refused(desk, query)
    assert f"it stands in amara's name (account {amara}), and account {bo} wrote or changed it" in entry["reason"]
    assert counted(desk, query) == []


def test_what_another_changed_afterwards(desk: Desk, query: str) -> None:
    number = desk.submit("amara", query)
    assert counted(desk, query) == [number]
    desk.line("limi").write(
        "PATCH", f"/api/annotations/{number}", {"result": answers("reject", choice("reject_reason", "trivial"))}
    )
    (entry,) = refused(desk, query)
    assert "wrote or changed it" in entry["reason"]
    assert counted(desk, query) == []


def test_another_account_in_an_annotators_project(desk: Desk, query: str) -> None:
    desk.submit("amara", query, by="bo")
    desk.submit("amara", query, by="limi")
    assert [entry["reason"][:27] for entry in refused(desk, query)] == ["it was submitted as account"] * 2
    assert counted(desk, query) == []


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (answers("accept", choice("mood", "good")), "answers 'mood', which the interface does not ask"),
        (answers("perhaps"), "answers verdict with 'perhaps', which is not offered"),
        (answers(without="domain"), "has not answered domain"),
        ([{"from_name": 3}], "Input should be a valid string"),
    ],
)
def test_answers_that_were_not_asked_for(desk: Desk, query: str, result: Any, said: str) -> None:
    number = desk.submit("amara", query, result)
    (entry,) = refused(desk, query)
    assert said in entry["reason"]
    assert (entry["annotation"], entry["answer"]["result"]) == (number, result)
    assert counted(desk, query) == []


def test_a_second_annotation_of_one_annotator(desk: Desk, query: str) -> None:
    first = desk.submit("amara", query)
    second = desk.submit("amara", query, answers("reject", choice("reject_reason", "trivial")))
    (entry,) = refused(desk, query)
    assert entry["annotation"] == second
    assert "amara has judged this query twice, and the first counts" in entry["reason"]
    assert counted(desk, query) == [first]
    desk.line("amara").write("DELETE", f"/api/annotations/{first}", {})
    assert counted(desk, query) == [second]


def test_a_text_that_has_changed_since(desk: Desk, query: str) -> None:
    desk.submit("amara", query)
    changed = [made_task(query, version=1) if task["meta"]["query_id"] == query else task for task in TASKS]
    (entry,) = refused(desk, query, changed)
    assert entry["reason"].startswith("it is of an earlier text")


def test_tasks_that_somebody_added_by_hand(desk: Desk) -> None:
    project = desk.places()["amara"].project
    for meta in ({}, {"query_id": "q999"}, {"query_id": ["q000"]}):
        by_hand = [{"data": TASKS[0]["data"], "meta": meta}]
        made = desk.line().write("POST", f"/api/projects/{project}/import", by_hand, return_task_ids="true")
        submit(desk.line("amara"), made["task_ids"][0])
    assert [entry["reason"][:25] for entry in refused(desk, "")] == ["its task is none that was"] * 2
    assert [entry["reason"][:25] for entry in refused(desk, "q999")] == ["its query is not asked an"]


def test_a_skip_and_a_draft_are_told_and_not_exported(desk: Desk, query: str) -> None:
    desk.submit("bo", query, [], was_cancelled=True)
    task = desk.task_of("bo", "q019")["id"]
    desk.line("bo").write("POST", f"/api/tasks/{task}/drafts", {"result": answers(), "lead_time": 1})
    bo = desk.pull(TASKS).summary.people[1]
    assert (bo.name, bo.counted, bo.refused, bo.skipped, bo.drafts) == ("bo", 0, 0, 1, 1)
    assert refused(desk, query) == []


def test_a_text_on_which_label_studio_itself_fails(
    label_studio: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WAITS", (0.1,))
    half = {"from_name": "notes", "to_name": "query", "type": "textarea", "value": {"text": ["half a pair: \ud83d"]}}
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(TASKS)
        desk.submit("amara", "q000")
        desk.submit("amara", "q002")
        with pytest.raises(FailedError):  # it is stored, and then the answer to that fails
            desk.submit("amara", "q001", answers("accept", half))
        result = desk.pull(TASKS)
        assert [len(task.annotations) for task in result.export.tasks[:3]] == [1, 0, 1]
        (entry,) = result.quarantine
        assert entry["query_id"] == "q001"
        assert entry["reason"].startswith("Label Studio itself fails on what was submitted")
        # The advice is good: the task comes back.
        desk.line().write("DELETE", f"/api/tasks/{entry['task']}", {})
        assert desk.push(TASKS).people[0].created == 1
        desk.submit("amara", "q001")
        assert desk.pull(TASKS).quarantine == []
