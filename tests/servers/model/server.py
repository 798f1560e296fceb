"""aimock as a server of the model API: starting it, telling it what to answer, reading what it was asked, and ending it.

aimock is not ours: it holds the protocol (chat completions, files, batches) as its authors read OpenAI's description. In strict mode a
request that no fixture foresees is answered with 503, so a test cannot pass by an answer that nobody thought of. README.md tells
what it can do, what it cannot, and what `relay.py` adds.
"""

import json
import os
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NODE_MODULES = Path(__file__).resolve().parent / "node_modules"
COMMAND = NODE_MODULES / "@copilotkit/aimock/dist/cli.js"
END_WITH_PARENT = Path(__file__).resolve().parents[1] / "contract/end_with_parent.cjs"
FIXTURES = Path(__file__).resolve().parent / "fixtures"
PATIENCE = 60.0  # seconds; node needs half a second on a machine at rest
OPTIONS = ("--host", "127.0.0.1", "--port", "0", "--strict", "--validate-on-load", "--metrics", "--journal-max", "0")
_LISTENING = re.compile(rb"listening on (http://127\.0\.0\.1:\d+)")
_ENDED_EARLY = re.compile(r'^aimock_requests_total\{[^}]*chat/completions[^}]*status="destroyed"\} (\d+)', re.MULTILINE)

Fixture = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """One request in the server's journal, and how it was answered.

    `status` is 0 where the connection was ended instead; `fault` is aimock's word for a fault it was told to make: drop, malformed,
    rateLimit, disconnect, or the empty string. `body` is None where aimock keeps none, as for files and batches.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    status: int
    fault: str


class ModelServer:
    """aimock on a free port of the loopback, from entering the context until leaving it, or until this process ends.

    `start` gives it new answers. `keys` are the API keys that it takes; it answers others with 401. Without keys it takes any.
    """

    def __init__(self, fixtures: Sequence[Fixture] = (), keys: Sequence[str] = ()) -> None:
        self.fixtures = fixtures
        self.keys = tuple(keys)
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._ended_before = 0

    @property
    def base_url(self) -> str:
        """What a client of the model API gets as its endpoint."""
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        if not COMMAND.exists():
            raise FileNotFoundError(f"no {COMMAND}: run npm ci in {NODE_MODULES.parent}")
        with tempfile.TemporaryFile() as log:
            self._run(log.fileno())
            deadline = time.monotonic() + PATIENCE
            while not self.url and time.monotonic() < deadline:
                ended = self.process is None or self.process.poll() is not None
                said = os.pread(log.fileno(), 1 << 20, 0)
                if listening := _LISTENING.search(said):
                    self.url = listening[1].decode()
                elif ended:
                    break
                else:
                    time.sleep(0.02)
            if not self.url:
                self.end()
                raise RuntimeError(f"aimock does not start:\n{said.decode(errors='replace')}")
        self.start(self.fixtures)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def start(self, fixtures: Sequence[Fixture]) -> None:
        """Answer by these fixtures from now on; what was asked, stored and counted before is forgotten."""
        self.tell("POST", "/__aimock/reset")
        if fixtures:
            self.tell("POST", "/__aimock/fixtures", {"fixtures": list(fixtures)})
        self._ended_before = self._ended_early()

    def journal(self, path: str = "/chat/completions") -> list[Seen]:
        """The requests seen since `start` whose path holds `path`, in the order they were answered.

        aimock leaves out a request whose client went away before it was answered; `unanswered` counts those.
        """
        entries = self.tell("GET", f"/__aimock/journal?path={path}")
        return [
            Seen(
                each["method"],
                each["path"],
                each["headers"],
                each["body"],
                each["response"]["status"],
                each["response"].get("chaosAction", ""),
            )
            for each in entries
        ]

    def unanswered(self) -> int:
        """Chat requests since `start` whose connection ended without an answer: the client went, or the server was told to end it."""
        return self._ended_early() - self._ended_before

    def tell(self, method: str, path: str, body: object = None) -> Any:
        """Ask the server's control interface. Raises RuntimeError with its objection, such as to a fixture that is not valid."""
        headers = {"Content-Type": "application/json"}
        if self.keys:
            headers["Authorization"] = f"Bearer {self.keys[0]}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - the loopback
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                text = answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                raise RuntimeError(f"aimock refuses {method} {path}: {refused.read().decode()}") from None
        return json.loads(text) if path.startswith("/__aimock") else text

    def end(self) -> None:
        """End the process; nothing of it stays."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _run(self, log: int) -> None:
        # Its standard input is our pipe: when this process ends, however it ends, so does the server.
        environment = {name: text for name, text in os.environ.items() if not name.startswith("AIMOCK_")}
        if self.keys:
            environment["AIMOCK_API_KEYS"] = ",".join(self.keys)
        self.process = subprocess.Popen(
            ["node", "--require", END_WITH_PARENT, COMMAND, *OPTIONS, "--fixtures", FIXTURES],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
        )

    def _ended_early(self) -> int:
        return sum(int(count) for count in _ENDED_EARLY.findall(self.tell("GET", "/metrics")))
