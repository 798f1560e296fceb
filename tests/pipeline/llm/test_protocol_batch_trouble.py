"""Calls of the Batch API that fail: each is repeated as the server says, and making a batch never where it may be made already."""

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import pipeline.llm.batch
import pipeline.llm.take_home
from pipeline.llm.client import ModelDoor, ModelRefusesError, TooManyFailuresError
from pipeline.llm.store import Store
from tests.pipeline.llm.batch_run import (
    COUNT,
    CREATE,
    DOWNLOAD,
    EXPECTED,
    HALF,
    LIST,
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
from tests.pipeline.llm.chosen import question
from tests.pipeline.llm.protocol_run import KEY, Run, error
from tests.servers.contract.wire import Response
from tests.servers.model.server import ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture
def relay(server: ModelServer) -> Iterator[Troubled]:
    server.start(numbers())
    with Troubled(server.url) as running:
        yield running


def open_batches(folder: Path) -> int:
    with closing(Store(folder)) as store:
        return len(store.open_batches())


BUSY = said(429, b'{"error": {"code": "rate_limit_exceeded"}}', retry_after="70")


NO_JSON = said(200, b"<html>")  # but any bytes are the content of a file


@pytest.mark.parametrize(
    ("call", "trouble"),
    [(DOWNLOAD, each) for each in (BUSY, said(503), None)]
    + [(call, each) for call in (UPLOAD, CREATE, LOOK) for each in (BUSY, said(503), NO_JSON, None)],
)
def test_a_call_that_fails_for_now_is_repeated(
    relay: Troubled, server: ModelServer, tmp_path: Path, call: str, trouble: Response | None
) -> None:
    relay.troubles = [Trouble(call, trouble), Trouble(call, trouble)]
    run = batch_run(relay.base_url, tmp_path)
    assert run.through(ask_all) == EXPECTED
    assert relay.troubles == []
    assert (made(server), run.spent) == (1, COUNT * HALF)
    if trouble is BUSY:
        assert run.waited >= 140


@pytest.mark.parametrize("trouble", [None, said(500), said(200, b'{"id": "../files"}')])
def test_a_batch_that_may_be_made_already_is_looked_for(
    relay: Troubled, server: ModelServer, tmp_path: Path, trouble: Response | None
) -> None:
    relay.troubles = [Trouble(CREATE, trouble, reaches=True)]
    run = batch_run(relay.base_url, tmp_path)
    assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_a_batch_that_may_be_made_and_cannot_be_looked_for_stays_open(
    relay: Troubled, server: ModelServer, tmp_path: Path
) -> None:
    relay.troubles = [Trouble(CREATE, reaches=True), Trouble(LIST, said(401))]
    run = batch_run(relay.base_url, tmp_path)
    found = run.through(ask_all)
    assert {type(each) for each in found} == {ModelRefusesError}
    assert (open_batches(tmp_path), run.spent > COUNT * HALF) == (1, True)
    assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def test_it_is_found_among_many_by_its_name(relay: Troubled, server: ModelServer, tmp_path: Path) -> None:
    """On the second page of the list; and another batch with nothing of ours about it is not taken for it."""

    def others() -> None:
        body = {"input_file_id": "file-0", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        for _ in range(110):
            server.tell("POST", "/v1/batches", body | {"metadata": {"name": "another"}})

    relay.troubles = [Trouble(CREATE, reaches=True, meanwhile=others)]
    run = batch_run(relay.base_url, tmp_path)
    assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (111, COUNT * HALF)


@pytest.mark.parametrize("call", [UPLOAD, CREATE])
@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_server_that_takes_no_batches_is_told_and_nothing_stays_open(
    relay: Troubled, server: ModelServer, tmp_path: Path, call: str, status: int
) -> None:
    relay.troubles = [Trouble(call, said(status, json.dumps({"error": {"message": KEY}}).encode()))]
    run = batch_run(relay.base_url, tmp_path)
    found = run.through(ask_all)
    assert all(isinstance(each, ModelRefusesError) for each in found)
    assert f"answered {status} to a call of the Batch API; if it has none, set model.mode to direct" in str(found[0])
    assert KEY not in str(found[0])
    assert (made(server), run.spent, open_batches(tmp_path)) == (0, 0, 0)


def test_a_server_that_stays_down_is_asked_as_often_as_chosen(
    relay: Troubled, server: ModelServer, tmp_path: Path
) -> None:
    relay.troubles = [Trouble(UPLOAD, said(500)) for _ in range(9)]
    run = batch_run(relay.base_url, tmp_path, tries=4)
    found = run.through(ask_all)
    assert {type(each) for each in found} == {TooManyFailuresError}
    assert (len(relay.troubles), made(server), run.spent, open_batches(tmp_path)) == (5, 0, 0, 0)


def test_a_server_that_goes_down_while_a_batch_is_at_work_loses_nothing(
    relay: Troubled, server: ModelServer, tmp_path: Path
) -> None:
    relay.troubles = [Trouble(LOOK) for _ in range(100)]  # the transport itself asks twice
    run = batch_run(relay.base_url, tmp_path)
    found = run.through(ask_all)
    assert {type(each) for each in found} == {TooManyFailuresError}
    assert "what is at the server goes on there and is not paid twice" in str(found[0])
    assert run.waited > 1_500, "some patience"
    relay.troubles = []
    assert run.through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)


def failed(code: str) -> Response:
    errors = {"object": "list", "data": [{"code": code, "message": "No: it is <3>", "line": None, "param": None}]}
    return said(200, json.dumps({"id": "batch_1", "status": "failed", "errors": errors}).encode())


def test_too_many_tokens_at_once_makes_smaller_batches_one_after_the_other(
    relay: Troubled, server: ModelServer, tmp_path: Path
) -> None:
    at_work = said(200, b'{"id": "batch_2", "status": "in_progress"}')
    slow = Trouble(LOOK, at_work, meanwhile=lambda: time.sleep(0.2))
    relay.troubles = [Trouble(LOOK, failed("token_limit_exceeded")), slow]
    run = batch_run(relay.base_url, tmp_path, tries=1)
    assert run.through(ask_all) == EXPECTED
    # Each is looked at until it has ended, and then the next is made. The first looks were answered by the relay.
    assert [seen.method for seen in server.journal("/batches")] == ["POST", *["POST", "GET", "GET"] * 2]
    assert [lines.total() for lines in sent_lines(server)] == [COUNT // 2, COUNT // 2, COUNT]
    assert run.spent == COUNT * HALF


def test_a_batch_that_is_not_valid_says_its_code_and_no_word_of_the_prompt(relay: Troubled, tmp_path: Path) -> None:
    relay.troubles = [Trouble(LOOK, failed("invalid_json_line"))]
    found = batch_run(relay.base_url, tmp_path).through(ask_all)
    assert "as a whole (invalid_json_line)" in str(found[0])
    assert "<3>" not in str(found[0])


def test_lines_that_are_all_refused_stop_the_run(server: ModelServer, tmp_path: Path) -> None:
    server.start([{"match": {"userMessage": "number"}, "response": error(400, "unsupported_parameter")}])
    with Troubled(server.url) as relay:
        found = batch_run(relay.base_url, tmp_path).through(ask_all)
    assert {type(each) for each in found} == {ModelRefusesError}
    assert "do model.limit_field" in str(found[0])


def test_a_line_without_credit_stops_the_run_after_all_others_are_kept(server: ModelServer, tmp_path: Path) -> None:
    server.start(numbers(n3=error(429, "insufficient_quota")))
    with Troubled(server.url) as relay:
        run = batch_run(relay.base_url, tmp_path)
        found = run.through(ask_all)
    assert isinstance(found[3], ModelRefusesError)
    assert "no credit left" in str(found[3])
    assert (sum(isinstance(each, str) for each in found), run.spent) == (COUNT - 1, (COUNT - 1) * HALF)


def test_a_batch_is_for_one_model(relay: Troubled, server: ModelServer, tmp_path: Path) -> None:
    async def two(door: ModelDoor) -> list[Any]:
        models = ("gpt-5", "gpt-5-mini") * 3
        asked = (door.ask(question(f"number <{n}>", model=model)) for n, model in enumerate(models))
        return [reply.text for reply in await asyncio.gather(*asked)]

    assert batch_run(relay.base_url, tmp_path).through(two) == EXPECTED[:6]
    assert [lines.total() for lines in sent_lines(server)] == [3, 3]


@pytest.mark.parametrize(("name", "most"), [("MOST_LINES", 8), ("MOST_BYTES", 2_250)])
def test_what_is_too_much_for_one_batch_goes_into_several(
    relay: Troubled, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(pipeline.llm.batch, name, most)
    run = batch_run(relay.base_url, tmp_path)
    assert run.through(ask_all) == EXPECTED
    assert sorted(lines.total() for lines in sent_lines(server)) == [4, 8, 8]
    assert run.spent == COUNT * HALF


def test_a_run_is_told_how_its_batches_stand(relay: Troubled, tmp_path: Path) -> None:
    told: list[str] = []
    run = batch_run(relay.base_url, tmp_path)

    async def telling() -> None:
        with closing(Store(tmp_path)) as store:
            async with ModelDoor(run.chosen, store, KEY, run.clock, tell=told.append) as door:
                await ask_all(door)

    asyncio.run(telling())
    name = told[0].split()[1]
    assert told == [
        f"batch {name} is sent: {COUNT} questions",
        f"batch {name}: 0 of {COUNT} done",
        f"batch {name} is completed: {COUNT} of {COUNT} done",
    ]


def test_a_reader_that_fails_loses_no_answer(
    relay: Troubled, server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(raw: bytes) -> None:
        raise RuntimeError("the reader is broken")

    run: Run = batch_run(relay.base_url, tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(pipeline.llm.take_home, "read_completion", broken)
        found = run.through(ask_all)
    assert {type(each) for each in found} == {RuntimeError}
    assert Run(relay.base_url, tmp_path).through(ask_all) == EXPECTED
    assert (made(server), run.spent) == (1, COUNT * HALF)
