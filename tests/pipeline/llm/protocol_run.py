"""One run of the door against a server of the model API: the store it keeps, the time it waited, the money it spent."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from pipeline.llm.client import ModelDoor
from pipeline.llm.clock import VirtualClock
from pipeline.llm.reply import Reply
from pipeline.llm.request import Request, key_of
from pipeline.llm.store import Store
from tests.pipeline.llm.chosen import Chosen, question
from tests.servers.model.server import Fixture

KEY = "sk-a-secret-of-nobody"
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
COST = 100 * 1_250 + 10 * 10_000  # billionths of a dollar, at 1.25 and 10 dollars per million tokens
GREEN = {"content": "green", "usage": USAGE}
TREE = question("a tree")
Result = TypeVar("Result")


def error(status: int, code: str = "", **more: object) -> dict[str, object]:
    return {
        "error": {"message": f"{KEY} was not served", "type": "server_error", "code": code},
        "status": status,
        **more,
    }


def one_after_the_other(*answers: dict[str, Any]) -> list[Fixture]:
    """Fixtures for `a tree`. What stands under the key `chaos` is a fault that aimock makes in place of the answer."""
    return [
        {
            "match": {"userMessage": "a tree", "sequenceIndex": number},
            "response": {name: value for name, value in answer.items() if name != "chaos"},
            **({"chaos": answer["chaos"]} if "chaos" in answer else {}),
        }
        for number, answer in enumerate(answers)
    ]


class Run:
    """One run of the door against a server, in a store of its own."""

    def __init__(self, endpoint: str, folder: Path, **changes: Any) -> None:
        self.chosen = Chosen(endpoint=endpoint, **{"timeout_seconds": 30} | changes)
        self.folder = folder
        self.clock = VirtualClock()
        self.began = self.clock.now()

    def through(self, work: Callable[[ModelDoor], Awaitable[Result]]) -> Result:
        with closing(Store(self.folder)) as store:

            async def run() -> Result:
                door = ModelDoor(self.chosen, store, KEY, self.clock, random.Random(1))  # noqa: S311
                async with door:
                    return await work(door)

            return asyncio.run(run())

    def ask(self, asked: Request = TREE) -> Reply:
        return self.through(lambda door: door.ask(asked))

    @property
    def waited(self) -> float:
        return self.clock.now() - self.began

    @property
    def spent(self) -> int:
        with closing(Store(self.folder)) as store:
            return store.spent

    def kept_unread(self) -> list[bytes]:
        with closing(Store(self.folder)) as store:
            return [raw for _, raw in store.unread(key_of(TREE, self.chosen))]
