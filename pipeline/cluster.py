"""The one place that knows where partitions are worked on.

`dask.scheduler: local` starts worker processes on this machine for the time of a stage; an address uses a cluster that is
there already (its workers need this project installed and the same folder mounted).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from distributed import Client, KilledWorker, LocalCluster, as_completed

from pipeline.errors import LimiError, UserError
from pipeline.params import Dask
from pipeline.progress import track

Result = TypeVar("Result")


def run_partitions(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> list[Result]:
    """Call `function(*partition)` for each partition on the cluster; results in the order of the partitions.

    The first error ends the run: what is under way is cancelled, what was finished stays. A plain function over explicit
    partitions, because Dask may call a function it does not know the result type of on made-up rows.
    """
    if not partitions:
        return []
    with _client(where, len(partitions)) as client:
        futures = [client.submit(function, *partition, pure=False, retries=0) for partition in partitions]
        place = {future.key: at for at, future in enumerate(futures)}
        results: dict[int, Result] = {}
        try:
            for future in track(as_completed(futures), len(futures), title):
                results[place[future.key]] = future.result()
                future.release()
        except KilledWorker as error:
            raise LimiError(
                f"{title}: a worker was killed again and again, most likely for memory ({error}). Raise dask.memory_per_worker "
                "or lower dask.workers in params.yaml and run again; finished partitions are kept"
            ) from None
        finally:
            client.cancel(futures)
    return [results[at] for at in range(len(partitions))]


@contextmanager
def _client(where: Dask, partitions: int) -> Iterator[Client]:
    if where.scheduler != "local":
        try:
            client = Client(where.scheduler, timeout="10s")
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
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=where.memory_per_worker,
            local_directory=".limi/dask",
            silence_logs="CRITICAL",  # a task's error comes back to us; a worker need not print its traceback as well
            env={"POLARS_MAX_THREADS": "1"},
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
