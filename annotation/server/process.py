"""Label Studio's process: bound to the loopback, told who its people are, watched until it answers, ended with its children."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from annotation.server.accounts import Account, Person, check_people, new_password
from annotation.server.installation import held
from annotation.server.prepare import Installation
from annotation.server.variables import variables
from pipeline.environment import last_lines
from pipeline.errors import LimiError, UserError

HOST = "127.0.0.1"
PROGRAM = Path(__file__).with_name("inside") / "limi_server.py"
PATIENCE = 600.0  # seconds until it must answer; making a database on a slow disk has taken two minutes
END_PATIENCE = 10.0  # seconds between asking it to end and ending it
LOG_BYTES = 10_000_000  # a log that is longer at a start becomes server.log.old


class Server:
    """A Label Studio at `url` while the context lasts, with an account for each of `people`; the first owns it.

    It listens on 127.0.0.1 at `port` and nowhere else; port 0 takes a free one. `accounts` are there from the start, in the order
    of `people`: who has one keeps it as it is, unless there are to be `new_passwords`. With `own_projects` everybody but the owner
    sees the project that is marked as theirs, and no other (inside/limi_own.py). `extra` are more environment variables;
    `patience` is how many seconds it may take until it answers.
    Raises UserError when the port, the folder or the database cannot be had, LimiError with the log's last lines when Label
    Studio ends or does not answer in time.
    """

    def __init__(
        self,
        installation: Installation,
        people: Sequence[Person],
        port: int = 8080,
        new_passwords: bool = False,
        own_projects: bool = True,
        extra: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        check_people(people)
        self.installation = installation
        self.people = list(people)
        self.port = port
        self.new_passwords = new_passwords
        self.own_projects = own_projects
        self.extra = dict(extra or {})
        self.patience = patience
        self.accounts: list[Account] = []
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where a browser and the SDK find it."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the server wrote, at this start and earlier ones."""
        return self.installation.data / "server.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers."""
        try:
            self._start(time.monotonic() + self.patience)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Return never: raise LimiError with the log's last lines when the server ends by itself, which it should not."""
        if self.process is not None:
            self.process.wait()
            raise self._ended(self.process)

    def stop(self) -> None:
        """End the server and whatever it started. Does nothing when it has ended."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def _start(self, deadline: float) -> None:
        with bound_socket(self.port) as listening:
            self.port = listening.getsockname()[1]
            self.process = process = self._spawn(listening)
            passwords = {person.email: new_password() for person in self.people}
            self._tell(process, listening.fileno(), passwords)
        answer = self._read_answer(process, deadline)
        self.installation.migrated()
        self.accounts = [
            Account(
                name=person.name,
                email=person.email,
                role=person.role,
                password=passwords[person.email] if account["password_set"] else "",
                token=account["token"],
            )
            for person, account in zip(self.people, answer, strict=True)
        ]
        self._wait_until_healthy(process, deadline)

    def _spawn(self, listening: socket.socket) -> subprocess.Popen[bytes]:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            os.replace(self.log, self.log.with_name("server.log.old"))
        with held(self.installation.data / "running") as lock, self.log.open("ab") as log:
            return subprocess.Popen(
                [str(self.installation.python), "-s", str(PROGRAM)],
                cwd=self.installation.data,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**variables(self.installation, self.url), **self.extra},
                pass_fds=(listening.fileno(), lock.fileno()),
                start_new_session=True,  # so that Ctrl-C at a terminal ends it through us, once
                umask=0o077,
            )

    def _tell(self, process: subprocess.Popen[bytes], listening: int, passwords: Mapping[str, str]) -> None:
        people = [
            {
                "email": person.email.lower(),  # as Label Studio's page for logging in makes it
                "name": person.name,
                "token": person.token,
                "password": passwords[person.email],
                "owner": person.role == "owner",
            }
            for person in self.people
        ]
        wanted = {
            "people": people,
            "new_passwords": self.new_passwords,
            "own_projects": self.own_projects,
            "socket": listening,
        }
        # The pipe stays open: the server ends when it closes, so also when this process is killed.
        with contextlib.suppress(BrokenPipeError):
            _stream(process.stdin).write(json.dumps(wanted).encode() + b"\n")
            _stream(process.stdin).flush()

    def _read_answer(self, process: subprocess.Popen[bytes], deadline: float) -> list[dict[str, Any]]:
        descriptor, line = _stream(process.stdout).fileno(), b""
        while not line.endswith(b"\n"):
            if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise LimiError(f"Label Studio prepared no database within {self.patience:.0f} seconds. {self._tail()}")
            part = os.read(descriptor, 65536)
            if not part:
                raise self._ended(process)
            line += part
        answer = json.loads(line)
        if "error" in answer:
            raise UserError(answer["error"])
        accounts: list[dict[str, Any]] = answer["accounts"]
        return accounts

    def _wait_until_healthy(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # not through the machine's proxy
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise self._ended(process)
            try:
                with opener.open(f"{self.url}/health", timeout=30) as response:
                    if b"UP" in response.read(1000):
                        return
            except OSError:
                time.sleep(0.05)
        raise LimiError(f"Label Studio did not answer within {self.patience:.0f} seconds. {self._tail()}")

    def _ended(self, process: subprocess.Popen[bytes]) -> LimiError:
        return LimiError(f"Label Studio ended by itself (status {process.wait()}). {self._tail()}")

    def _tail(self) -> str:
        text = self.log.read_bytes()[-20_000:].decode("utf-8", "replace") if self.log.exists() else ""
        return f"The last lines of {self.log}:\n{last_lines(text)}"


def bound_socket(port: int) -> socket.socket:
    """A socket bound to a port of the loopback, to be handed over: Label Studio itself takes the next free port without a word."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(
            f"port {port} of {HOST} cannot be had ({error}); end what listens there, or name another in review.server"
        ) from error
    return listening


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise LimiError("Label Studio was started without pipes")
    return stream
