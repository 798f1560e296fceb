"""A run that ends while a batch is at the server, in whatever way and at whatever point: the next one fetches it and pays nothing twice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.llm.client import ModelDoor, ModelRefusesError
from pipeline.llm.clock import VirtualClock
from pipeline.llm.store import Store
from tests.conftest import ROOT
from tests.pipeline.llm.batch_run import (
    COUNT,
    CREATE,
    DOWNLOAD,
    EXPECTED,
    HALF,
    LOOK,
    UPLOAD,
    Trouble,
    Troubled,
    ask_all,
    batch_run,
    made,
    numbers,
    said,
    sent_lines,
)
from tests.pipeline.llm.protocol_run import COST, KEY, Run
from tests.servers.model.relay import Faults
from tests.servers.model.server import ModelServer

# Asks all questions through a batch. With the word `dying` it kills itself when the first answer is about to be kept.
ASKING = """
import os, signal, sys
from pathlib import Path
from pipeline.llm import store
from tests.pipeline.llm import protocol_run
from tests.pipeline.llm.batch_run import ask_all, batch_run

class Dying(store.Store):
    def keep_answer(self, attempt, raw):
        os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "dying":
    protocol_run.Store = Dying
batch_run(sys.argv[1], Path(sys.argv[2])).through(ask_all)
"""
POINTS = {
    "before the upload": (Trouble(UPLOAD), False),
    "after the upload": (Trouble(UPLOAD, reaches=True), False),
    "before it was made": (Trouble(CREATE), False),
    "before its id was kept": (Trouble(CREATE, reaches=True), True),
    "while it was waited for": (Trouble(LOOK), True),
    "while its answers came": (Trouble(DOWNLOAD, reaches=True), True),
    "before its answers were kept": (None, True),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_nothing_is_sent_or_paid_twice(server: ModelServer, tmp_path: Path, point: str) -> None:
    server.start(numbers())
    trouble, was_made = POINTS[point]
    with Troubled(server.url, troubles=[trouble] if trouble else []) as relay:
        arguments = [relay.base_url, str(tmp_path), "" if trouble else "dying"]
        with subprocess.Popen([sys.executable, "-c", ASKING, *arguments], cwd=ROOT) as running:
            if trouble:
                trouble.meanwhile = lambda: os.kill(running.pid, signal.SIGKILL)
            running.wait(timeout=60)
        assert running.returncode == -signal.SIGKILL
        assert made(server) == was_made
        run = batch_run(relay.base_url, tmp_path)
        assert run.spent > COUNT * HALF, "what may be on its way is counted"
        assert run.through(ask_all) == EXPECTED
        assert made(server) == 1
        assert [lines.total() for lines in sent_lines(server)] == [COUNT]
        assert len(server.journal()) == COUNT, "each was answered once"
        assert run.spent == COUNT * HALF
        assert run.through(ask_all) == EXPECTED
    assert made(server) == 1


def left_open(relay: Troubled, folder: Path, told: list[str] | None = None) -> Run:
    """A store with a batch at the server, whose run was stopped by Ctrl-C as far as asyncio tells it."""
    run = batch_run(relay.base_url, folder)

    async def interrupted() -> None:
        with closing(Store(folder)) as store:
            door = ModelDoor(run.chosen, store, KEY, Slow(), tell=(told if told is not None else []).append)
            async with asyncio.timeout(0.3), door:
                await ask_all(door)

    with pytest.raises(TimeoutError):
        asyncio.run(interrupted())
    return run


class Slow(VirtualClock):
    """A clock on which the first look at a batch is the last."""

    async def sleep(self, seconds: float) -> None:
        moment = seconds == 5.0
        await (super().sleep(seconds) if moment else asyncio.sleep(60))


def test_a_run_that_is_interrupted_leaves_its_batch_at_work_and_says_so(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    told: list[str] = []
    with Troubled(server.url) as relay:
        run = left_open(relay, tmp_path, told)
        assert "stays open" in told[-1]
        assert "the same command fetches its answers later" in told[-1]
        assert not [seen for seen in server.journal("/batches") if "cancel" in seen.path]
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_a_batch_that_is_being_made_when_the_run_ends_is_made_and_known(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    late = Trouble(CREATE, late=True, meanwhile=lambda: time.sleep(0.6))
    with Troubled(server.url, troubles=[late]) as relay:
        run = left_open(relay, tmp_path)
        with closing(Store(tmp_path)) as store:
            ((_, facts),) = store.open_batches()
        assert facts["id"].startswith("batch")
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_other_questions_wait_until_what_was_open_is_home(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers(COUNT + 5))
    with Troubled(server.url) as relay:
        run = left_open(relay, tmp_path)
        assert run.through(lambda door: ask_all(door, COUNT + 5)) == [f"it is {n}" for n in range(COUNT + 5)]
    latest, first = sent_lines(server)
    assert (latest.total(), first.total()) == (5, COUNT)
    assert not latest & first
    assert run.spent == (COUNT + 5) * HALF


def test_an_expired_batch_of_an_earlier_run_is_asked_again_in_part(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url, Faults(outcome="expired", done=8), Faults()) as relay:
        run = left_open(relay, tmp_path)
        assert run.through(ask_all) == EXPECTED
    assert [lines.total() for lines in sent_lines(server)] == [COUNT - 8, COUNT]
    assert run.spent == COUNT * HALF


def test_what_nobody_asks_for_any_more_is_kept_and_settled_at_its_true_cost(
    server: ModelServer, tmp_path: Path
) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay:
        run = left_open(relay, tmp_path)
        assert run.through(lambda door: ask_all(door, 3)) == EXPECTED[:3]
        assert run.spent == COUNT * HALF
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_the_direct_mode_stops_where_a_batch_is_at_work(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url, troubles=[Trouble(LOOK, reaches=False)]) as relay:
        left_open(relay, tmp_path)
        relay.troubles = [Trouble(LOOK, said(200, b'{"id": "batch_1", "status": "in_progress"}'))]
        found = Run(relay.base_url, tmp_path).through(ask_all)
    assert {type(each) for each in found} == {UserError}
    assert "is paid for; set model.mode to batch to wait for it" in str(found[0])
    assert server.journal() == [], "and nothing is asked directly"


def test_the_direct_mode_takes_home_what_has_ended_and_asks_the_rest_directly(
    server: ModelServer, tmp_path: Path
) -> None:
    server.start(numbers(COUNT + 2))
    with Troubled(server.url, Faults(outcome="expired", done=8)) as relay:
        left_open(relay, tmp_path)
        run = Run(relay.base_url, tmp_path)
        assert run.through(lambda door: ask_all(door, COUNT + 2)) == [f"it is {n}" for n in range(COUNT + 2)]
    assert (made(server), run.spent) == (1, 8 * HALF + (COUNT - 6) * COST)
    assert len(server.journal()) == COUNT + 2


def test_a_batch_at_another_address_is_left_alone(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay, Troubled(server.url) as another:
        run = left_open(relay, tmp_path)
        before = run.spent
        assert batch_run(another.base_url, tmp_path).through(ask_all) == EXPECTED
        assert run.spent == before + COUNT * HALF
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (2, 2 * COUNT * HALF)


def test_a_batch_that_the_server_does_not_know_is_not_paid_again(server: ModelServer, tmp_path: Path) -> None:
    """With another key, say. A month later no answer of it is there any more, and what was set aside counts as spent."""
    server.start(numbers())
    with Troubled(server.url) as relay:
        run = left_open(relay, tmp_path)
        before = run.spent
        server.start(numbers())
        found = run.through(ask_all)
        assert {type(each) for each in found} == {ModelRefusesError}
        assert "use the key with which it was sent" in str(found[0])
        assert (made(server), run.spent) == (0, before)
        run.clock = VirtualClock(run.clock.now() + 31 * 86_400)
        assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, before + COUNT * HALF)


def test_what_the_store_keeps_of_a_batch_holds_no_key(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers())
    with Troubled(server.url) as relay:
        left_open(relay, tmp_path)
    with closing(Store(tmp_path)) as store:
        ((_, facts),) = store.open_batches()
    assert KEY not in json.dumps(facts)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())
