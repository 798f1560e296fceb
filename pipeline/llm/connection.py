"""One HTTP exchange with a model's server through the openai package, and what came back, untouched.

The package would retry, wait, follow a redirect and build objects of the answer on its own. Here it does none of these: every
request passes the budget and the limiter, and every answer is kept as it came before anybody reads it. What it raises carries the
request with the key in its headers, so nothing of it leaves this file.
"""

import asyncio
from collections.abc import Awaitable

import httpx2

from pipeline.llm.verdict import Answer

SHORTEST_KEY = 8  # bytes; a shorter one is no secret, and a local server's "none" is a word
_CONNECT = 30.0  # seconds
_HEADERS = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "multipart/form-data"}
_TRANSFER = 1_800.0  # seconds for a file of a batch, up to 200 MB


class NoAnswerError(Exception):
    """No whole answer came. The message is the kind of failure, never an address or a header."""


class Connection:
    """Asks one server with one key. Made and closed inside one event loop."""

    def __init__(self, endpoint: str, key: str, timeout: float, most: int) -> None:
        """`timeout` is for a whole exchange, in seconds; `most` is how many there may be at once."""
        # Takes longer than all the rest of a stage: imported where a model is asked only.
        from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient

        self._refusal = APIStatusError
        self._timeout = timeout
        self._key = (key or "none").encode()
        http = DefaultAioHttpClient(
            timeout=httpx2.Timeout(timeout, connect=min(_CONNECT, timeout)),
            limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=30.0),
            follow_redirects=False,
        )
        # The package wants a key even where a local server wants none.
        self._client = AsyncOpenAI(api_key=key or "none", base_url=endpoint, max_retries=0, http_client=http)

    async def send(self, content: bytes, path: str = "/chat/completions") -> Answer:
        """POST the bytes of a JSON text. Raises NoAnswerError."""
        sent = self._client.post(path, cast_to=httpx2.Response, content=content, options={"headers": _HEADERS})
        return await self._answer(sent, self._timeout)

    async def get(self, path: str, **query: str | int) -> Answer:
        """GET a path. Raises NoAnswerError."""
        return await self._answer(
            self._client.get(path, cast_to=httpx2.Response, options={"params": query}), self._timeout
        )

    async def upload(self, name: str, content: bytes) -> Answer:
        """POST a file for a batch to /files. Raises NoAnswerError."""
        sent = self._client.post(
            "/files",
            cast_to=httpx2.Response,
            body={"purpose": "batch"},
            files=[("file", (name, content, "application/jsonl"))],
            options={"headers": _FORM},
        )
        return await self._answer(sent, max(_TRANSFER, self._timeout))

    async def download(self, file: str) -> Answer:
        """GET the content of a file. Raises NoAnswerError."""
        got = self._client.get(f"/files/{file}/content", cast_to=httpx2.Response)
        return await self._answer(got, max(_TRANSFER, self._timeout))

    async def _answer(self, exchange: Awaitable[httpx2.Response], seconds: float) -> Answer:
        try:
            # A read timeout alone would let a server that sends a byte a second take for ever.
            async with asyncio.timeout(seconds):
                response = await exchange
        except self._refusal as error:
            response = error.response
        except TimeoutError:
            raise NoAnswerError(f"nothing within {seconds:g} s") from None
        except Exception as error:
            # Not all that the transport raises is mapped, and what it raises may carry the request: only its kind goes on.
            raise NoAnswerError(_kind(error)) from None
        body = response.content
        if len(self._key) >= SHORTEST_KEY and self._key in body:
            body = body.replace(
                self._key, b"[key]"
            )  # a server that sends the key back must not bring it into the store
        return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()


def _kind(error: BaseException) -> str:
    """The name of what was behind an error, such as ServerDisconnectedError; the package calls that a timeout."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__
