"""The suite gives the same answers in several processes as in one."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.parallel import LONG, made_once, place, unit


def test_the_tests_of_a_file_share_a_process_with_no_other_file() -> None:
    assert unit("tests/pipeline/test_patch.py") == unit("tests/pipeline/test_patch.py")
    assert unit("tests/pipeline/test_patch.py") != unit("tests/pipeline/test_paths.py")


def test_all_tests_with_a_label_studio_share_a_process() -> None:
    names = ("browser/test_layout.py", "server/test_process.py", "studio/test_kills.py")
    assert {unit(f"tests/annotation/{name}") for name in names} == {"Label Studio"}
    assert unit("tests/annotation/test_reviews.py") != "Label Studio"


def test_what_takes_longest_begins_first() -> None:
    paths = ["tests/annotation/test_tasks.py", "tests/stages/test_demo_run.py", "tests/annotation/studio/test_kills.py"]
    assert sorted(paths, key=place) == paths[::-1]
    assert [folder for folder in LONG if place(f"{folder}test_x.py") != LONG.index(folder)] == []


def test_the_suite_runs_in_this_order(request: pytest.FixtureRequest) -> None:
    places = [place(item.nodeid) for item in request.session.items]
    assert places == sorted(places)


def test_what_is_made_once_is_made_by_one_and_awaited_by_all(tmp_path: Path) -> None:
    made = []

    def make(folder: Path) -> None:
        made.append(folder)
        time.sleep(0.1)
        folder.mkdir()
        (folder / "last").touch()

    with ThreadPoolExecutor(4) as processes:
        seen = list(processes.map(lambda _: (made_once(tmp_path, "run", make) / "last").exists(), range(4)))
    assert seen == [True] * 4 and made == [tmp_path / "run"]


def test_what_could_not_be_made_is_made_anew(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        made_once(tmp_path, "run", fail)
    assert made_once(tmp_path, "run", Path.mkdir).exists()
