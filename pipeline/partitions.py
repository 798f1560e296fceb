"""The one place that knows where partitions are worked on: in the stage's own process, or on a cluster (pipeline/cluster.py)."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pipeline.progress import track
from pipeline.sections import Dask

Result = TypeVar("Result")


def run_partitions(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    """Call `function(*partition)` for each partition; gives the results as they come, in any order.

    The first error ends the run: what is under way is cancelled, what was finished stays. What one local worker would do alone is
    done in this process, without a limit of memory: the start of a cluster takes longer than small partitions do.
    """
    if partitions:
        yield from track(_results(function, partitions, where, title), len(partitions), title)


def _results(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    workers = min(where.workers or os.cpu_count() or 1, len(partitions))
    if where.scheduler == "local" and workers == 1:
        for partition in partitions:
            yield function(*partition)
        return
    from pipeline.cluster import run_on_cluster  # here, as Dask takes longer to import than some stages to run

    yield from run_on_cluster(function, partitions, where, workers, title)
