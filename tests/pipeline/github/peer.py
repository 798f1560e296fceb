"""A server that answers byte for byte what a test says, and an API client in a folder of its own. For what no decent server does."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from types import TracebackType

from pipeline.github.api import Api
from pipeline.github.clock import Clock
from pipeline.github.credentials import read_credentials
from pipeline.github.limits import WITH_TOKEN, Limits
from pipeline.github.log import RequestLog
from pipeline.github.store import Store

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """One request as it came. Header names are in lower case."""

    order: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").rpartition(" ")[2]


Script = Callable[[Asked], bytes | None]


def reply(status: int, body: object = b"", headers: Mapping[str, object] | None = None) -> bytes:
    """A whole answer. A body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    known: dict[str, object] = {"Content-Type": JSON, "Content-Length": len(content), "Connection": "close"}
    lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in (known | dict(headers or {})).items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


def date(when: float) -> str:
    return formatdate(when, usegmt=True)


class Peer:
    """Answers each connection's one request with what the script gives; None resets the connection, b"" just ends it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "Peer":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            first = stream.readline().decode("latin-1").split()
            if len(first) < 2:
                return
            headers = {}
            while line := stream.readline().decode("latin-1").strip():
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0)))
            with self._lock:
                asked = Asked(len(self.asked), first[0], first[1], headers, body)
                self.asked.append(asked)
            told = self.script(asked)
            if told is None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.sendall(told)


def in_turn(*answers: bytes | None) -> Script:
    """One answer after the other; the last one for all that follow."""
    return lambda asked: answers[min(asked.order, len(answers) - 1)]


@contextmanager
def opened(
    url: str, folder: Path, clock: Clock, environment: Mapping[str, str] | None = None, limits: Limits = WITH_TOKEN
) -> Iterator[Api]:
    """A client with the credentials of an environment (one token if none is given), its files in a folder."""
    tags, log = Store(folder / "etags.sqlite"), RequestLog(folder / "requests.jsonl")
    try:
        held = read_credentials({"GITHUB_TOKEN": "ghp_loopback"} if environment is None else environment)
        yield Api(url, held, tags, log, clock, limits)
    finally:
        log.close()
        tags.close()


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether something comes true in so many real seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True
