"""Progress bars on standard error: drawn where a person watches; where nobody does, a line at the end, for long work every half minute."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")
REPORT_EVERY = 30.0  # seconds, where nobody watches


def track(items: Iterable[Item], total: int, title: str) -> Iterator[Item]:
    """Yield the items and show how many of `total` have come."""
    if not sys.stderr.isatty():
        started, seen = time.monotonic(), 0
        for item in items:
            yield item
            seen += 1
        print(f"{title}: {seen} of {total} in {time.monotonic() - started:.1f} s", file=sys.stderr)  # noqa: T201
        return
    with Progress(*_columns(), console=Console(stderr=True)) as progress:
        yield from progress.track(items, total=total, description=title)


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


@contextmanager
def counting(total: int, title: str) -> Iterator[Callable[[str], None]]:
    """Gives what to call after each of `total` items, with a note such as the money spent so far."""
    started = said = time.monotonic()
    seen, latest = 0, ""
    bar = Progress(*_columns(), TextColumn("{task.fields[note]}"), console=Console(stderr=True))
    watched = sys.stderr.isatty()
    task = bar.add_task(title, total=total, note="")

    def step(note: str) -> None:
        nonlocal seen, latest, said
        seen, latest = seen + 1, note
        if watched:
            bar.update(task, advance=1, note=note)
        elif time.monotonic() - said > REPORT_EVERY:
            said = time.monotonic()
            tell()

    def tell() -> None:
        note = f", {latest}" if latest else ""
        print(f"{title}: {seen} of {total} in {time.monotonic() - started:.1f} s{note}", file=sys.stderr)  # noqa: T201

    if watched:
        with bar:
            yield step
    else:
        try:
            yield step
        finally:
            tell()


@contextmanager
def following() -> Iterator[Callable[[str, int, int], None]]:
    """Gives what to call with a title, how much is done and of how much: for work whose parts are known only as they come."""
    watched = sys.stderr.isatty()
    bar = Progress(*_columns(), console=Console(stderr=True))
    tasks: dict[str, TaskID] = {}
    said = time.monotonic()

    def follow(title: str, done: int, total: int) -> None:
        nonlocal said
        if watched:
            if title not in tasks:
                tasks[title] = bar.add_task(title, total=total)
            bar.update(tasks[title], completed=done, total=total)
        elif time.monotonic() - said > REPORT_EVERY:
            said = time.monotonic()
            print(f"{title}: {done} of {total}", file=sys.stderr)  # noqa: T201

    with bar if watched else nullcontext():
        yield follow
