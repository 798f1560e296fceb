"""A model's server on this machine that answers as a test wants, edge by edge, and counts what it was asked.

In the test's own event loop: `async with serving(answer) as server`. In a process of its own, for a client that is killed or
measured: `python -m tests.pipeline.llm.loopback LATENCY`, which prints its port and then, for each line read, its count.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

CUT = b""  # an answer that is none: the connection is closed


@dataclass
class Asked:
    """One request as it came."""

    number: int
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def question(self) -> str:
        return str(json.loads(self.body)["messages"][-1]["content"])


Handler = Callable[[Asked], Awaitable[bytes]]


@dataclass
class Server:
    """What a test sees of the server."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    on_their_way: int = 0
    most_at_once: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


def http(status: int, body: bytes, **headers: str) -> bytes:
    """A whole HTTP answer; `retry_after` is the header `retry-after`."""
    lines = [f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def completion(text: str | None = "yes", taken: int = 10, given: int = 5, **changes: Any) -> bytes:
    """The body of a chat completion."""
    message = {"role": "assistant", "content": text, "refusal": changes.pop("refusal", None)}
    choice = {"index": 0, "message": message, "finish_reason": changes.pop("finish_reason", "stop")}
    usage = {"prompt_tokens": taken, "completion_tokens": given, "total_tokens": taken + given}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps(body | changes).encode()


def error(status: int, code: str = "", message: str = "no", **headers: str) -> bytes:
    """An error as OpenAI spells it."""
    return http(status, json.dumps({"error": {"code": code, "message": message, "type": "error"}}).encode(), **headers)


def _is_whole(answer: bytes) -> bool:
    """Whether the client will know where it ends; else the connection is closed."""
    head, _, body = answer.partition(b"\r\n\r\n")
    stated = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return stated.isdigit() and int(stated) == len(body)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    """A server in this event loop, for as long as the block runs."""
    known = Server()
    tasks: set[asyncio.Task[Any] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").rstrip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                one = Asked(len(known.asked), first.split()[1], headers, body)
                known.asked.append(one)
                known.on_their_way += 1
                known.most_at_once = max(known.most_at_once, known.on_their_way)
                try:
                    answer = await handler(one)
                finally:
                    known.on_their_way -= 1
                writer.write(answer)
                await writer.drain()
                if not _is_whole(answer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1_000)
    known.port = server.sockets[0].getsockname()[1]
    try:
        yield known
    finally:
        server.close()
        for task in tasks:
            if task:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


async def _main(latency: float) -> None:
    async def answer(asked: Asked) -> bytes:
        known.asked.clear()  # a long run must not grow this process
        counted[0] += 1
        await asyncio.sleep(latency)
        return http(200, body)

    counted = [0]
    body = completion("An answer of some words, as a model gives them. " * 20, taken=500, given=250)
    async with serving(answer) as known:
        print(known.port, flush=True)  # noqa: T201
        while await asyncio.to_thread(sys.stdin.readline):
            print(counted[0], flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))
