"""Kill a run of 2,000 calls at half, run it again, and run into a cap of one dollar: what is paid twice, and what over the cap.

    python -m benchmarks.model_crash

Needs: the installed project; no account, no network. A server on this machine, in a process of its own, answers each request after 50 ms
and counts. Prints progress, and one JSON object on its last line: calls, repaid (requests that came more than once, by the server's
count), in_flight (how many were allowed at once), rerun_calls (of a third run), overspend_usd (what the server billed over the cap of
a dollar, over two runs; 0 if nothing).
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from pipeline.llm.client import BudgetSpentError, ModelDoor
from pipeline.llm.store import Store
from pipeline.llm.together import each
from tests.pipeline.llm.chosen import Chosen, question

CALLS = 2_000
AT_ONCE = 100
LATENCY = 0.05  # seconds
CAP = 1.0  # dollars
BILLED = 500 * 1_250 + 250 * 10_000  # billionths of a dollar: what gpt-5 asks for an answer of the server's
_FILLER = "A line of a patch, as long as such lines are in most projects that people work on.\n" * 20


class Server:
    """The counting server, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.pipeline.llm.loopback", str(LATENCY)]
        self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = f"http://127.0.0.1:{int(self._said())}/v1"

    def asked(self) -> int:
        """How many requests have come."""
        if self._running.stdin:
            self._running.stdin.write("\n")
            self._running.stdin.flush()
        return int(self._said())

    def close(self) -> None:
        """End the process."""
        self._running.kill()
        self._running.communicate()

    def _said(self) -> str:
        return self._running.stdout.readline() if self._running.stdout else ""


async def one_run(endpoint: str, folder: str, max_usd: float) -> dict[str, float]:
    """Ask all the questions, or as many as the cap allows."""
    store = Store(Path(folder))
    chosen = Chosen(endpoint=endpoint, concurrency=AT_ONCE, max_usd=max_usd, max_output_tokens=250, timeout_seconds=60)
    async with ModelDoor(chosen, store, "") as door:
        with suppress(BudgetSpentError):
            async for _ in each(
                (question(f"{at} {_FILLER}", max_output_tokens=250) for at in range(CALLS)), door.ask, AT_ONCE
            ):
                pass
    spend = door.spend()
    store.close()
    return {"calls": spend.calls, "cached": spend.cached, "spent": spend.spent / 10**9}


def start(server: Server, folder: str, max_usd: float) -> "subprocess.Popen[str]":
    """A run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.model_crash", "--run", server.endpoint, folder, str(max_usd)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(running: "subprocess.Popen[str]") -> dict[str, float]:
    """What a run has told."""
    out, _ = running.communicate()
    if running.returncode:
        raise SystemExit("a run failed")
    found: dict[str, float] = json.loads(out)
    print(found, file=sys.stderr)
    return found


def killed_and_run_again(server: Server) -> tuple[int, int]:
    """`(requests that came more than once, calls of a third run)`."""
    with tempfile.TemporaryDirectory() as folder:
        running = start(server, folder, 1_000.0)
        while server.asked() < CALLS // 2:
            time.sleep(0.01)
        running.kill()
        running.communicate()
        time.sleep(1)  # what was on its way is counted when it has come
        print(f"killed at {server.asked()}", file=sys.stderr)
        ended(start(server, folder, 1_000.0))
        return server.asked() - CALLS, int(ended(start(server, folder, 1_000.0))["calls"])


def over_the_cap(server: Server) -> float:
    """Dollars that the server billed over the cap, in two runs that both end at it."""
    before = server.asked()
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            ended(start(server, folder, CAP))
    billed = (server.asked() - before) * BILLED / 10**9
    print(f"billed {billed:.4f} of {CAP}", file=sys.stderr)
    return max(0.0, round(billed - CAP, 9))


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_crash", description=__doc__)
    parser.add_argument("--run", nargs=3, metavar=("ENDPOINT", "FOLDER", "DOLLARS"), help="one run, in this process")
    given = parser.parse_args().run
    if given:
        print(json.dumps(asyncio.run(one_run(given[0], given[1], float(given[2])))))
        return
    server = Server()
    try:
        repaid, rerun_calls = killed_and_run_again(server)
        overspend = over_the_cap(server)
    finally:
        server.close()
    print(
        json.dumps(
            {
                "calls": CALLS,
                "repaid": repaid,
                "in_flight": AT_ONCE,
                "rerun_calls": rerun_calls,
                "overspend_usd": overspend,
            }
        )
    )


if __name__ == "__main__":
    main()
