"""Progress bars on standard error: drawn where a person watches, one line at the end where nobody does."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, title: str) -> Iterator[Item]:
    """Yield the items and show how many of `total` have come."""
    if not sys.stderr.isatty():
        started, seen = time.monotonic(), 0
        for item in items:
            yield item
            seen += 1
        print(f"{title}: {seen} of {total} in {time.monotonic() - started:.1f} s", file=sys.stderr)  # noqa: T201
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield from progress.track(items, total=total, description=title)
