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
# Asks all questions, as many at a time as the parameters allow, and prints how many answers came from the store.
ASKING = """
import json, sys
from pathlib import Path
from tests.pipeline.llm.protocol_run import Run
from tests.pipeline.llm.chosen import question
from pipeline.llm.together import each

endpoint, folder, calls, at_once = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

async def ask(door):
    asked = each(range(calls), lambda number: door.ask(question(f"number <{number}>")), at_once)
    return [reply.cached async for reply in asked]

print(json.dumps(sum(Run(endpoint, folder, concurrency=at_once).through(ask))))
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    answer = {"match": {"userMessage": "number"}, "response": {"content": "one", "usage": USAGE}}
    with ModelServer([{**answer, "chaos": {"latencyMs": 30}}]) as running:
        yield running


def asking(server: ModelServer, folder: Path) -> subprocess.Popen[bytes]:
    arguments = [server.base_url, str(folder), str(CALLS), str(AT_ONCE)]
    return subprocess.Popen([sys.executable, "-c", ASKING, *arguments], cwd=ROOT, stdout=subprocess.PIPE)


def sent(server: ModelServer) -> Counter[str]:
    """How often each question was answered, as the server has it."""
    return Counter(seen.body["messages"][-1]["content"] for seen in server.journal() if seen.body)


def test_after_a_kill_only_what_was_on_its_way_is_paid_again(server: ModelServer, tmp_path: Path) -> None:
    with asking(server, tmp_path) as killed:
        deadline = time.monotonic() + 60
        while len(server.journal()) < CALLS // 2:
            assert killed.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        killed.send_signal(signal.SIGKILL)
    time.sleep(0.1)  # the server notices that the client has gone
    assert len(sent(server)) < CALLS
    with asking(server, tmp_path) as again:
        out, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert set(sent(server)) == {f"number <{number}>" for number in range(CALLS)}
    assert json.loads(out) >= CALLS // 2 - AT_ONCE  # those of the first run were in the store
    paid_again = server.unanswered() + sent(server).total() - CALLS
    assert 0 <= paid_again <= AT_ONCE
    assert (
        Run(server.base_url, tmp_path).spent >= (CALLS + paid_again) * COST
    )  # it stays counted, at what was set aside for it
