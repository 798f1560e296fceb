"""Partitions on a local cluster and on one at an address; what a failing one leaves."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from pipeline import cluster
from pipeline.cluster import AHEAD, LARGEST_BATCH, batched
from pipeline.errors import LimiError, UserError
from pipeline.partitions import run_partitions
from pipeline.sections import Dask

LOCAL = Dask(scheduler="local", workers=2, memory_per_worker="1GiB")
ONE = LOCAL.model_copy(update={"workers": 1})


def square(number: int) -> int:
    return number * number


def refuse_three(number: int) -> int:
    if number == 3:
        raise UserError("three is not wanted; give another number")
    return number


def leave_a_mark(number: int, folder: str) -> None:
    (Path(folder) / f"{number}").touch()


def die(number: int) -> int:
    os._exit(1)


def leave_a_mark_and_refuse_three(number: int, folder: str) -> None:
    leave_a_mark(number, folder)
    refuse_three(number)


def process_id(number: int) -> int:
    return os.getpid()


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=str(tmp_path),
    ) as started:
        yield started.scheduler_address


def test_every_partition_gives_its_result_once() -> None:
    results = run_partitions(square, [(number,) for number in range(40)], LOCAL, "squares")
    assert sorted(results) == [n * n for n in range(40)]


def test_no_partition_starts_no_cluster() -> None:
    nowhere = Dask(scheduler="tcp://127.0.0.1:9", workers=0, memory_per_worker="1GiB")
    assert list(run_partitions(square, [], nowhere, "nothing")) == []


def test_what_one_local_worker_would_do_is_done_here() -> None:
    assert list(run_partitions(process_id, [(1,), (2,), (3,)], ONE, "who")) == [os.getpid()] * 3


@pytest.mark.parametrize("partitions", [1, 2])
def test_what_several_have_to_do_is_not_done_here(partitions: int) -> None:
    """The last partition of many as well: the limit of memory is each worker's."""
    found = set(run_partitions(process_id, [(number,) for number in range(partitions)], LOCAL, "who"))
    assert found and os.getpid() not in found


def test_an_error_ends_the_work_that_is_done_here(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="three is not wanted"):
        partitions = [(number, str(tmp_path)) for number in (2, 3, 4)]
        list(run_partitions(leave_a_mark_and_refuse_three, partitions, ONE, "numbers"))
    assert {path.name for path in tmp_path.iterdir()} == {"2", "3"}


def test_a_scheduler_at_an_address_does_the_work_elsewhere(address: str) -> None:
    there = Dask(scheduler=address, workers=0, memory_per_worker="1GiB")
    assert sorted(run_partitions(square, [(3,), (4,)], there, "squares")) == [9, 16]
    assert os.getpid() not in set(run_partitions(process_id, [(1,), (2,)], there, "who"))


def test_a_worker_with_another_version_of_the_project_does_nothing(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "code_fingerprint", lambda module: "another")  # here; the worker has its own
    there = Dask(scheduler=address, workers=0, memory_per_worker="1GiB")
    with pytest.raises(UserError, match="has another version of this project"):
        list(run_partitions(square, [(3,)], there, "squares"))


def test_no_scheduler_at_the_address_is_a_sentence() -> None:
    nowhere = Dask(scheduler="tcp://127.0.0.1:9", workers=0, memory_per_worker="1GiB")
    began = time.monotonic()
    with dask.config.set({"limi.scheduler-timeout": "1s"}), pytest.raises(UserError, match="no scheduler answered"):
        list(run_partitions(square, [(1,)], nowhere, "squares"))
    assert time.monotonic() - began > 1.0, "it was not waited for"


def test_a_word_that_is_no_address_is_a_sentence() -> None:
    with pytest.raises(UserError, match="no scheduler answered there"):
        list(run_partitions(square, [(1,)], Dask(scheduler="loacl", workers=0, memory_per_worker="1GiB"), "squares"))


def test_the_error_of_a_partition_arrives_as_it_is() -> None:
    with pytest.raises(UserError, match="three is not wanted"):
        list(run_partitions(refuse_three, [(number,) for number in range(5)], LOCAL, "numbers"))


def test_only_a_few_partitions_are_handed_out_at_a_time(tmp_path: Path) -> None:
    done = tmp_path / "done"
    done.mkdir()
    results = run_partitions(leave_a_mark, [(number, str(done)) for number in range(400)], LOCAL, "marks")
    next(results)
    results.close()  # what was not handed out is not done
    assert 0 < len(list(done.iterdir())) <= LARGEST_BATCH * (2 * AHEAD + 1)


@pytest.mark.parametrize(
    ("number", "threads", "sizes"),
    [
        (0, 2, []),
        (3, 2, [1, 1, 1]),
        (20, 1, [5, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1]),
        (100, 2, [8, 8, 8, 8, 8, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2, 2, 2] + [1] * 15),
    ],
)
def test_partitions_come_in_batches_that_get_smaller_towards_the_end(
    number: int, threads: int, sizes: list[int]
) -> None:
    batches = list(batched([(at,) for at in range(number)], threads))
    assert [len(batch) for batch in batches] == sizes
    assert [at for batch in batches for (at,) in batch] == list(range(number))


def test_a_partition_that_kills_its_worker_is_a_failure_that_says_what_to_do() -> None:
    with pytest.raises(LimiError, match=r"dask\.memory_per_worker"):
        list(run_partitions(die, [(1,)], LOCAL, "deadly"))
