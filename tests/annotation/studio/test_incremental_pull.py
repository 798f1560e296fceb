"""After whatever people did, a pull that reads what has changed gives the same bytes as one that reads everything."""

import random
import time
from pathlib import Path

import pytest

import annotation.studio.pull
from annotation.studio.pull import PullResult, earlier_path, quarantine_path, write_pulled
from annotation.studio.remembered import remembered_path
from pipeline.errors import UserError
from tests.annotation.server.running import Running
from tests.annotation.studio.desk import Desk, made_tasks, submit
from tests.annotation.submitted import answers, choice


def written(result: PullResult, folder: Path) -> list[bytes]:
    """The bytes of export and quarantine file."""
    path = folder / "reviews.json"
    write_pulled(result, path)
    refused = quarantine_path(path)
    return [path.read_bytes(), refused.read_bytes() if refused.exists() else b""]


class Restless:
    """Somebody who does something at random, as people and careless scripts do."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.tasks = {name: [task["id"] for task in desk.tasks_of(name)] for name in desk.review.annotators}

    def annotations(self, name: str) -> list[int]:
        return [one["id"] for task in self.desk.tasks_of(name) for one in task["annotations"]]

    def act(self) -> str:
        desk, owner = self.desk, self.desk.line()
        name = self.random.choice(sorted(self.tasks))
        line, project = desk.line(name), desk.places()[name].project
        there = self.annotations(name)
        one = self.random.choice(there) if there else 0
        what = self.random.choice(
            ["submit", "submit", "skip", "update", "unskip", "spoof", "delete", "clear", "remove"]
        )
        if what == "submit":
            submit(line, self.random.choice(self.tasks[name]), self.random.choice([None, answers("edit"), []]))
        elif what == "skip":
            submit(line, self.random.choice(self.tasks[name]), [], was_cancelled=True)
        elif what == "update" and one:
            line.write(
                "PATCH", f"/api/annotations/{one}", {"result": answers("reject", choice("reject_reason", "trivial"))}
            )
        elif what == "unskip" and one:
            line.write("PATCH", f"/api/annotations/{one}", {"was_cancelled": False})
        elif what == "spoof" and one:
            line.write("PATCH", f"/api/annotations/{one}", {"completed_by": 1})
        elif what == "delete" and one:
            line.write("DELETE", f"/api/annotations/{one}", {})
        elif what == "clear":
            chosen = {"selectedItems": {"all": False, "included": self.random.sample(self.tasks[name], 2)}}
            owner.write("POST", "/api/dm/actions", chosen, id="delete_tasks_annotations", project=project)
        elif what == "remove" and len(self.tasks[name]) > 4:
            gone = self.tasks[name].pop(self.random.randrange(len(self.tasks[name])))
            owner.write("DELETE", f"/api/tasks/{gone}", {})
        return what


def test_incremental_and_full_agree_after_random_edits(any_label_studio: Running, tmp_path: Path) -> None:
    tasks = made_tasks(10)
    with Desk(any_label_studio, tmp_path / "memory", calibration=2, people=3) as desk:
        desk.push(tasks)
        restless = Restless(desk, seed=20)
        for _ in range(4):
            done = [restless.act() for _ in range(6)]
            step = desk.pull(tasks)
            full = desk.pull(tasks, full=True)
            assert written(step, tmp_path / "step") == written(full, tmp_path / "full"), done
        assert any(task.annotations for task in full.export.tasks)
        assert full.quarantine


def test_a_pull_reads_only_what_has_changed(
    label_studio: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotation.studio.pull, "MARGIN", 0.0)
    tasks = made_tasks(4)
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(tasks)
        for query in ("q000", "q001", "q002"):
            desk.submit("amara", query)
        time.sleep(1.1)  # The server's clock tells whole seconds: what is pushed in the second of a pull is read again.
        assert desk.pull(tasks).summary.projects_read_whole == 2
        nothing = desk.pull(tasks)
        desk.submit("bo", "q003")
        one = desk.pull(tasks)
    assert nothing.summary.projects_read_whole == one.summary.projects_read_whole == 0
    assert nothing.summary.read == 0
    assert one.summary.read == 1
    assert sum(len(task.annotations) for task in one.export.tasks) == 4


def test_a_damaged_memory_is_made_anew(label_studio: Running, tmp_path: Path) -> None:
    tasks = made_tasks(2)
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(tasks)
        desk.submit("amara", "q000")
        first = desk.pull(tasks)
        path = remembered_path(tmp_path, label_studio.url, desk.review.project)
        path.write_bytes(path.read_bytes().replace(b"accept", b"reject"))
        second = desk.pull(tasks)
    assert second.summary.projects_read_whole == 2
    assert second.export == first.export


def test_another_server_or_title_does_not_empty_the_export(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path) as desk, pytest.raises(UserError, match="has no project of 'Test"):
        desk.pull(made_tasks(3))


def test_an_export_whose_judgements_are_gone_is_kept(label_studio: Running, tmp_path: Path) -> None:
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(made_tasks(2))
        deleted, spoofed = desk.submit("amara", "q000"), desk.submit("amara", "q001")
        path = tmp_path / "reviews.json"
        assert write_pulled(desk.pull(made_tasks(2)), path) == 0
        before = path.read_bytes()
        desk.line().write("DELETE", f"/api/annotations/{deleted}", {})
        desk.line().write("PATCH", f"/api/annotations/{spoofed}", {"completed_by": 1})

        # The one that is in quarantine now has not gone.
        assert write_pulled(desk.pull(made_tasks(2)), path) == 1
        assert earlier_path(path).read_bytes() == before
        assert write_pulled(desk.pull(made_tasks(2)), path) == 0
        assert earlier_path(path).read_bytes() == before
