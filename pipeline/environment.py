"""A program's own Python environment: made once from its pinned list, made anew when the list changes or a run was cut off.

FOLDER/environment/        a virtual environment with what the list names, nothing else
FOLDER/environment.made    the fingerprint of what it was made from; written last, so that its existence means complete
FOLDER/lock                held while one process looks or installs, so that two do not install at once

Imports nothing that has to be installed: `make` calls this before anything is.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import LimiError
from pipeline.files import write_text


@dataclass(frozen=True)
class Program:
    """What a sentence calls it, and how long pip may take for it: `patience` in seconds, for a slow line."""

    name: str
    patience: int
    flags: tuple[str, ...] = ()
    """For pip, beside those that all have."""


def make_environment(folder: Path, requirements: Path, program: Program) -> Path:
    """The interpreter of the environment in `folder`, which is there; it is made first if it is not there, or half made, or another's.

    Needs a package index when something is to be made, and no network otherwise. Raises LimiError with pip's last lines when the
    installation fails; what is half made is remade by the next call.
    """
    with locked(folder / "lock"):
        python, made = folder / "environment/bin/python", folder / "environment.made"
        wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()
        if made.is_file() and python.exists() and made.read_text(encoding="utf-8").strip() == wanted:
            return python
        made.unlink(missing_ok=True)
        shutil.rmtree(folder / "environment", ignore_errors=True)
        venv.create(folder / "environment", with_pip=True)
        _pip(python, requirements, program)
        write_text(made, wanted + "\n")
    return python


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that all processes of this machine know by its file; wait for whoever holds it. A killed holder frees it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def last_lines(text: str, count: int = 15) -> str:
    """The last lines of a log, for an error."""
    return "\n".join(text.rstrip().splitlines()[-count:])


def _pip(python: Path, requirements: Path, program: Program) -> None:
    # Modules are compiled when they are first imported: of Label Studio's 20,000 files a server imports a fifth.
    flags = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", *program.flags)
    try:
        done = subprocess.run(
            [str(python), "-m", "pip", "install", *flags, "--requirement", str(requirements)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=program.patience,
            env={name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")},
        )
    except subprocess.TimeoutExpired as error:
        raise LimiError(
            f"{program.name} was not installed within {program.patience} seconds; run the same command again"
        ) from error
    if done.returncode != 0:
        raise LimiError(f"{program.name} could not be installed. pip's last lines:\n{last_lines(done.stdout)}")
