"""Kill -9 of the client and of the server, in a push and in a pull: the same command again completes it, without loss or double."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import LimiError
from tests.annotation.server.running import Running
from tests.annotation.studio.at_work import started
from tests.annotation.studio.desk import Desk, made_tasks

TASKS = 600  # for two people, so two imports for each


def assert_whole(desk: Desk, tasks: int) -> None:
    """Each of the two people has each task once."""
    for name in desk.review.annotators:
        held = Counter(task["meta"]["query_id"] for task in desk.tasks_of(name))
        assert len(held) == tasks
        assert set(held.values()) == {1}


def killed(desk: Desk, what: str, count: int, at: str, wait: float) -> None:
    """Kill a push or pull so many seconds after it has said that it does something."""
    with started(what, desk, count) as process:
        assert process.stdout is not None
        if not any(line.startswith(at) for line in process.stdout):
            pytest.fail("it ended before it could be killed")
        time.sleep(wait)
        process.kill()


def with_the_server_killed(running: Running, wait: float, work: Callable[[Callable[..., None]], object]) -> None:
    """Do work whose first progress leads to the server's end so many seconds later, and start the server again."""
    begun = threading.Event()

    def kill() -> None:
        begun.wait(60)
        time.sleep(wait)
        running.kill9()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(LimiError, match="Label Studio does not answer"):
            work(lambda what, *_: begun.set() if what.startswith(("importing", "reading the project")) else None)
    finally:
        begun.set()
        killer.join()
        running.restart()


@pytest.mark.parametrize(
    ("at", "wait"),
    [
        ("importing tasks of amara 0", 0.0),
        ("importing tasks of amara 0", 0.1),
        ("importing tasks of amara 500", 0.05),
    ],
)
def test_a_client_killed_in_a_push(label_studio: Running, tmp_path: Path, at: str, wait: float) -> None:
    with Desk(label_studio, tmp_path, people=2) as desk:
        killed(desk, "push", TASKS, at, wait)
        desk.push(made_tasks(TASKS))
        assert_whole(desk, TASKS)


@pytest.mark.parametrize("at", ["reading the project of amara", "reading the project of bo"])
def test_a_client_killed_in_a_pull(label_studio: Running, tmp_path: Path, at: str) -> None:
    tasks = made_tasks(3)
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(tasks)
        desk.submit("amara", "q000")
        desk.pull(tasks)
        desk.submit("bo", "q000")
        killed(desk, "pull", 3, at, 0.02)
        assert [given.annotator for given in desk.pull(tasks).export.tasks[0].annotations] == ["amara", "bo"]


def test_a_server_killed_in_a_push(any_label_studio: Running, tmp_path: Path) -> None:
    tasks = made_tasks(TASKS)
    with Desk(any_label_studio, tmp_path, people=2) as desk:
        with_the_server_killed(any_label_studio, 0.1, lambda progress: desk.push(tasks, progress=progress))
        desk.push(tasks)
        assert_whole(desk, TASKS)


def test_a_server_killed_in_a_pull(label_studio: Running, tmp_path: Path) -> None:
    tasks = made_tasks(3)
    with Desk(label_studio, tmp_path, calibration=0, people=2) as desk:
        desk.push(tasks)
        desk.submit("amara", "q000")

        def pull_until_it_fails(progress: Callable[..., None]) -> None:
            for _ in range(100):
                desk.pull(tasks, full=True, progress=progress)

        with_the_server_killed(label_studio, 0.0, pull_until_it_fails)
        assert [given.annotator for given in desk.pull(tasks).export.tasks[0].annotations] == ["amara"]
