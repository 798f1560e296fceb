"""HTTP/1.1 on a socket: reads requests of either kind, writes answers, and breaks connections where a fault says so."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Protocol
from urllib.parse import unquote

from tests.servers.github.git import PATH, GitReply
from tests.servers.github.log import Record
from tests.servers.github.messages import Reply, Request

_CHUNK = 1 << 16


class Behind(Protocol):
    """What stands behind the sockets."""

    def api(self, request: Request) -> Reply:
        """Answer an API request."""

    def git(
        self, method: str, repository: str, service: str, target: str, headers: dict[str, str], body: Iterator[bytes]
    ) -> tuple[GitReply, Record]:
        """Answer a git request; the record is finished when the body was sent."""

    def git_sent(self, record: Record, sent: int) -> None:
        """Note that the answer to a git request has gone."""


class Handler(BaseHTTPRequestHandler):
    """One connection. `behind` is set on a subclass by the server."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "GitHub.com", ""
    disable_nagle_algorithm = True
    behind: Behind

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing on the terminal: the log is in `GitHubServer.log`."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        git = PATH.fullmatch(unquote(path))
        body = self._body(headers)
        if git:
            self._git(git[1], git[2], query, headers, body)
            return
        host = headers.get("host") or "{}:{}".format(*self.connection.getsockname()[:2])
        self._send(self.behind.api(Request(self.command, unquote(path), query, headers, b"".join(body), host)))

    def _body(self, headers: dict[str, str]) -> Iterator[bytes]:
        """The request's body, with chunking taken off. It has to be read to its end before the next request can be."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(headers.get("content-length") or 0)
        while left and (piece := self.rfile.read(min(left, _CHUNK))):
            left -= len(piece)
            yield piece

    def _send(self, reply: Reply) -> None:
        if reply.ending == "reset":
            self._break()
            return
        self.send_response_only(reply.status)
        self.send_header("Server", self.server_version)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        shown = b"" if self.command == "HEAD" or reply.status == 304 else reply.body
        # In one piece, so that a client never waits for a second packet.
        if reply.ending == "cut":
            self._buffered(shown[: len(shown) // 2])
            self._break()
        else:
            self._buffered(shown)

    def _buffered(self, body: bytes) -> None:
        head: list[bytes] = vars(self).pop("_headers_buffer")
        self.wfile.write(b"".join([*head, b"\r\n", body]))

    def _git(self, repository: str, service: str, query: str, headers: dict[str, str], body: Iterator[bytes]) -> None:
        target = f"/{repository}.git/{service}" + (f"?{query}" if query else "")
        reply, record = self.behind.git(self.command, repository, service, target, headers, body)
        for _ in body:
            pass  # what a refusal has left unread
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if record.fault == "git_cut":
            whole = b"".join(reply.body)
            self.behind.git_sent(record, len(whole) // 2)
            self.wfile.write(b"%x\r\n%s" % (len(whole), whole[: len(whole) // 2]))
            self._break()
            return
        sent = 0
        for piece in reply.body:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            sent += len(piece)
        self.behind.git_sent(record, sent)
        self.wfile.write(b"0\r\n\r\n")

    def _break(self) -> None:
        """End the connection in the middle of things."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
