"""One exchange: what came, untouched, and nothing of the key or the address in what is raised."""

import asyncio
import gzip
import traceback
from collections.abc import Awaitable, Callable

import pytest

from pipeline.llm.connection import Connection, NoAnswerError
from pipeline.llm.verdict import Answer
from tests.pipeline.llm.chosen import SECRET, run
from tests.pipeline.llm.loopback import CUT, Asked, Server, completion, error, http, serving

CONTENT = b'{"messages": [{"content": "the prompt"}]}'


def exchange(answer: bytes | Callable[[Asked], Awaitable[bytes]], timeout: float = 5) -> tuple[Answer, Server]:
    async def handler(asked: Asked) -> bytes:
        return answer if isinstance(answer, bytes) else await answer(asked)

    async def once() -> tuple[Answer, Server]:
        async with serving(handler) as server:
            connection = Connection(server.endpoint, SECRET, timeout, 5)
            try:
                return await connection.send(CONTENT), server
            finally:
                await connection.close()

    return run(once())


def test_the_bytes_go_out_and_come_back_as_they_are() -> None:
    raw = b' {"odd":  "spacing \xc3\xbc \xff"}\n'
    answer, server = exchange(http(200, raw, X_RateLimit_Remaining_Requests="5"))
    assert (answer.status, answer.body) == (200, raw)
    assert answer.headers["x-ratelimit-remaining-requests"] == "5"
    assert server.asked[0].body == CONTENT
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert server.asked[0].headers["content-type"] == "application/json"


def test_a_packed_answer_is_unpacked() -> None:
    answer, _ = exchange(http(200, gzip.compress(completion("hello")), content_encoding="gzip"))
    assert answer.body == completion("hello")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 418, 429, 500, 503])
def test_an_error_is_an_answer_and_is_asked_once(status: int) -> None:
    answer, server = exchange(error(status, "a_code", Retry_After="1"))
    assert answer.status == status
    assert b"a_code" in answer.body
    assert answer.headers["retry-after"] == "1"
    assert len(server.asked) == 1


def test_a_redirect_is_not_followed() -> None:
    answer, server = exchange(http(307, b"", Location="/v1/elsewhere"))
    assert answer.status == 307
    assert len(server.asked) == 1


def cut_in_the_body() -> bytes:
    return http(200, completion())[:-20]


@pytest.mark.parametrize(
    "answer", [CUT, b"HTTP/1.1 200 OK\r\ncontent-le", b"\x00\x01 garbage \r\n\r\n", cut_in_the_body()]
)
def test_a_broken_connection_is_no_answer(answer: bytes) -> None:
    async def once(asked: Asked) -> bytes:
        return answer

    with pytest.raises(NoAnswerError) as caught:
        exchange(once, timeout=1)
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "the prompt" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_slow_answer_is_no_answer() -> None:
    async def slow(asked: Asked) -> bytes:
        await asyncio.sleep(9)
        return CUT

    with pytest.raises(NoAnswerError, match=r"nothing within 0.2 s"):
        exchange(slow, timeout=0.2)


def test_a_server_that_is_not_there_is_no_answer() -> None:
    async def once() -> None:
        connection = Connection("http://127.0.0.1:9/v1", SECRET, 2, 5)
        try:
            await connection.send(b"{}")
        finally:
            await connection.close()

    with pytest.raises(NoAnswerError, match=r"ConnectionRefusedError|ClientConnectorError"):
        run(once())


def test_a_closed_connection_is_not_told_as_a_timeout() -> None:
    with pytest.raises(NoAnswerError, match=r"^ServerDisconnectedError$"):
        exchange(CUT)


def test_a_server_that_wants_no_key_can_be_asked_without_one() -> None:
    async def once() -> int:
        async def handler(asked: Asked) -> bytes:
            return http(200, completion())

        async with serving(handler) as server:
            connection = Connection(server.endpoint, "", 2, 5)
            try:
                return (await connection.send(b"{}")).status
            finally:
                await connection.close()

    assert run(once()) == 200
