"""A loopback server that plays one of PyGithub's recordings; as a command, brings the recordings to this machine.

python -m tests.servers.contract.replay [FOLDER]
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.contract.gate import Listener
from tests.servers.contract.recordings import RECORDINGS, Recorded, fetch_recordings
from tests.servers.contract.wire import Request, Response, read_request, without, write_response

NOT_RECORDED = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}
UNKNOWN = Response(501, "Not Recorded", [("Content-Length", "0")], b"")


def alike(target: str) -> tuple[str, list[str]]:
    """A path and its parameters in any order."""
    path, _, query = target.partition("?")
    return path, sorted(query.split("&"))


class ReplayServer:
    """Answers each request with the first recorded exchange of its method and path that was not played yet.

    One with the same query parameters goes before one without. Bodies are the recorded ones; in `Location` and `Link` GitHub's
    address becomes this server's. What was never recorded is answered with 501 and stands in `unmatched`.
    """

    def __init__(self, recording: list[Recorded]) -> None:
        self.left = list(recording)
        self.played: list[Recorded] = []
        self.unmatched: list[str] = []
        self.lock = threading.Lock()
        self.listener = Listener(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"server_of": self}))
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.listener.shutdown()
        self.listener.server_close()

    def take(self, request: Request) -> Recorded | None:
        with self.lock:
            same = [each for each in self.left if each.method == request.method and each.path == request.path]
            if not same:
                self.unmatched.append(f"{request.method} {request.target}")
                return None
            chosen = next((each for each in same if alike(each.target) == alike(request.target)), same[0])
            self.left.remove(chosen)
            self.played.append(chosen)
            return chosen

    def answer(self, request: Request) -> Response:
        recorded = self.take(request)
        if recorded is None:
            return UNKNOWN
        headers = [
            (key, text.replace(f"https://{recorded.host}", self.url) if key.lower() in ("link", "location") else text)
            for key, text in without(recorded.headers, NOT_RECORDED)
        ]
        if recorded.status not in (204, 304):
            headers.append(("Content-Length", str(len(recorded.body))))
        return Response(recorded.status, "Recorded", headers, recorded.body)


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the server."""

    server_of: ClassVar[ReplayServer]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        write_response(self, self.server_of.answer(read_request(self)))

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing: what matters is in `played` and `unmatched`."""


if __name__ == "__main__":
    fetch_recordings(Path(sys.argv[1]) if len(sys.argv) > 1 else RECORDINGS)
