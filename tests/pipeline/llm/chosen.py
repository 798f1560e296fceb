"""Parameters, questions and a door as the tests of this room want them."""

import asyncio
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from pipeline.llm.client import ModelDoor
from pipeline.llm.clock import Clock, VirtualClock
from pipeline.llm.request import Request
from pipeline.llm.store import Store
from pipeline.sections import Model
from tests.pipeline.llm.loopback import Server

SECRET = "sk-loopback-0123456789abcdef"  # noqa: S105 - a made-up key that must be seen nowhere
Result = TypeVar("Result")


class Chosen(Model):
    """The section `model` of the parameters, with a value for every key that a test does not name."""

    endpoint: str = "https://api.openai.com/v1"
    name: str = "gpt-5"
    structured: Literal["json_schema", "json_object", "off"] = "json_schema"
    max_output_tokens: int = 100
    limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    temperature: float | None = None
    reasoning_effort: str = ""
    concurrency: int = 10
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    max_usd: float = 1.0
    mode: Literal["direct", "batch"] = "direct"
    timeout_seconds: float = 5
    tries: int = 3


def question(text: str = "Is it?", **changes: Any) -> Request:
    """A request for a plain answer."""
    given: dict[str, Any] = {
        "model": "gpt-5",
        "messages": ({"role": "system", "content": "Answer."}, {"role": "user", "content": text}),
        "schema_name": "",
        "schema": None,
        "max_output_tokens": 100,
        "temperature": None,
        "reasoning_effort": "",
    }
    return Request(**given | changes)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a test's coroutine; none takes long."""
    return asyncio.run(asyncio.wait_for(work, 30))


@asynccontextmanager
async def door_to(server: Server, folder: Path, clock: Clock | None = None, **changes: Any) -> AsyncIterator[ModelDoor]:
    """A door to a server, with a store in a folder, on a clock that does not wait."""
    store = Store(folder)
    try:
        chosen = Chosen(endpoint=server.endpoint, **changes)
        async with ModelDoor(chosen, store, SECRET, clock or VirtualClock(), random.Random(7)) as door:  # noqa: S311 - for waits
            yield door
    finally:
        store.close()
