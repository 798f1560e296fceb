"""The one place that knows where partitions are worked on.

`dask.scheduler: local` starts worker processes on this machine for the time of a stage; an address uses a cluster that is
there already (its workers need this project installed and the same folder mounted).
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from pipeline.errors import LimiError, UserError
from pipeline.fingerprint import code_fingerprint
from pipeline.params import Dask
from pipeline.progress import track

Result = TypeVar("Result")
AHEAD = 3  # partitions handed out for each worker, so that none waits for the next


def run_partitions(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    """Call `function(*partition)` for each partition on the cluster; gives the results as they come, in any order.

    The first error ends the run: what is under way is cancelled, what was finished stays. A plain function over explicit
    partitions, because Dask may call a function it does not know the result type of on made-up rows. Only a few partitions for
    each worker are handed out at a time, so that neither this process nor the scheduler grows with their number.
    """
    if not partitions:
        return
    with _client(where, len(partitions)) as client:
        waiting, code = iter(partitions), code_fingerprint(function.__module__)
        handed_out: set[Future[Result]] = set()
        coming = as_completed()

        def hand_out(number: int) -> None:
            for partition in islice(waiting, number):
                future = client.submit(_same_code, function, code, partition, pure=False, retries=0)
                handed_out.add(future)
                coming.add(future)

        try:
            hand_out(AHEAD * max(1, sum(client.nthreads().values())))
            for future in track(coming, len(partitions), title):
                handed_out.discard(future)
                yield future.result()
                hand_out(1)
        except KilledWorker as error:
            raise LimiError(
                f"{title}: a worker was killed again and again, most likely for memory ({error}). Raise dask.memory_per_worker "
                "or lower dask.workers in params.yaml and run again; finished partitions are kept"
            ) from None
        finally:
            client.cancel(list(handed_out))


def _same_code(function: Callable[..., Result], code: str, partition: tuple[Any, ...]) -> Result:
    """On a worker: call the function if it is the one that was meant, for a worker brings its own copy of this project."""
    if code_fingerprint(function.__module__) != code:
        raise UserError(
            f"the worker on {socket.gethostname()} has another version of this project. Install this one there and start the worker anew"
        )
    return function(*partition)


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
            dashboard_address="127.0.0.1:0",  # with None, Dask takes a fixed port and complains where another run has it
            memory_limit=where.memory_per_worker,
            local_directory=".limi/dask",
            silence_logs="CRITICAL",  # a task's error comes back to us; a worker need not print its traceback as well
            env={"POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"},
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
