"""Runs mini-swe-agent in the human's terminal for one round of a recording, in its own environment and without ours."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trajectories.collecting.recording import Recording
from trajectories.collecting.sandbox import Sandbox
from trajectories.collecting.settings import Mode

PROGRAM = Path(__file__).with_name("inside") / "limi_mini.py"
# Of our own variables it sees these alone: the terminal's, and what a connection through a proxy or to a private server needs.
PASSED_ON = (
    *("PATH", "HOME", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
TRIES = 4  # of one request to the model, with pauses from 4 seconds on


def run_round(python: Path, recording: Recording, sandbox: Sandbox, key: str, held: IO[str], mode: Mode) -> int:
    """Work on in this mode until the agent hands in, or is stopped.

    Returns the exit code of inside/limi_mini.py; less than 0: it was killed.
    It holds the recording's lock for as long as it lives, and ends when this process does.
    """
    settings = recording.settings
    wanted = {
        "task": recording.assignment.query,
        "further": recording.further(),
        "key": key,
        "endpoint": settings.endpoint,
        "model": settings.model,
        "model_settings": dict(settings.model_settings),
        "prices": settings.prices(),
        "timeout": settings.timeout,
        "mode": mode,
        "step_limit": settings.step_limit,
        "cost_limit": settings.max_usd,
        "trajectory": str(recording.trajectory.absolute()),
        "executing": str(recording.folder.absolute() / "executing"),
        "sandbox": sandbox.environment.sandbox,
        "workplace": vars(sandbox.for_limit(settings.command_seconds)),
        "command_seconds": settings.command_seconds + (10 if sandbox.container else 0),
    }
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {
        "MSWEA_CONFIGURED": "true",
        "MSWEA_GLOBAL_CONFIG_DIR": str(recording.folder.absolute() / "mini"),
        "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": str(TRIES),
        "MSWEA_SILENT_STARTUP": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    reading, writing = os.pipe()
    try:
        with _interrupts_are_for_it():
            process = subprocess.Popen(
                [str(python), "-s", str(PROGRAM), str(reading)],
                env=environment,
                pass_fds=(reading, held.fileno()),
            )
            os.close(reading)
            reading = -1
            # The pipe stays open as long as we live: the program ends when it closes.
            with os.fdopen(os.dup(writing), "wb", buffering=0) as pipe:
                _write(pipe, json.dumps(wanted).encode() + b"\n")
                return process.wait()
    finally:
        for descriptor in (reading, writing):
            if descriptor >= 0:
                os.close(descriptor)


def _write(pipe: IO[bytes], content: bytes) -> None:
    try:
        while content:
            content = content[pipe.write(content) :]
    except BrokenPipeError:
        pass  # it has ended already, and its exit code tells


@contextmanager
def _interrupts_are_for_it() -> Iterator[None]:
    """Ctrl-C reaches every process of the terminal: mini-swe-agent asks the human then, and we wait."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
