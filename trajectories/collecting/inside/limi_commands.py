"""Runs one command with a limit of time and of output. Imported by the project and by the program inside mini-swe-agent's environment."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_OUTPUT = 2**20  # bytes; the model is shown 10,000 characters of it
_GRACE = 5.0  # seconds that a killed process may take to be gone


@dataclass(frozen=True)
class Workplace:
    """Where commands run: what stands before `bash -c COMMAND`, the folder and the whole environment of that process."""

    prefix: Sequence[str]
    folder: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Ran:
    """What a command printed (both streams as they came), its exit code, and what ended it early; -1 and a sentence then."""

    output: str
    exit_code: int
    problem: str = ""


@dataclass
class _Running:
    groups: set[int] = field(default_factory=set)


_running = _Running()


def run(command: str, workplace: Workplace, seconds: float) -> Ran:
    """Run a command of the shell. It has no input; what it leaves running ends with it where there is a sandbox."""
    try:
        process = subprocess.Popen(
            [*workplace.prefix, "bash", "-c", command],
            cwd=workplace.folder,
            env=dict(workplace.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL, or half a surrogate pair
        return Ran("", -1, f"The command could not be started: {error}")
    _running.groups.add(process.pid)
    parts: list[bytes] = []
    problem = f"The command did not end within {seconds:g} seconds, so it was ended."
    try:
        problem = _read(process, parts, time.monotonic() + seconds) or problem
        if problem == _ENDED:
            problem = ""
    finally:
        if problem or process.poll() is None:
            _kill(process.pid)
        _running.groups.discard(process.pid)
        assert process.stdout is not None  # noqa: S101 - for the type checker
        process.stdout.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    output = b"".join(parts)[:MOST_OUTPUT].decode("utf-8", "replace")
    return Ran(output, -1 if problem else process.returncode, problem)


_ENDED = "ended"


def _read(process: subprocess.Popen[bytes], parts: list[bytes], deadline: float) -> str:
    """Read until the command has ended. Returns _ENDED, what made it end early, or nothing where time ran out."""
    stream, size = process.stdout, 0
    assert stream is not None  # noqa: S101 - for the type checker
    with selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not ready.select(left):
                continue
            part = os.read(stream.fileno(), 65536)
            if not part:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
                    return _ENDED
                return ""
            parts.append(part)
            size += len(part)
            if size > MOST_OUTPUT:
                return f"The command printed more than {MOST_OUTPUT} bytes, so it was ended; only the first are kept."
    return ""


def end_all() -> None:
    """Kill every command that runs now."""
    for group in tuple(_running.groups):
        _kill(group)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
