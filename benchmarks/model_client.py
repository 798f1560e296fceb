"""What the door to the model costs beside the bare openai client, and whether its memory grows with the number of requests.

    python -m benchmarks.model_client

Needs: the installed project; no account, no network. A server on this machine, in a process of its own, answers each request after 50 ms.
Both clients use the aiohttp transport, 100 requests at once and no retries of the package. Each round runs in a process of its own;
CPU is the least of three rounds each, taken in turns. Prints progress, and one JSON object on its last line: cpu_ratio_vs_sdk,
throughput_share (of the requests a second that 100 at once and 2 s allow; at 50 ms either client needs more CPU than a core has),
peak_mb (of the door's process, by number of requests).
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from openai import AsyncOpenAI, DefaultAioHttpClient

from pipeline.llm.client import ModelDoor
from pipeline.llm.request import Request, body_of
from pipeline.llm.store import Store
from pipeline.llm.together import each
from tests.pipeline.llm.chosen import Chosen, question

LATENCY = 0.05  # seconds; all of a round is then CPU
LONG = 2.0  # seconds; quick for a model, and long enough that the CPU waits for the answers
AT_ONCE = 100
CALLS = 2_000
MANY = 20_000
ROUNDS = 3
_FILLER = "A line of a patch, as long as such lines are in most projects that people work on.\n" * 40  # 3.3 KB


@contextmanager
def server(latency: float) -> Iterator[str]:
    """The endpoint of a server in a process of its own."""
    command = [sys.executable, "-m", "tests.pipeline.llm.loopback", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout  # noqa: S101 - a pipe was asked for
        try:
            yield f"http://127.0.0.1:{int(running.stdout.readline())}/v1"
        finally:
            running.kill()


def requests(calls: int) -> Iterator[Request]:
    """So many different questions."""
    return (question(f"{at} {_FILLER}", max_output_tokens=300) for at in range(calls))


async def by_sdk(chosen: Chosen, calls: int) -> AsyncIterator[str | None]:
    """The bare client: as many workers as requests at once, each asking one after the other."""
    waiting = requests(calls)
    texts: list[str | None] = []
    async with AsyncOpenAI(
        api_key="none", base_url=chosen.endpoint, max_retries=0, http_client=DefaultAioHttpClient()
    ) as client:

        async def work() -> None:
            for request in waiting:
                answer = await client.chat.completions.create(**body_of(request, chosen))
                texts.append(answer.choices[0].message.content)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    for text in texts:
        yield text


async def by_door(chosen: Chosen, calls: int) -> AsyncIterator[str]:
    """The project's own way."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        async with ModelDoor(chosen, store, "") as door:
            async for reply in each(requests(calls), door.ask, AT_ONCE):
                yield reply.text
        store.close()


async def one_round(way: str, calls: int, endpoint: str) -> dict[str, float]:
    """CPU in milliseconds a request, requests a second, and the peak of memory in MB."""
    chosen = Chosen(endpoint=endpoint, concurrency=AT_ONCE, max_usd=1_000_000.0, timeout_seconds=60)
    asked = by_sdk if way == "sdk" else by_door
    started, cpu = time.perf_counter(), time.process_time()
    answers = 0
    async for text in asked(chosen, calls):
        if not text:
            raise SystemExit("an answer was lost")
        answers += 1
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    if answers != calls:
        raise SystemExit(f"{answers} answers to {calls} questions")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_ms": cpu / calls * 1000, "per_second": calls / seconds, "peak_mb": peak}


def measured(way: str, calls: int, latency: float = LATENCY) -> dict[str, float]:
    """A round in a process of its own, against a server of its own."""
    with server(latency) as endpoint:
        command = [sys.executable, "-m", "benchmarks.model_client", "--round", way, str(calls), endpoint]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    print(
        f"{way} {calls} of {latency:g} s: " + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()),
        file=sys.stderr,
    )
    return figures


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_client", description=__doc__)
    parser.add_argument("--round", nargs=3, metavar=("WAY", "CALLS", "ENDPOINT"), help="one round, in this process")
    given = parser.parse_args().round
    if given:
        print(json.dumps(asyncio.run(one_round(given[0], int(given[1]), given[2]))))
        return
    rounds = [(measured("sdk", CALLS), measured("door", CALLS)) for _ in range(ROUNDS)]
    sdk, door = (min(pair[which]["cpu_ms"] for pair in rounds) for which in (0, 1))
    many = measured("door", MANY)
    peaks = {CALLS: max(pair[1]["peak_mb"] for pair in rounds), MANY: many["peak_mb"]}
    print(
        json.dumps(
            {
                "cpu_ratio_vs_sdk": round(door / sdk, 2),
                "throughput_share": round(measured("door", CALLS, LONG)["per_second"] * LONG / AT_ONCE, 3),
                "peak_mb": {str(calls): round(peak, 1) for calls, peak in peaks.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
