"""HTTP messages as they stand on the wire: read, passed on and written without a change to their bytes."""

import contextlib
import http.client
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

Headers = list[tuple[str, str]]
HOP = {"connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"}
NO_BODY = {204, 304}
PATIENCE = 120.0


def value(headers: Headers, name: str) -> str:
    """The first header of that name, or the empty string."""
    return next((text for key, text in headers if key.lower() == name), "")


def without(headers: Headers, names: Iterable[str]) -> Headers:
    """The headers less those named (in lower case)."""
    left_out = set(names)
    return [(key, text) for key, text in headers if key.lower() not in left_out]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    target: str
    headers: Headers
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Response:
    """What a server answered; `cut` when the connection ended before the body did."""

    status: int
    reason: str
    headers: Headers
    body: bytes
    cut: bool = False

    def decoded(self) -> bytes:
        """The body without its content encoding."""
        encoding = value(self.headers, "content-encoding").lower()
        if not self.body or encoding in ("", "identity"):
            return self.body
        windows = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
        if encoding not in windows:
            raise ValueError(f"unknown content encoding {encoding!r}")
        try:
            return zlib.decompress(self.body, wbits=windows[encoding])
        except zlib.error as error:
            raise ValueError(f"no {encoding}: {error}") from error


def chunked(headers: Headers) -> bool:
    """Whether the message's body comes in chunks."""
    return "chunked" in value(headers, "transfer-encoding").lower()


def read_request(handler: BaseHTTPRequestHandler) -> Request:
    """The request that a handler is about to answer, its body whole."""
    headers = list(handler.headers.items())
    body = bytearray()
    if chunked(headers):
        while size := int(handler.rfile.readline().partition(b";")[0], 16):
            body += handler.rfile.read(size)
            handler.rfile.readline()
        while handler.rfile.readline().strip():
            pass  # trailers
    else:
        body += handler.rfile.read(int(value(headers, "content-length") or 0))
    return Request(handler.command, handler.path, headers, bytes(body))


def send(host: str, port: int, request: Request) -> Response:
    """Pass a request on. A new connection each time: a server that ends one early is then never taken for an idle one."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for key, text in without(request.headers, {"expect"}):
            connection.putheader(key, text)
        parts = chunked(request.headers)
        connection.endheaders([request.body] if parts and request.body else request.body or None, encode_chunked=parts)
        answer = connection.getresponse()
        cut = False
        try:
            body = answer.read()
        except http.client.IncompleteRead as early:
            body, cut = early.partial, True
        except OSError:
            body, cut = b"", True
        return Response(answer.status, answer.reason, list(answer.headers.items()), body, cut)
    finally:
        connection.close()


def write_response(handler: BaseHTTPRequestHandler, response: Response) -> None:
    """Write an answer as it came; where it was cut, the connection ends at the same place."""
    in_chunks = chunked(response.headers)
    measured = in_chunks or value(response.headers, "content-length") != "" or response.status in NO_BODY
    headers = response.headers if measured else [*without(response.headers, {"connection"}), ("Connection", "close")]
    head = f"HTTP/1.1 {response.status} {response.reason}\r\n" + "".join(f"{key}: {text}\r\n" for key, text in headers)
    body = response.body
    if in_chunks:
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if response.cut else b"0\r\n\r\n")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        handler.wfile.write(head.encode("latin-1") + b"\r\n" + body)
    if response.cut or "close" in value(headers, "connection").lower():
        handler.close_connection = True
