"""Run a function over many items, a few at a time, so that memory does not grow with their number."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def each(
    items: Iterable[Item], function: Callable[[Item], Awaitable[Result]], at_once: int
) -> AsyncGenerator[Result, None]:
    """The results, in the order in which they are ready; at most `at_once` items are being worked on or wait to be taken.

    The first error cancels the others and is raised, and so does leaving the loop early.
    """

    async def work(item: Item) -> Result:
        return await function(item)

    waiting = iter(items)
    tasks: set[asyncio.Task[Result]] = set()
    ready: asyncio.Queue[asyncio.Task[Result]] = asyncio.Queue()
    try:
        while True:
            while len(tasks) < at_once:
                try:
                    item = next(waiting)
                except StopIteration:
                    break
                task = asyncio.create_task(work(item))
                tasks.add(task)
                task.add_done_callback(ready.put_nowait)
            if not tasks:
                return
            done = await ready.get()
            tasks.discard(done)
            yield done.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
