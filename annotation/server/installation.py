"""Label Studio's own Python environment: made once from the pinned list, made anew when the list changes or a run was cut off.

FOLDER/environment/        a virtual environment with requirements.txt, nothing else
FOLDER/environment.made    the fingerprint of what it was made from; written last, so that its existence means complete
FOLDER/lock                held while one process looks or installs, so that two do not install at once
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
from pathlib import Path
from typing import IO

from pipeline.errors import LimiError, UserError
from pipeline.files import write_text

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PATIENCE = 1800  # seconds; 800 MB over a slow line


def install(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of Label Studio's environment in `folder`, which is made first if it is not there, is half made or is another's.

    Needs a package index when something is to be made, and no network otherwise. Raises LimiError with pip's last lines when
    the installation fails; what is half made is remade by the next call.
    """
    make_private(folder)
    with locked(folder / "lock"):
        python, made = folder / "environment/bin/python", folder / "environment.made"
        wanted = fingerprint(requirements)
        if made.is_file() and python.exists() and made.read_text(encoding="utf-8").strip() == wanted:
            return python
        made.unlink(missing_ok=True)
        shutil.rmtree(folder / "environment", ignore_errors=True)
        venv.create(folder / "environment", with_pip=True)
        _pip(python, requirements)
        write_text(made, wanted + "\n")
    return python


def fingerprint(requirements: Path = REQUIREMENTS) -> str:
    """The hash of what an environment is made from: the list of packages and this interpreter."""
    return hashlib.sha256(requirements.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may read: people's work and the server's secret key lie in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise UserError(
            f"Label Studio's folder {folder} cannot be made or is not yours ({error}); name another"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that all processes of this machine know by its file; wait for whoever holds it. A killed holder frees it."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def held(path: Path) -> IO[str]:
    """An open file with a lock that is one process's; a server inherits it and holds its folder for as long as it lives."""
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise UserError(
            f"a Label Studio runs on {path.parent} already; end it first, or name another folder"
        ) from error
    return lock


def _pip(python: Path, requirements: Path) -> None:
    # Modules are compiled when they are first imported: of 20,000 files a server imports a fifth.
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-compile",
    ]
    try:
        done = subprocess.run(
            [*command, "--requirement", str(requirements)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            env={name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")},
        )
    except subprocess.TimeoutExpired as error:
        raise LimiError(
            f"Label Studio was not installed within {PATIENCE} seconds; run the same command again"
        ) from error
    if done.returncode != 0:
        raise LimiError(f"Label Studio could not be installed. pip's last lines:\n{last_lines(done.stdout)}")


def last_lines(text: str, count: int = 15) -> str:
    """The last lines of a log, for an error."""
    return "\n".join(text.rstrip().splitlines()[-count:])
