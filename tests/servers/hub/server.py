"""The server: one port on 127.0.0.1, from `with` to the end of it; its state stays in its folder."""

import json
import re
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.servers.hub import large_files, reading, writing
from tests.servers.hub.accounts import TOKEN, Account, account, check_reads, check_writes
from tests.servers.hub.faults import Fault, FaultScript
from tests.servers.hub.messages import Refusal, Reply, Request, as_json
from tests.servers.hub.store import Repository, Store
from tests.servers.hub.xet import token_reply

_NAME = r"(?P<name>[^/]+/[^/]+)"
_API = re.compile(
    rf"/api/(?P<kind>dataset|model)s/{_NAME}(?:/(?P<what>[a-z-]+)(?:/(?P<revision>[^/]+)(?:/(?P<rest>.+))?)?)?"
)
_RESOLVE = re.compile(rf"(?:/datasets)?/{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_LFS = re.compile(rf"(?:/datasets)?/{_NAME}\.git/info/lfs/objects/(?P<what>batch|verify)")
_STORAGE = re.compile(rf"/storage/{_NAME}/(?P<sha256>[0-9a-f]{{64}})")
_DOWN = "/cas-down"


@dataclass(frozen=True)
class Record:
    """One request as it came: with which status it was answered (0: not at all), and whether a token came with it."""

    method: str
    path: str
    status: int
    received: int
    authorized: bool


class HubServer:
    """A Hub over a folder. `accounts` maps tokens to accounts; `faults` can be added to while it runs."""

    def __init__(
        self,
        folder: Path,
        faults: list[Fault] | None = None,
        accounts: Mapping[str, Account] | None = None,
        page: int = reading.PAGE,
    ) -> None:
        self.store = Store(folder)
        self.script = FaultScript(faults)
        self.accounts = {TOKEN: Account()} if accounts is None else accounts
        self.log: list[Record] = []
        self.late: dict[str, Request] = {}
        self._page = page
        self._storage = large_files.Storage(b"loopback")
        self._http: ThreadingHTTPServer | None = None

    def __enter__(self) -> "HubServer":
        self._http = _Quiet(("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": self}))
        self._storage.address = f"http://localhost:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._http
        for fault in self.script.faults:
            fault.release.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        assert self._http, "the server runs inside `with` only"
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def dataset(self, name: str) -> Repository:
        """The state of one repository, as the disk has it."""
        found = self.store.repository(name)
        assert found, f"no repository is called {name}"
        return found

    def commit_by_another(self, name: str) -> str:
        """Somebody else changes the dataset; the new revision."""
        repository = self.dataset(name)
        entries = repository.commit(repository.head).entries
        entries["notes.txt"] = repository.put("notes.txt", f"by another, upon {repository.head}\n".encode())
        return repository.add("A note", "", "another", entries, _now()).oid

    def answer(self, request: Request) -> Reply:
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.reply

    def _route(self, request: Request) -> Reply:
        if found := _STORAGE.fullmatch(request.path):
            self._storage.check(request)
            repository = self.dataset(found["name"])
            serve = large_files.put if request.method == "PUT" else large_files.get
            return serve(request, repository, found["sha256"])
        who = account(request, self.accounts)
        if request.path == "/api/whoami-v2":
            if not who.name:
                raise Refusal(401, "Invalid username or password.")
            return as_json(who.whoami())
        if (request.method, request.path) == ("POST", "/api/validate-yaml"):
            return writing.validate_yaml(request)
        if (request.method, request.path) == ("POST", "/api/repos/create"):
            if not who.name:
                raise Refusal(401, "Invalid username or password.")
            return writing.create(request, self.store, who, _now)
        if found := _RESOLVE.fullmatch(request.path):
            repository = check_reads(self.store.repository(found["name"]), who)
            commit = repository.resolve(found["revision"])
            entry = commit.entries.get(found["path"]) if commit else None
            storage = self._storage.signed("GET", repository.name, entry.sha256 if entry else "")
            return reading.resolve(request, repository, found["revision"], found["path"], storage)
        if found := _LFS.fullmatch(request.path):
            repository = check_reads(self.store.repository(found["name"]), who)
            check_writes(repository, who)
            if found["what"] == "verify":
                return large_files.verify(request, repository)
            return large_files.batch(request, repository, self._storage)
        if found := _API.fullmatch(request.path):
            return self._dataset(request, who, found)
        raise Refusal(404, "Sorry, we can't find the page you are looking for.")

    def _dataset(self, request: Request, who: Account, found: re.Match[str]) -> Reply:
        repository = check_reads(self.store.repository(found["name"], found["kind"]), who)
        what, revision = found["what"] or "", found["revision"] or "main"
        if request.method == "GET":
            if what in ("", "revision"):
                return reading.info(request, repository, revision)
            if what == "tree":
                return reading.tree(request, repository, revision, found["rest"] or "", self._page)
            if what == "refs":
                return reading.refs(repository)
            if what == "commits":
                return reading.commits(repository, revision)
            if what in ("xet-read-token", "xet-write-token"):
                if what == "xet-write-token":
                    check_writes(repository, who)
                return self._xet_token(request, repository)
        if (request.method, what) == ("POST", "paths-info"):
            return reading.paths_info(request, repository, revision)
        check_writes(repository, who)
        if (request.method, what) == ("POST", "preupload"):
            return writing.preupload(request, repository, revision)
        if (request.method, what) == ("POST", "commit"):
            return writing.commit(request, repository, who, _now)
        if (request.method, what) == ("POST", "tag"):
            return writing.tag(request, repository, revision)
        if (request.method, what) == ("DELETE", "tag"):
            return writing.delete_tag(repository, revision)
        raise Refusal(404, "Sorry, we can't find the page you are looking for.")

    def _xet_token(self, request: Request, repository: Repository) -> Reply:
        if self.script.take("CAS", request.path):
            return token_reply(self.url + _DOWN, "xet")
        folder = (repository.folder / "cas").resolve()
        folder.mkdir(exist_ok=True)
        return token_reply(f"local://{folder}", "xet")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a defect of this server and has to be seen."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30
    hub: HubServer

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        path = unquote(path)
        fault = self.hub.script.take(self.command, path) if not path.startswith(_DOWN) else Fault("reset", "")
        kind = fault.kind if fault else ""
        if kind == "reset":
            self._end(path, 0)
            return
        if kind == "break":
            self._end(path, len(self.rfile.read(min(self._length, fault.at_byte if fault else 0))))
            return
        body = self._body()
        if kind == "hold" and fault:
            fault.release.wait(25)
            self._end(path, len(body))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        origin = f"http://{headers.get('host', '')}"
        request = Request(self.command, path, dict(parse_qsl(query)), headers, body, origin)
        if kind != "late" and fault is None and (waiting := self.hub.late.pop(path, None)):
            self.hub.answer(waiting)
        if kind == "overtake" and (found := _API.fullmatch(path)):
            self.hub.commit_by_another(found["name"])
        if kind == "status" and fault:
            waits = {"Retry-After": str(fault.seconds)} if fault.seconds else {}
            reply = Refusal(fault.status, fault.message, fault.code, **waits).reply
        elif kind == "late":
            self.hub.late[path] = request
            reply = Refusal(500, "Internal Server Error").reply
        elif kind == "echo":
            reply = Refusal(400, json.dumps(headers)).reply
        else:
            reply = self.hub.answer(request)
        if kind == "lost":
            self._end(path, len(body))
            return
        if kind == "done_500":
            reply = Refusal(500, "Internal Server Error").reply
        self._record(path, reply.status, len(body))
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on the terminal: the log is in `HubServer.log`."""

    @property
    def _length(self) -> int:
        return int(self.headers.get("Content-Length") or 0)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(self._length)
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _end(self, path: str, received: int) -> None:
        """End the connection in the middle of things."""
        self._record(path, 0, received)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _record(self, path: str, status: int, received: int) -> None:
        self.hub.log.append(Record(self.command, path, status, received, "Authorization" in self.headers))
