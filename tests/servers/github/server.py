"""The server: one port for the API and for git, from `with` to the end of it."""

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.github.clock import Clock, SystemClock
from tests.servers.github.api import Api
from tests.servers.github.facts import World
from tests.servers.github.faults import FaultScript
from tests.servers.github.git import GitReply, serve
from tests.servers.github.limits import Limits
from tests.servers.github.log import Log, Record
from tests.servers.github.messages import Reply, Request
from tests.servers.github.tokens import Identity, Tokens
from tests.servers.github.wire import Handler

TOKEN = "ghp_loopback"  # noqa: S105


class GitHubServer:
    """GitHub on 127.0.0.1 over one world. `tokens` are a list, or a dict from names (as the log has them) to tokens."""

    def __init__(
        self,
        world: World,
        clock: Clock | None = None,
        limits: Limits | None = None,
        faults: FaultScript | None = None,
        *,
        sdl_path: Path,
        tokens: Sequence[str] | Mapping[str, str] = (TOKEN,),
        apps: Mapping[str, str] | None = None,
        takes: Mapping[str, float] | None = None,
    ) -> None:
        self.world = world
        self.clock: Clock = clock or SystemClock()
        self.limits = limits or Limits()
        self.faults = faults or FaultScript()
        self.log = Log()
        self.tokens = Tokens(tokens, apps)
        self._api = Api(world, self.clock, self.limits, self.faults, self.log, self.tokens, sdl_path, takes or {})
        self._http: _Threads | None = None

    def __enter__(self) -> "GitHubServer":
        self._http = _Threads(("127.0.0.1", 0), type("Bound", (Handler,), {"behind": self}))
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._http
        self._http.shutdown()
        self._http.server_close()
        self._http.drop()

    @property
    def api_url(self) -> str:
        assert self._http, "the server runs inside `with` only"
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def git_url(self) -> str:
        """What stands before /OWNER/NAME.git."""
        return self.api_url

    def api(self, request: Request) -> Reply:
        return self._api.handle(request)

    def git(
        self, method: str, repository: str, service: str, target: str, headers: dict[str, str], body: Iterator[bytes]
    ) -> tuple[GitReply, Record]:
        now, skew = self.clock.now(), self.faults.skew
        identity = self.tokens.identify(headers.get("authorization"), now + skew)
        record = self.log.arrive(
            Record(
                arrived=now,
                arrived_order=0,
                arrived_real=0.0,
                token=identity.name if isinstance(identity, Identity) else "",
                resource="git",
                method=method,
                path=target,
                skew=skew,
                received=int(headers.get("content-length") or 0),
            )
        )
        fault = self.faults.take((f"{method} {target}", "git"), "git", 0)
        record.fault = fault.kind if fault else ""
        facts, folder = self.world.repository(repository), self.world.git_folder()
        challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
        if not isinstance(identity, Identity):
            reply = _plain(401, "Invalid username or token.", challenge)
        elif record.fault == "git_429":
            record.refused, record.retry_after = "secondary", fault.seconds if fault else 60
            reply = _plain(429, "Too many requests", {"Retry-After": str(record.retry_after)})
        elif record.fault == "git_500":
            reply = _plain(500, "Internal Server Error")
        elif record.fault == "git_404":
            reply = _plain(404, "Repository not found.")
        elif facts is None or folder is None:  # to a stranger GitHub does not say that there is none
            reply = (
                _plain(404, "Repository not found.")
                if identity.name
                else _plain(401, "Repository not found.", challenge)
            )
        else:
            reply = serve(
                folder, facts.full_name, service, method, target.partition("?")[2], headers, body,
                filters=record.fault != "git_no_filter",
            )  # fmt: skip
        record.status = reply.status
        self.log.answer(record, self.clock.now())
        return reply, record

    def git_sent(self, record: Record, sent: int) -> None:
        record.sent = sent


def _plain(status: int, words: str, headers: dict[str, str] | None = None) -> GitReply:
    return GitReply(status, {"Content-Type": "text/plain; charset=utf-8", **(headers or {})}, iter([words.encode()]))


class _Threads(ThreadingHTTPServer):
    """A thread for each connection, and a list of the connections so that all of them can be ended."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(target=self._one, args=(request, client_address), daemon=True)
        with self._guard:
            self._open[request] = thread
        thread.start()

    def _one(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a defect of this server and has to be seen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def drop(self) -> None:
        """End every connection that a client keeps open, and wait for its thread."""
        with self._guard:
            left = list(self._open.items())
        for connection, thread in left:
            with contextlib.suppress(OSError):  # closed in between
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(5)
