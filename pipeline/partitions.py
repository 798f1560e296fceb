"""The one place that knows where partitions are worked on: in the stage's own process, or on a cluster (pipeline/cluster.py)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from pipeline.progress import track
from pipeline.sections import Dask

Result = TypeVar("Result")


def run_partitions(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    """Call `function(*partition)` for each partition; gives the results as they come, in any order.

    The first error ends the run: what is under way is cancelled, what was finished stays. With one local worker the work is done in
    this process, without a limit of memory: the start of a cluster takes longer than small partitions do.
    """
    if partitions:
        yield from track(_results(function, partitions, where, title), len(partitions), title)


def _results(
    function: Callable[..., Result], partitions: Sequence[tuple[Any, ...]], where: Dask, title: str
) -> Iterator[Result]:
    # Asked for, not what comes out: where one partition is left for several workers, their limit of memory holds for it as well.
    if where.scheduler == "local" and where.workers == 1:
        for partition in partitions:
            yield function(*partition)
        return
    from pipeline.cluster import run_on_cluster  # here, as Dask takes longer to import than some stages to run

    yield from run_on_cluster(function, partitions, where, title)
