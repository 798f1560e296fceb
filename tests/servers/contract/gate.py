"""The contract gate: a loopback address that passes everything on to a server and holds what passes against GitHub's word.

    client -> ContractGate -> Prism -> ContractGate (the same listener) -> server      REST
    client -> ContractGate -> server                                                   GraphQL, git

Prism re-writes what it passes on: it decodes and re-encodes bodies, drops headers, follows redirects by itself and answers for
a server that says 501. So it sits beside the wire here, not in it. A request goes to Prism under a number; Prism, if it finds
the request right, asks this same listener under that number, which only then sends the client's own bytes to the server, keeps
the answer, and shows Prism a plain copy. The client gets the server's bytes if Prism has nothing to say, else Prism's problem.

A broken connection is passed on as one: it is a fault of the line, no violation of a contract.
"""

import http.client
import itertools
import re
import tempfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.contract import sdl
from tests.servers.contract.openapi import DIFF_TYPES, Endpoints, pruned, written
from tests.servers.contract.prism import Prism, is_problem, objections
from tests.servers.contract.wire import (
    HOP,
    NO_BODY,
    Request,
    Response,
    read_request,
    send,
    value,
    without,
    write_response,
)

NUMBER = "x-contract-exchange"
GIT = re.compile(r"^/[^/]+/[^/]+\.git/")
HIDDEN = {"content-encoding", "location"}  # Prism sees bodies decoded, and would follow a redirect by itself
NOTHING = Response(502, "Bad Gateway", [("Content-Length", "0")], b"")


class Exchange:
    """A client's request on its way through Prism, and the server's answer once there is one."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.response: Response | None = None
        self.failure: Exception | None = None


class ContractGate:
    """Stands before `upstream` at `url` while the context lasts; `violations` and `requests` tell what passed."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/")
        self.origin = urlsplit(upstream)
        self.violations: list[str] = []
        self.requests: Counter[str] = Counter()
        self.exchanges: dict[str, Exchange] = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.listener = Listener(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"gate": self}))
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}"
        description = pruned(self.url)
        self.endpoints = Endpoints(description)
        self.folder = tempfile.TemporaryDirectory()
        self.prism = Prism(written(description, Path(self.folder.name) / "openapi.json"), self.url)

    def __enter__(self) -> Self:
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            self.prism.__enter__()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.prism.end()
        self.end()

    def end(self) -> None:
        self.listener.shutdown()
        self.listener.server_close()
        self.folder.cleanup()

    def answer(self, request: Request) -> Response | None:
        """What the client gets, or None where the server broke the connection off."""
        number = value(request.headers, NUMBER)
        if number:
            return self.inner(number)
        kind = "graphql" if request.path == "/graphql" else "git" if GIT.match(request.path) else "rest"
        with self.lock:
            self.requests[kind] += 1
        if kind == "rest":
            return self.through_prism(request)
        try:
            response = self.forward(request)
        except (OSError, http.client.HTTPException):
            return None
        if kind == "graphql" and not response.cut:
            self.object(request, sdl.objections(request.body, response.status, response.decoded()))
        return response

    def forward(self, request: Request) -> Response:
        """Send the client's request to the server; addresses of the server in the answer's headers become the gate's."""
        answer = send(str(self.origin.hostname), self.origin.port or 80, request)
        headers = [
            (key, text.replace(self.upstream, self.url) if key.lower() in ("link", "location") else text)
            for key, text in answer.headers
        ]
        return Response(answer.status, answer.reason, headers, answer.body, answer.cut)

    def through_prism(self, request: Request) -> Response | None:
        exchange = Exchange(request)
        number = str(next(self.numbers))
        self.exchanges[number] = exchange
        self.object(request, self.unknown_parameters(request))
        length = [("Content-Length", str(len(request.body)))] if request.body else []
        headers = [
            *without(request.headers, HOP),
            ("Host", self.url.removeprefix("http://")),
            (NUMBER, number),
            *length,
        ]
        verdict = send("127.0.0.1", self.prism.port, Request(request.method, request.target, headers, request.body))
        del self.exchanges[number]
        if exchange.failure:
            return None
        if exchange.response and exchange.response.cut:
            return exchange.response
        found = objections(verdict)
        if exchange.response:
            found += answered_as_asked(request, exchange.response)
            if not found and verdict.status != exchange.response.status:
                found.append(f"Prism answers {verdict.status} where the server answered {exchange.response.status}")
        elif not found:
            found.append(f"Prism answers {verdict.status} and never asked the server")
        self.object(request, found)
        return verdict if is_problem(verdict) or exchange.response is None else exchange.response

    def unknown_parameters(self, request: Request) -> list[str]:
        """Query parameters that the endpoint does not have: GitHub ignores them in silence, and so does Prism."""
        found = self.endpoints.find(request.method, request.path)
        known = {each["name"] for each in found[1]["parameters"] if each["in"] == "query"} if found else set()
        asked = (
            {name for name, _ in parse_qsl(urlsplit(request.target).query, keep_blank_values=True)} if found else set()
        )
        return [f"request.query.{name}: no such parameter" for name in sorted(asked - known)]

    def inner(self, number: str) -> Response:
        """Prism finds the request right: ask the server, and show Prism the answer as plainly as it can be put."""
        exchange = self.exchanges[number]
        try:
            exchange.response = self.forward(exchange.request)
        except (OSError, http.client.HTTPException) as error:
            exchange.failure = error
            return NOTHING
        try:
            body = exchange.response.decoded()
        except ValueError as error:
            self.object(exchange.request, [f"response: {error}"])
            return NOTHING
        bare = {"content-type"} if exchange.response.status in NO_BODY else set()  # or Prism parses the missing body
        hidden = HOP | HIDDEN | bare
        headers = [*without(exchange.response.headers, hidden), ("Content-Length", str(len(body)))]
        return Response(exchange.response.status, exchange.response.reason, headers, body)

    def object(self, request: Request, found: list[str]) -> None:
        with self.lock:
            self.violations += [f"{request.method} {request.target}: {each}" for each in found]


def answered_as_asked(request: Request, response: Response) -> list[str]:
    """Prism lets either of two documented media types pass; which of them was asked for is looked at here."""
    asked = value(request.headers, "accept").partition(";")[0].strip() in DIFF_TYPES
    got = value(response.headers, "content-type").partition(";")[0].strip() in DIFF_TYPES
    if response.status == 200 and asked != got:
        return [f"response: a diff was {'' if asked else 'not '}asked for, the answer is {'' if got else 'not '}one"]
    return []


class Listener(ThreadingHTTPServer):
    """Many clients at once, none of them waited for at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the gate."""

    gate: ClassVar[ContractGate]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_any(self) -> None:
        response = self.gate.answer(read_request(self))
        if response is None:
            self.close_connection = True
        else:
            write_response(self, response)

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Say nothing: what matters is in the gate's violations."""
