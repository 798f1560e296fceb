"""Label Studio in a Python environment of its own (pipeline/environment.py), in a folder that is its owner's and one server's."""

import fcntl
from pathlib import Path
from typing import IO

from pipeline.environment import Program, make_environment
from pipeline.errors import UserError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_PROGRAM = Program("Label Studio", patience=1800)  # 800 MB over a slow line


def install(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The interpreter of Label Studio's environment in `folder`, which is made first if it is not there, is half made or is another's.

    Needs a package index when something is to be made, and no network otherwise. Raises LimiError with pip's last lines when
    the installation fails; what is half made is remade by the next call.
    """
    make_private(folder)
    return make_environment(folder, requirements, _PROGRAM)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may read: people's work and the server's secret key lie in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise UserError(
            f"Label Studio's folder {folder} cannot be made or is not yours ({error}); name another"
        ) from error


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
