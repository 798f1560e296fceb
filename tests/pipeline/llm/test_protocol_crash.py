"""A process that is killed in the middle of its calls pays again, at most, for what was on its way: the server's journal counts."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.llm.protocol_run import COST, USAGE, Run
from tests.servers.model.server import ModelServer

ROOT = Path(__file__).resolve().parents[3]
CALLS, AT_ONCE = 200, 10
# Asks all questions, as many at a time as the parameters allow, and prints how many answers came from the store. It kills itself after
# so many answers, if that is told: another process may be late for it on a busy machine.
ASKING = """
import json, os, signal, sys
from pathlib import Path
from tests.pipeline.llm.protocol_run import Run
from tests.pipeline.llm.chosen import question
from pipeline.llm.together import each

endpoint, folder = sys.argv[1], Path(sys.argv[2])
calls, at_once, killed_after = (int(number) for number in sys.argv[3:])

async def ask(door):
    asked = each(range(calls), lambda number: door.ask(question(f"number <{number}>")), at_once)
    cached = []
    async for reply in asked:
        cached.append(reply.cached)
        if len(cached) == killed_after:
            os.kill(os.getpid(), signal.SIGKILL)
    return cached

print(json.dumps(sum(Run(endpoint, folder, concurrency=at_once).through(ask))))
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    answer = {"match": {"userMessage": "number"}, "response": {"content": "one", "usage": USAGE}}
    with ModelServer([{**answer, "chaos": {"latencyMs": 30}}]) as running:
        yield running


def asked(server: ModelServer, folder: Path, killed_after: int = 0) -> subprocess.CompletedProcess[bytes]:
    arguments = [server.base_url, str(folder), str(CALLS), str(AT_ONCE), str(killed_after)]
    return subprocess.run([sys.executable, "-c", ASKING, *arguments], cwd=ROOT, stdout=subprocess.PIPE, timeout=120)


def sent(server: ModelServer) -> Counter[str]:
    """How often each question was answered, as the server has it."""
    return Counter(seen.body["messages"][-1]["content"] for seen in server.journal() if seen.body)


def test_after_a_kill_only_what_was_on_its_way_is_paid_again(server: ModelServer, tmp_path: Path) -> None:
    assert asked(server, tmp_path, killed_after=CALLS // 2).returncode == -signal.SIGKILL
    time.sleep(0.1)  # the server notices that the client has gone
    assert CALLS // 2 <= len(sent(server)) < CALLS
    again = asked(server, tmp_path)
    assert again.returncode == 0
    assert set(sent(server)) == {f"number <{number}>" for number in range(CALLS)}
    assert json.loads(again.stdout) >= CALLS // 2  # those of the first run were in the store
    paid_again = server.unanswered() + sent(server).total() - CALLS
    assert 0 <= paid_again <= AT_ONCE
    assert (
        Run(server.base_url, tmp_path).spent >= (CALLS + paid_again) * COST
    )  # it stays counted, at what was set aside for it
