"""Partitions on a Dask cluster; pipeline/partitions.py says when there is one.

`dask.scheduler: local` starts worker processes on this machine for the time of a stage; an address uses a cluster that is
there already (its workers need this project installed and the same folder mounted).
"""

import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from pipeline.errors import LimiError, UserError
from pipeline.fingerprint import code_fingerprint
from pipeline.sections import Dask

Result = TypeVar("Result")
# Dask keeps its last ten thousand events for who looks for a fault in Dask; a run would grow until they are full.
_SHORT_LOGS = {
    f"distributed.admin.{name}": 100 for name in ("log-length", "low-level-log-length", "system-monitor.log-length")
}
# A worker has one core, and nobody looks at Dask's profile of it, which takes every tenth of its time.
ALONE = {
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    **{f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": str(most) for name, most in _SHORT_LOGS.items()},
}
AHEAD = 3  # batches handed out for each worker, so that none waits for the next
LARGEST_BATCH = 8  # partitions; handing out costs the scheduler a few milliseconds, a partition some tens
TURNS = 4  # a batch is at most this part of what each worker still has to do, so that all end at about the same time


def run_on_cluster(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    """Call `function(*partition)` for each partition on the cluster; gives the results as they come, in any order.

    A plain function over explicit partitions, because Dask may call a function it does not know the result type of on made-up
    rows. Only a few partitions for each worker are handed out at a time, so that neither this process nor the scheduler grows
    with their number.
    """
    with _client(where, len(partitions)) as client:
        threads = max(1, sum(client.nthreads().values()))
        module = _module_of(function)
        code = code_fingerprint(module)
        waiting = batched(partitions, threads)
        handed_out: set[Future[list[Result]]] = set()
        coming = as_completed()

        def hand_out(number: int) -> None:
            for batch in islice(waiting, number):
                future = client.submit(_work, function, module, code, batch, pure=False, retries=0)
                handed_out.add(future)
                coming.add(future)

        def results() -> Iterator[Result]:
            hand_out(AHEAD * threads)
            for future in coming:
                handed_out.discard(future)
                yield from future.result()
                hand_out(1)

        try:
            yield from results()
        except KilledWorker as error:
            raise LimiError(
                f"{title}: a worker was killed again and again, most likely for memory ({error}). Raise dask.memory_per_worker "
                "or lower dask.workers in params.yaml (1: no worker and no limit) and run again; finished partitions are kept"
            ) from None
        finally:
            client.cancel(list(handed_out))


def batched(partitions: Sequence[tuple[Any, ...]], threads: int) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The partitions in order, several together while many are left, one by one at the end (guided self-scheduling)."""
    start = 0
    while left := len(partitions) - start:
        size = min(max(left // (threads * TURNS), 1), LARGEST_BATCH)
        yield partitions[start : start + size]
        start += size


def _module_of(function: Callable[..., Any]) -> str:
    """The module a function was written in, also if that module is the program that runs (`python -m stages.NAME`)."""
    spec = sys.modules["__main__"].__spec__ if function.__module__ == "__main__" else None
    return spec.name if spec else function.__module__


def _work(function: Callable[..., Result], module: str, code: str, batch: Sequence[tuple[Any, ...]]) -> list[Result]:
    """On a worker: call the function if it is the one that was meant, for a worker brings its own copy of this project."""
    if code_fingerprint(module) != code:
        raise UserError(
            f"the worker on {socket.gethostname()} has another version of this project. Install this one there and start the worker anew"
        )
    return [function(*partition) for partition in batch]


@contextmanager
def _client(where: Dask, partitions: int) -> Iterator[Client]:
    if where.scheduler != "local":
        try:
            client = Client(where.scheduler, timeout=dask.config.get("limi.scheduler-timeout", "10s"))
        except (OSError, ValueError) as error:
            raise UserError(
                f"dask.scheduler in params.yaml is {where.scheduler!r}, and no scheduler answered there ({error}). "
                "Start one with `dask scheduler`, or use `local`"
            ) from None
        with client:
            yield client
        return
    workers = min(where.workers or os.cpu_count() or 1, partitions)
    # One thread each: Polars and git bring their own parallelism, and several tokenizers hold the interpreter lock.
    with (
        dask.config.set(_SHORT_LOGS),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # with None, Dask takes a fixed port and complains where another run has it
            memory_limit=where.memory_per_worker,
            local_directory=".limi/dask",
            silence_logs="CRITICAL",  # a task's error comes back to us; a worker need not print its traceback as well
            env=ALONE,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
