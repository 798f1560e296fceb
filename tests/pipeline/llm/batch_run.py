"""Batches against a server of the model API: a relay that makes trouble call by call, and what the server itself says of it."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.llm.client import ModelDoor
from pipeline.llm.request import content_of
from tests.pipeline.llm.chosen import question
from tests.pipeline.llm.protocol_run import COST, USAGE, Run
from tests.servers.contract.wire import Request, Response
from tests.servers.model.relay import Faults, Relay
from tests.servers.model.server import Fixture, ModelServer

HALF = COST // 2
COUNT = 20
UPLOAD, CREATE, LIST = "POST /v1/files", "POST /v1/batches", "GET /v1/batches"
LOOK, DOWNLOAD = "GET /v1/batches/[^/]+", "GET /v1/files/[^/]+/content"


@dataclass
class Trouble:
    """What happens to the next call of a kind. `answer` None ends the connection; `reaches`: the server does what it was asked;
    `late`: nothing but what happens meanwhile."""

    call: str
    answer: Response | None = None
    reaches: bool = False
    meanwhile: Callable[[], object] = lambda: None
    late: bool = False


class Troubled(Relay):
    """A relay with troubles, each used once, and with faults of its own for each batch that is made."""

    def __init__(self, upstream: str, *faults: Faults, troubles: Sequence[Trouble] = ()) -> None:
        self.of_each = list(faults)
        self.troubles = list(troubles)
        self.extra: list[str] = []  # lines that come back in the output file as well
        self.odd: dict[str, Any] = {}  # bodies by id, in place of the true ones
        super().__init__(upstream, faults[-1] if faults else Faults())

    def answer(self, request: Request) -> Response:
        call = f"{request.method} {request.path}"
        with self.lock:
            trouble = next((each for each in self.troubles if re.fullmatch(each.call, call)), None)
            if trouble:
                self.troubles.remove(trouble)
            if call == CREATE and self.of_each and (trouble is None or trouble.reaches):
                self.faults = self.of_each.pop(0)
        if trouble is None:
            return self.passed(request)
        if trouble.reaches:
            self.passed(request)
        trouble.meanwhile()
        if trouble.late:
            return self.passed(request)
        if trouble.answer is None:
            raise ConnectionResetError
        return trouble.answer

    def passed(self, request: Request) -> Response:
        """As it is; a batch that was cancelled keeps what was done too."""
        answer = super().answer(request)
        if re.fullmatch(LOOK, f"{request.method} {request.path}") and answer.status == 200:
            batch = json.loads(answer.body)
            if batch["status"] == "cancelled":
                body = json.dumps(self.filled(batch, "")).encode()
                return said(200, body)
        return answer

    def stored(self, lines: list[dict[str, Any]], name: str, key: str) -> str | None:
        for line in lines:
            if line["custom_id"] in self.odd and line["response"]:
                line["response"]["body"] = self.odd[line["custom_id"]]
        if self.extra and lines and "output" in name:
            content = "".join(json.dumps(line) + "\n" for line in lines) + "".join(f"{line}\n" for line in self.extra)
            file = {"filename": name, "purpose": "batch", "content": content}
            return str(json.loads(self.ask("POST", "/v1/files", file, key).body)["id"])
        return super().stored(lines, name, key)


def said(status: int, body: bytes = b"{}", **headers: str) -> Response:
    """An answer of a server; `retry_after` is the header `retry-after`."""
    given = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response(
        status, "Said", [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *given], body
    )


def numbers(count: int = COUNT, **instead: dict[str, Any]) -> list[Fixture]:
    """Answers for `number <N>`; `instead` has others, under `n3` for the third."""
    return [
        {
            "match": {"userMessage": f"<{n}>"},
            "response": instead.get(f"n{n}", {"content": f"it is {n}", "usage": USAGE}),
        }
        for n in range(count)
    ]


def batch_run(endpoint: str, folder: Path, **changes: Any) -> Run:
    return Run(endpoint, folder, **{"mode": "batch", **changes})


async def ask_all(door: ModelDoor, count: int = COUNT) -> list[Any]:
    """The texts, or the errors, of `number <N>` for each N."""
    asked = (door.ask(question(f"number <{n}>")) for n in range(count))
    found = await asyncio.gather(*asked, return_exceptions=True)
    return [each if isinstance(each, BaseException) else each.text for each in found]


EXPECTED = [f"it is {n}" for n in range(COUNT)]


def made(server: ModelServer) -> int:
    """How many batches were made, by the server's journal."""
    return sum(seen.method == "POST" and seen.status == 200 for seen in server.journal("/batches"))


def sent_lines(server: ModelServer) -> list[Counter[str]]:
    """The ids of the lines of each batch that the server has, latest first."""
    batches = json.loads(server.tell("GET", "/v1/batches?limit=100"))["data"]
    files = [server.tell("GET", f"/v1/files/{batch['input_file_id']}/content") for batch in batches]
    return [Counter(json.loads(line)["custom_id"] for line in file.splitlines()) for file in files]


def most(run: Run) -> int:
    """What is set aside for a question of `ask_all` with two digits, in a batch."""
    return (len(content_of(question("number <10>"), run.chosen)) * 1_250 + 100 * 10_000) // 2
