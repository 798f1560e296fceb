"""Stoplight's Prism as a validating proxy: starting it, ending it, and reading what it objects to."""

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.contract.openapi import NODE_MODULES
from tests.servers.contract.wire import Response, value

COMMAND = NODE_MODULES / "@stoplight/prism-cli/dist/index.js"
END_WITH_PARENT = Path(__file__).resolve().parent / "end_with_parent.cjs"
PATIENCE = 60.0
ATTEMPTS = 3


def is_problem(answer: Response) -> bool:
    """Whether Prism answers in its own name."""
    return value(answer.headers, "content-type").startswith("application/problem+json")


def objections(answer: Response) -> list[str]:
    """What Prism objects to in an exchange: in the problem that it answers with, or else in the header that it adds.

    An answer with a status that is not documented is only a warning to Prism, which `--errors` lets pass: the header has it.
    """
    if is_problem(answer):
        problem = json.loads(answer.body)
        kind = str(problem.get("type", "")).rpartition("#")[2]
        found = problem.get("validation") or [{"message": problem.get("detail") or problem.get("title") or "no detail"}]
        return [f"{kind}: {described(each)}" for each in found]
    header = value(answer.headers, "sl-violations")
    if not header:
        return []
    try:
        return [described(each) for each in json.loads(header)]
    except ValueError:  # Prism cuts a header that grows too long
        return [header]


def described(violation: Mapping[str, object]) -> str:
    """One violation as a line."""
    location = violation.get("location")
    place = ".".join(map(str, location)) if isinstance(location, list) else ""
    return f"{place}: {violation.get('message')}" if place else str(violation.get("message"))


def free_port() -> int:
    """A port of the loopback that nobody holds just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Prism:
    """`prism proxy --errors` on a free port of the loopback, from entering the context until leaving it."""

    def __init__(self, description: Path, upstream: str) -> None:
        self.description = description
        self.upstream = upstream
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if not COMMAND.exists():
            raise FileNotFoundError(f"no {COMMAND}: run npm ci in {NODE_MODULES.parent}")
        with tempfile.TemporaryFile() as log:
            for _ in range(ATTEMPTS):  # another process may have taken the port before Prism does
                self.start(log.fileno())
                if self.wait():
                    return self
                self.end()
                log.seek(0)
                said = log.read().decode(errors="replace")
                log.truncate(0)
                if "EADDRINUSE" not in said:
                    break
            raise RuntimeError(f"Prism does not start:\n{said}")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def start(self, log: int) -> None:
        self.port = free_port()
        options = ["--errors", "--host", "127.0.0.1", "--port", str(self.port), "--multiprocess", "false"]
        options += ["--verboseLevel", "fatal"]
        self.process = subprocess.Popen(
            ["node", "--require", END_WITH_PARENT, COMMAND, "proxy", *options, self.description, self.upstream],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )

    def wait(self) -> bool:
        """Whether it has come to answer; false once its process has ended."""
        deadline = time.monotonic() + PATIENCE
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException), self.connection() as connection:
                connection.request("GET", "/is-it-there")  # no endpoint: Prism itself answers, not the upstream
                if connection.getresponse().getheader("content-type") == "application/problem+json":
                    return True
            time.sleep(0.05)
        return False

    @contextlib.contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def end(self) -> None:
        if self.process is None:
            return
        self.process.kill()
        self.process.communicate()
        self.process = None
