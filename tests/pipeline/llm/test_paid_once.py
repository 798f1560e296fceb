"""Killed at half and run again; and a cap of a few cents: what a server of its own counts, and what the store says it cost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.llm.budget import NANO
from pipeline.llm.client import BudgetSpentError
from pipeline.llm.together import each
from tests.conftest import ROOT
from tests.pipeline.llm.chosen import door_to, question, run
from tests.pipeline.llm.loopback import CUT, Asked, completion, http, serving
from tests.pipeline.llm.test_client import rows

CALLS = 200
AT_ONCE = 20
_RUN = """
import asyncio, json, sys
from pathlib import Path
from pipeline.llm.client import ModelDoor
from pipeline.llm.store import Store
from pipeline.llm.together import each
from tests.pipeline.llm.chosen import Chosen, question

async def main(endpoint, folder, calls, at_once):
    store = Store(Path(folder))
    async with ModelDoor(Chosen(endpoint=endpoint, concurrency=at_once), store, "none") as door:
        async for reply in each((question(str(at), max_output_tokens=300) for at in range(calls)), door.ask, at_once):
            pass
        print(json.dumps({"calls": door.spend().calls, "cached": door.spend().cached, "spent": door.spend().spent}))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


class Counting:
    """A server in a process of its own."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running
        assert running.stdout
        self.endpoint = f"http://127.0.0.1:{int(running.stdout.readline())}/v1"

    def asked(self) -> int:
        assert self._running.stdin
        assert self._running.stdout
        self._running.stdin.write("\n")
        self._running.stdin.flush()
        return int(self._running.stdout.readline())


@pytest.fixture
def counting() -> Iterator[Counting]:
    command = [sys.executable, "-m", "tests.pipeline.llm.loopback", "0.05"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        yield Counting(running)
        running.kill()


def a_run(endpoint: str, folder: Path, kill_at: Any = None) -> dict[str, int]:
    command = [sys.executable, "-c", _RUN, endpoint, str(folder), str(CALLS), str(AT_ONCE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        while kill_at and not kill_at():
            assert running.poll() is None, running.communicate()[1]
            time.sleep(0.005)
        if kill_at:
            os.kill(running.pid, signal.SIGKILL)
        out, err = running.communicate(timeout=60)
    if kill_at:
        return {}
    assert running.returncode == 0, err
    found: dict[str, int] = json.loads(out)
    return found


def test_killed_at_half_no_more_is_paid_again_than_was_on_its_way(tmp_path: Path, counting: Counting) -> None:
    a_run(counting.endpoint, tmp_path, kill_at=lambda: counting.asked() >= CALLS // 2)
    before = counting.asked()
    assert before < CALLS
    second = a_run(counting.endpoint, tmp_path)
    assert second["calls"] + second["cached"] == CALLS
    assert CALLS <= counting.asked() <= CALLS + AT_ONCE
    on_their_way = rows(tmp_path, "SELECT count(*), coalesce(sum(reserved), 0) FROM attempts WHERE settled IS NULL")[0]
    assert on_their_way[0] <= AT_ONCE
    assert second["spent"] == CALLS * (500 * 1_250 + 250 * 10_000) + on_their_way[1], "those killed count as reserved"
    asked = counting.asked()
    assert a_run(counting.endpoint, tmp_path) == {"calls": 0, "cached": CALLS, "spent": second["spent"]}
    assert counting.asked() == asked


@pytest.mark.parametrize("lost", [0, 3])
def test_never_over_the_cap_by_a_cent_and_over_reruns(tmp_path: Path, lost: int) -> None:
    """A cap of five cents; every `lost`th answer breaks off. What the server would bill is never over it."""
    billed = 0

    async def costly(asked: Asked) -> bytes:
        nonlocal billed
        taken = len(asked.body)
        billed += taken * 1_250 + 100 * 10_000  # the worst that can be: a token a byte, and all that was allowed
        await asyncio.sleep(0.001)
        return CUT if lost and asked.number % lost == 0 else http(200, completion(taken=taken, given=100))

    async def a_run_to_the_cap(server: Any, number: int) -> BudgetSpentError:
        async with door_to(server, tmp_path, max_usd=0.05, tries=20) as door:
            questions = (question(f"{number} {at}") for at in range(1_000))
            with pytest.raises(BudgetSpentError) as caught:
                async for _ in each(questions, door.ask, 8):
                    assert door.spend().spent <= 0.05 * NANO
            assert door.spend().left < 1_000_000 + 300 * 1_250, "and no more is left than the next call may cost"
            return caught.value

    async def three_runs() -> int:
        async with serving(costly) as server:
            told = [await a_run_to_the_cap(server, number) for number in range(3)]
            assert all("model.max_usd is 0.05" in str(one) and "are left" in str(one) for one in told)
            return len(server.asked)

    asked = run(three_runs())
    assert billed <= 0.05 * NANO
    assert rows(tmp_path, "SELECT sum(coalesce(settled, reserved)) FROM attempts")[0][0] <= 0.05 * NANO
    assert asked >= 30


def test_answers_on_their_way_when_the_money_ends_are_not_lost(tmp_path: Path) -> None:
    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(0.05)
        return http(200, completion(taken=len(asked.body), given=100))

    async def to_the_cap() -> int:
        async with serving(slow) as server:
            async with door_to(server, tmp_path, max_usd=0.012) as door:
                with pytest.raises(BudgetSpentError):
                    async for _ in each((question(str(at)) for at in range(50)), door.ask, 8):
                        pass
            return len(server.asked)

    assert run(to_the_cap()) == rows(tmp_path, "SELECT count(*) FROM replies")[0][0] > 0


def test_a_width_of_questions_is_really_on_its_way(tmp_path: Path) -> None:
    """benchmarks/model_client.py has the throughput; here, that no place is empty while there are questions."""

    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(0.2)
        return http(200, completion())

    async def all_of_them() -> int:
        async with serving(slow) as server, door_to(server, tmp_path, concurrency=40, max_usd=10.0) as door:
            async for _ in each((question(str(at)) for at in range(120)), door.ask, 40):
                pass
            return server.most_at_once

    assert run(all_of_them()) == 40
