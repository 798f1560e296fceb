"""mini-swe-agent's own Python environment: made once from the pinned list, made anew when the list changes or a run was cut off.

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
from pathlib import Path

from pipeline.errors import LimiError
from pipeline.files import write_text

FOLDER = Path(".venv/mini-swe-agent")
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
PATIENCE = 900  # seconds, for a slow line; the usual one takes 12


def install(folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of mini-swe-agent's environment in `folder`, which is made first if it is not there or is half made.

    Needs a package index when something is to be made, and no network otherwise. Raises LimiError with pip's last lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        python, made = folder.absolute() / "environment/bin/python", folder / "environment.made"
        wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode() + sys.base_prefix.encode()).hexdigest()
        if made.is_file() and python.exists() and made.read_text(encoding="utf-8").strip() == wanted:
            return python
        made.unlink(missing_ok=True)
        shutil.rmtree(folder / "environment", ignore_errors=True)
        venv.create(folder / "environment", with_pip=True)
        _pip(python, requirements)
        write_text(made, wanted + "\n")
    return python


def _pip(python: Path, requirements: Path) -> None:
    flags = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-deps"]
    try:
        done = subprocess.run(
            [str(python), "-m", "pip", "install", *flags, "--requirement", str(requirements)],
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
            f"mini-swe-agent was not installed within {PATIENCE} seconds; run the same command again"
        ) from error
    if done.returncode != 0:
        last = "\n".join(done.stdout.rstrip().splitlines()[-15:])
        raise LimiError(f"mini-swe-agent could not be installed. pip's last lines:\n{last}")
