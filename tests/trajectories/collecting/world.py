"""A small world for the collector: a pool with one query of a pull request and one of a person, a clone, and a terminal to record in."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from tests.conftest import ROOT, Repository

PULL_QUERY, OWN_QUERY = "gh-0123456789ab", "real-001"
KEY = "sk-loopback-0123456789abcdef"
ENVIRONMENT = ROOT / ".venv/mini-swe-agent"


class World:
    """Places in a folder; `recorder` runs the collector over them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key, self.cwd = folder, KEY, ROOT
        self.repository = Repository(folder / "clones/owner/name")
        self.base = self.repository.commit("Add a greeting", {"greet.sh": "echo helo\n"})
        self.fixed = self.repository.commit("Say hello, the solution", {"greet.sh": "echo hello\n"})
        self.archive, self.work = folder / "archive", folder / "work"
        self.places = {
            "archive": str(self.archive),
            "work": str(self.work),
            "pool": str(folder / "pool.jsonl"),
            "data": str(folder / "data"),
            "sources": str(folder / "clones"),
            "environment": str(ENVIRONMENT),
        }
        pull = {"repo": "owner/name", "number": 7, "base_sha": self.base}
        rows = [
            {
                "id": PULL_QUERY,
                "query": "Greet properly.",
                "success_criteria": ["It says hello."],
                "pull_request": pull,
            },
            {"id": OWN_QUERY, "query": "Write a poem.", "success_criteria": [], "pull_request": None},
        ]
        (folder / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (folder / "data").mkdir()
        pl.DataFrame({"repo": ["owner/name"], "clone": ["owner/name"]}).write_parquet(folder / "data/repos.parquet")

    def command(
        self, url: str, query_id: str = PULL_QUERY, more: dict[str, Any] | None = None, **settings: Any
    ) -> list[str]:
        settings = {"model": "scripted", "endpoint": url, "sandbox": {"without": True}, **settings}
        wanted = {"query_id": query_id, "settings": settings, "places": self.places, "more": more or {}}
        return [sys.executable, "-m", "tests.trajectories.collecting.recorder", json.dumps(wanted)]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "OPENAI_API_KEY": self.key,
            "TERM": "dumb",
            "COLUMNS": "200",
            "LINES": "50",
        }

    def run(self, *arguments: Any, **settings: Any) -> subprocess.CompletedProcess[str]:
        """The collector without a terminal."""
        return subprocess.run(
            self.command(*arguments, **settings),
            cwd=self.cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @contextmanager
    def unattended(self, *arguments: Any, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
        """The collector without a terminal, as it runs; killed at the end."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = self.command(*arguments, **settings)
        with subprocess.Popen(command, cwd=self.cwd, env=self.environment, **quiet) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextmanager
    def terminal(self, *arguments: Any, **settings: Any) -> Iterator["Terminal"]:
        """The collector in a terminal of its own."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["setsid", "--ctty", *self.command(*arguments, **settings)],  # so that Ctrl-C is heard
            cwd=self.cwd,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        try:
            yield Terminal(process, ours)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            os.close(ours)


class Terminal:
    """What stands in a terminal, and what is typed into it."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self.process, self._descriptor = process, descriptor
        self.screen = ""
        self._seen = 0

    def until(self, text: str, seconds: float = 40) -> None:
        """Read until a text appears behind what was waited for before."""
        deadline = time.monotonic() + seconds
        while (at := self.screen.find(text, self._seen)) < 0:
            assert self._read(deadline - time.monotonic()), f"no {text!r} in:\n{self.screen[self._seen :]}"
        self._seen = at + len(text)

    def say(self, line: str | bytes) -> None:
        os.write(self._descriptor, (line.encode() if isinstance(line, str) else line) + b"\r")

    def end_input(self) -> None:
        """Ctrl-D."""
        os.write(self._descriptor, b"\x04")

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.write(self._descriptor, b"\x03")

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read(40):
            pass
        return self.process.wait(10)

    def _read(self, seconds: float) -> bool:
        if seconds <= 0 or not select.select([self._descriptor], [], [], seconds)[0]:
            return False
        try:
            part = os.read(self._descriptor, 65536)
        except OSError:  # the other end is closed
            return False
        self.screen += part.decode("utf-8", "replace")
        return bool(part)


def until_there(path: Path) -> None:
    """Wait for a file."""
    deadline = time.monotonic() + 40
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
