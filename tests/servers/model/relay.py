"""A relay before aimock for what aimock cannot do by itself: batches with true answers, and answers that end in the middle.

    client -> Relay -> aimock

aimock holds the files and batches, but answers every line of a batch with one and the same sentence, in the order in which the lines
came, and none of a batch that expires. OpenAI's description of the Batch API says more: lines come back in any order, those that failed
stand in a file of their own, and a batch that expires keeps what was done. So when aimock says that a batch has ended, the relay asks
aimock itself for the answer to each line's request, as a fixture has it, and lays these into aimock's files. All else passes untouched.
"""

import http.client
import json
import random
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from tests.servers.contract.gate import Listener
from tests.servers.contract.wire import HOP, Request, Response, read_request, send, value, without, write_response

AGENT = "batch-relay"  # by which the journal tells its questions from the client's
ENDED = ("completed", "expired")
EXPIRED = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}

Line = dict[str, Any]


@dataclass(frozen=True)
class Faults:
    """What goes wrong. Lines are shuffled by `seed` first, so that which ones it hits is not which ones were sent first.

    `outcome` is how batches end: completed, failed, expired or cancelled. Of a batch that expires the first `done` lines were
    answered. The last `lost` lines stand in no file at all. `cut` is how many chat answers, of the next ones, end in the middle.
    """

    seed: int = 0
    outcome: str = "completed"
    done: int = 0
    lost: int = 0
    cut: int = 0


class Relay:
    """Stands before a server of the model API at `url` while the context lasts."""

    def __init__(self, upstream: str, faults: Faults) -> None:
        self.origin = urlsplit(upstream)
        self.faults = faults
        self.cuts_left = faults.cut
        self.finished: dict[str, Line] = {}  # batch id -> the batch as it ended
        self.lock = threading.Lock()
        self.listener = Listener(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"relay": self}))
        self.base_url = f"http://127.0.0.1:{self.listener.server_address[1]}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.listener.shutdown()
        self.listener.server_close()

    def answer(self, request: Request) -> Response:
        """What the client gets."""
        if (request.method, request.path) == ("POST", "/v1/batches"):
            headers = [*request.headers, ("X-AIMock-Batch-Outcome", self.faults.outcome)]
            return self.forward(Request(request.method, request.target, headers, request.body))
        answer = self.forward(request)
        if request.method == "GET" and request.path.startswith("/v1/batches/") and answer.status == 200:
            batch = json.loads(answer.body)
            if batch["status"] in ENDED:
                return with_body(answer, self.filled(batch, value(request.headers, "authorization")))
        if request.path == "/v1/chat/completions" and self.takes_cut():
            return Response(
                answer.status, answer.reason, answer.headers, answer.body[: len(answer.body) // 2], cut=True
            )
        return answer

    def forward(self, request: Request) -> Response:
        return send(str(self.origin.hostname), self.origin.port or 80, request)

    def takes_cut(self) -> bool:
        with self.lock:
            self.cuts_left -= 1
            return self.cuts_left >= 0

    def filled(self, batch: Line, key: str) -> Line:
        """The batch with files of true answers; what it was the first time stays, as it does at OpenAI."""
        with self.lock:
            if batch["id"] not in self.finished:
                self.finished[batch["id"]] = batch | self.files(batch, key)
            return self.finished[batch["id"]]

    def files(self, batch: Line, key: str) -> Line:
        sent = self.ask("GET", f"/v1/files/{batch['input_file_id']}/content", None, key).body.decode()
        lines = [json.loads(line) for line in sent.splitlines()]
        random.Random(self.faults.seed).shuffle(lines)  # noqa: S311 - a test's order
        found = lines[: len(lines) - self.faults.lost]
        done = found if batch["status"] == "completed" else found[: self.faults.done]
        answers = [self.answered(line, key) for line in done]
        failed = [each for each in answers if each["response"]["status_code"] != 200]
        given = [each for each in answers if each["response"]["status_code"] == 200]
        failed += [out(line, None, EXPIRED) for line in found[len(done) :]]
        counts = {"total": len(lines), "completed": len(given), "failed": len(lines) - len(given)}
        return {
            "output_file_id": self.stored(given, f"{batch['id']}_output.jsonl", key),
            "error_file_id": self.stored(failed, f"{batch['id']}_error.jsonl", key),
            "request_counts": counts,
        }

    def answered(self, line: Line, key: str) -> Line:
        answer = self.ask("POST", line["url"], line["body"], key)
        said = {
            "status_code": answer.status,
            "request_id": value(answer.headers, "x-request-id"),
            "body": json.loads(answer.body),
        }
        return out(line, said, None)

    def stored(self, lines: list[Line], name: str, key: str) -> str | None:
        """The id of a file of these lines; None, as OpenAI does, where there are none."""
        if not lines:
            return None
        content = "".join(json.dumps(line) + "\n" for line in lines)
        answer = self.ask("POST", "/v1/files", {"filename": name, "purpose": "batch", "content": content}, key)
        return str(json.loads(answer.body)["id"])

    def ask(self, method: str, path: str, body: object, key: str) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        headers = [("Host", self.origin.netloc), ("User-Agent", AGENT), ("Content-Type", "application/json")]
        headers += [("Content-Length", str(len(data)))] + ([("Authorization", key)] if key else [])
        answer = self.forward(Request(method, path, headers, data))
        if answer.status != 200 and not path.endswith("/chat/completions"):
            raise RuntimeError(f"aimock refuses {method} {path}: {answer.body.decode(errors='replace')}")
        return answer


def out(line: Line, response: Line | None, error: Line | None) -> Line:
    """One line of an output or error file."""
    return {
        "id": f"batch_req_{line['custom_id']}",
        "custom_id": line["custom_id"],
        "response": response,
        "error": error,
    }


def with_body(answer: Response, body: Line) -> Response:
    data = json.dumps(body).encode()
    headers = [*without(answer.headers, HOP), ("Content-Length", str(len(data)))]
    return Response(answer.status, answer.reason, headers, data)


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the relay."""

    relay: ClassVar[Relay]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        try:
            response = self.relay.answer(read_request(self))
        except (OSError, http.client.HTTPException):  # aimock ended the connection: so does the relay
            self.close_connection = True
        else:
            write_response(self, response)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing: what matters is in the server's journal."""
