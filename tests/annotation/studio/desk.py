"""What the tests of pushing and pulling share: a review on a real server, its tasks, and people who work through their own accounts."""

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from annotation.interface import PROJECT_SETTINGS, interface
from annotation.studio.connection import Connection, RefusedError
from annotation.studio.projects import Appearance, Place, find_places
from annotation.studio.pull import PullResult, pull
from annotation.studio.push import PushSummary, push, push_disputed
from pipeline.files import sha256_text
from pipeline.sections import Review
from tests.annotation.server.running import Running
from tests.annotation.submitted import answers

APPEARANCE = Appearance(interface(), "<p>Judge each query.</p>", PROJECT_SETTINGS)
ANNOTATORS = ("amara", "bo", "chidi", "dana")
_numbers = itertools.count()


def made_task(name: str, version: int = 0) -> dict[str, Any]:
    """A task of data/tasks.json with little to show. Another version is another text of the same query."""
    text = f"Please mend {name}, {version}."
    shown = dict.fromkeys(("title_html", "body_html", "diff_html", "criteria_html"), "<p>-</p>")
    return {
        "data": {"pr_ref": "acme/parser#1", **shown, "query": text, "judge_html": ""},
        "meta": {"query_id": name, "query_sha256": sha256_text(text), "task_sha256": sha256_text(f"facts of {text}")},
    }


def made_tasks(count: int) -> list[dict[str, Any]]:
    return [made_task(f"q{number:03}") for number in range(count)]


class Desk:
    """One review on a server that others use as well: told apart by its title."""

    def __init__(self, running: Running, folder: Path, overlap: int = 2, calibration: int = 3, people: int = 4) -> None:
        self.running = running
        self.folder = folder
        self._lines: dict[str, Connection] = {}
        self._places: dict[str, Place] = {}
        accounts = running.accounts
        self.review = Review(
            annotators={name: accounts[name].email for name in ANNOTATORS[:people]},
            adjudicators={"erin": accounts["erin"].email},
            overlap=overlap,
            calibration=calibration,
            show_judge=False,
            server=running.url,
            project=f"Test {os.getpid()} {next(_numbers)}",
            export="reviews.json",
        )

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines.values():
            line.__exit__()

    def line(self, name: str = "limi") -> Connection:
        """A connection with this person's own key; without a name, the owner's."""
        if name not in self._lines:
            self._lines[name] = Connection(self.running.url, self.running.accounts[name].token)
        return self._lines[name]

    def push(self, tasks: list[dict[str, Any]], **more: Any) -> PushSummary:
        return push(self.line(), tasks, self.review, 7, APPEARANCE, self.folder, **more)

    def push_disputed(self, tasks: list[dict[str, Any]]) -> PushSummary:
        self._places = {}
        return push_disputed(self.line(), tasks, self.review, 7, APPEARANCE, self.folder)

    def pull(self, tasks: list[dict[str, Any]], **more: Any) -> PullResult:
        return pull(self.line(), tasks, self.review, self.folder, **more)

    def places(self) -> dict[str, Place]:
        if self.review.annotators.keys() - self._places.keys():
            self._places = {place.name: place for place in find_places(self.line(), self.review.project)}
        return self._places

    def tasks_of(self, name: str) -> list[dict[str, Any]]:
        """Everything in a person's project, as the server shows it to its owner."""
        answer = self.line().read("/api/tasks", project=self.places()[name].project, page_size=1000, fields="all")
        found: list[dict[str, Any]] = answer["tasks"]
        return found

    def task_of(self, name: str, query_id: str) -> dict[str, Any]:
        (found,) = [task for task in self.tasks_of(name) if task["meta"].get("query_id") == query_id]
        return found

    def submit(self, name: str, query_id: str, result: Any = None, by: str = "", **fields: Any) -> int:
        """Submit answers on a person's task, by default as that person, and return the annotation's id."""
        task = self.task_of(name, query_id)["id"]
        return submit(self.line(by or name), task, result, **fields)

    def work_through(self, name: str, limit: int = 1000) -> list[dict[str, Any]]:
        """Take what `/next` gives and submit it, until there is nothing left; the tasks as they were handed out."""
        line, project = self.line(name), self.places()[name].project
        seen: list[dict[str, Any]] = []
        while len(seen) < limit and (task := next_task(line, project)) is not None:
            seen.append(task)
            submit(line, task["id"])
        return seen

    def all_work_through(self) -> dict[str, list[dict[str, Any]]]:
        """All annotators at once, each through their own key."""
        with ThreadPoolExecutor(len(self.review.annotators)) as pool:
            return dict(zip(self.review.annotators, pool.map(self.work_through, self.review.annotators), strict=True))


def next_task(line: Connection, project: int) -> dict[str, Any] | None:
    """The task that Label Studio hands out next; None when there is none."""
    try:
        task: dict[str, Any] = line.read(f"/api/projects/{project}/next")
    except RefusedError as error:
        assert error.status == 404, error
        return None
    return task


def submit(line: Connection, task: int, result: Any = None, **fields: Any) -> int:
    body = {"result": answers() if result is None else result, "lead_time": 12.5, **fields}
    made: dict[str, Any] = line.write("POST", f"/api/tasks/{task}/annotations", body, again=False)
    return int(made["id"])
