"""The calls of the Batch API, each repeated by verdict until it is answered: upload, create, find, look, download.

Creating is the one that costs money, so it is never simply repeated: where an attempt had no clear answer, the batch is looked for
among those that the server has before another is made.
"""

import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pipeline.llm.batch_lines import ENDPOINT
from pipeline.llm.clock import Clock
from pipeline.llm.connection import Connection, NoAnswerError
from pipeline.llm.direct import LONGEST_REST, LONGEST_STATED, WAITS
from pipeline.llm.limits import stated_wait
from pipeline.llm.verdict import (
    Answer,
    ModelRefusesError,
    TooManyFailuresError,
    error_word,
    refusal_sentence,
    shown,
    verdict,
)
from pipeline.sections import Model

ENDED = frozenset(("completed", "failed", "expired", "cancelled"))
LOOKS = 3  # times that the list is read for a batch that was just made, as a server may list it late
PATIENCE = 40  # failures in a row, half an hour, while a batch is waited for: it goes on without us
_PAGE = 100  # most that the list gives at once
_MOST_PAGES = 1_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")  # ids become part of an address
Found = TypeVar("Found")


class GoneError(ModelRefusesError):
    """The server does not know a batch or a file that we have the id of."""


class NotMadeError(ModelRefusesError):
    """The server refused to make a batch, and certainly made none."""


@dataclass(frozen=True, slots=True)
class State:
    """How a batch stands. Ids of files are empty where there are none; `word` is the server's code for why all of it failed."""

    id: str
    status: str
    done: int
    output_file: str
    error_file: str
    word: str

    @property
    def ended(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.status in ENDED


class BatchCalls:
    """The Batch API of one server. Everything raises ModelRefuses- and TooManyFailuresError."""

    def __init__(self, chosen: Model, key: str, clock: Clock, random_: random.Random) -> None:
        self._chosen = chosen
        self._where = shown(chosen.endpoint)
        self._clock = clock
        self._random = random_
        self._connection = Connection(chosen.endpoint, key, chosen.timeout_seconds, 4)

    async def upload(self, name: str, content: bytes) -> str:
        """The id of a new file of questions. It costs nothing."""
        return await self._until(
            lambda: self._connection.upload(name, content), lambda said: _id(said.get("id")), self._chosen.tries
        )

    async def create(self, name: str, file: str) -> str:
        """The id of the batch of this name and file, made if there is none. Raises NotMadeError too."""
        body = {
            "input_file_id": file,
            "endpoint": ENDPOINT,
            "completion_window": "24h",
            "metadata": {"name": name},
        }
        content = json.dumps(body).encode()
        tried = False

        async def once() -> Answer:
            nonlocal tried
            if tried and (known := await self.find(name)):
                return Answer(200, {}, json.dumps({"id": known}).encode())
            tried, again = True, tried
            answer = await self._connection.send(content, "/batches")
            if not again and verdict(answer) in ("refused", "stop"):
                raise NotMadeError(self._refusal(answer))
            return answer

        return await self._until(once, lambda said: _id(said.get("id")), self._chosen.tries)

    async def find(self, name: str) -> str | None:
        """The id of the batch with this name among its metadata; None if the server has none."""
        for look in range(LOOKS):
            if look:
                await self._clock.sleep(self._rest(look + 3))
            after: dict[str, str] = {}
            for _ in range(_MOST_PAGES):
                page = await self._until(
                    partial(self._connection.get, "/batches", limit=_PAGE, **after),
                    lambda said: said if isinstance(said.get("data"), list) else None,
                    self._chosen.tries,
                )
                known = [each for each in page["data"] if isinstance(each, dict)]
                for each in known:
                    if _name(each) == name and (found := _id(each.get("id"))):
                        return found
                last = _id(known[-1].get("id")) if known else None
                if page.get("has_more") is not True or last is None or after.get("after") == last:
                    break
                after = {"after": last}
        return None

    async def state(self, batch: str) -> State:
        """How a batch stands. Raises GoneError."""
        return await self._until(lambda: self._connection.get(f"/batches/{batch}"), _state, PATIENCE)

    async def download(self, file: str) -> bytes:
        """The content of a file. Raises GoneError."""
        answer = await self._answer(lambda: self._connection.download(file), lambda answer: answer, PATIENCE)
        return answer.body

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    async def _until(
        self, send: Callable[[], Awaitable[Answer]], read: Callable[[dict[str, Any]], Found | None], most: int
    ) -> Found:
        """What is read in the first answer in which something can be read."""

        def read_object(answer: Answer) -> Found | None:
            try:
                said = json.loads(answer.body)
            except (ValueError, RecursionError):
                return None
            return read(said) if isinstance(said, dict) else None

        return await self._answer(send, read_object, most)

    async def _answer(
        self, send: Callable[[], Awaitable[Answer]], read: Callable[[Answer], Found | None], most: int
    ) -> Found:
        failed = waits = 0
        while True:
            answer, what = None, ""
            try:
                answer = await send()
                what = verdict(answer)
            except NoAnswerError as error:
                what = f"no answer: {error}"
            if answer and what == "done":
                if (found := read(answer)) is not None:
                    return found
                what = "an answer that nobody can read"
            if answer and answer.status == 404:
                raise GoneError(self._refusal(answer))
            if answer and what in ("refused", "stop"):
                raise ModelRefusesError(self._refusal(answer))
            failed, waits = failed + (what != "wait"), waits + (what == "wait")
            stated = stated_wait(answer.headers, self._clock.now()) if answer else None
            if failed >= most or waits > WAITS or (stated or 0.0) > LONGEST_STATED:
                what = f"status {answer.status}" if answer and what in ("again", "wait") else what
                raise TooManyFailuresError(
                    f"the Batch API of {self._where} cannot be used for now (the last of {failed + waits} attempts: {what}); run the same "
                    "command again later: what is at the server goes on there and is not paid twice"
                )
            await self._clock.sleep(self._rest(failed + waits) if stated is None else stated)

    def _refusal(self, answer: Answer) -> str:
        if answer.status in (401, 402, 403, 429):
            return refusal_sentence(answer, self._chosen.name, self._chosen.endpoint)
        word = error_word(answer)
        return (
            f"{self._where} answered {answer.status}{f' ({word})' if word else ''} to a call of the Batch API; if it has none, set "
            "model.mode to direct"
        )

    def _rest(self, times: int) -> float:
        """Seconds: half a second that doubles, and a quarter more or less."""
        return min(LONGEST_REST, 0.5 * 2.0 ** (times - 1)) * self._random.uniform(0.75, 1.25)


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _name(batch: dict[str, Any]) -> object:
    metadata = batch.get("metadata")
    return metadata.get("name") if isinstance(metadata, dict) else None


def _state(said: dict[str, Any]) -> State | None:
    batch, status = _id(said.get("id")), said.get("status")
    if batch is None or not isinstance(status, str):
        return None
    counts = said.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    done = sum(count for name in ("completed", "failed") if type(count := counts.get(name)) is int)
    return State(
        batch, status, done, _id(said.get("output_file_id")) or "", _id(said.get("error_file_id")) or "", _why(said)
    )


def _why(said: dict[str, Any]) -> str:
    """The code of the first of a failed batch's errors. Never its message, which may hold a part of a prompt."""
    errors = said.get("errors")
    listed = errors.get("data") if isinstance(errors, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    return error_word(Answer(0, {}, json.dumps({"error": first}).encode()))
