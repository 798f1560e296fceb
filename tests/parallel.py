"""The suite in several processes (`make test`): which tests share one, which begin first, and what is made once for all of them."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

# Folders whose tests share a Label Studio: one process starts it, once.
LABEL_STUDIO = ("tests/annotation/browser/", "tests/annotation/server/", "tests/annotation/studio/")
# What takes longest begins first, so that no process is left alone with it at the end.
LONG = (
    *LABEL_STUDIO,
    "tests/stages/",
    "tests/limi/",
    "tests/servers/",
    "tests/demo/",
    "tests/finetune/",
    "tests/trajectories/collecting/",
)


def unit(path: str) -> str:
    """What the tests of a file share a process with: their file alone, as what a module makes is made once then, or a server's folders."""
    return "Label Studio" if path.startswith(LABEL_STUDIO) else path


def place(path: str) -> int:
    """Where a file stands in the order of the suite; equals stay as pytest found them."""
    return next((at for at, folder in enumerate(LONG) if path.startswith(folder)), len(LONG))


class UnitScheduling(LoadScopeScheduling):
    """Gives whole units to processes, in the order of the suite. Marks of the kind xdist_group are not read."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid.partition("::")[0])


def made_once(top: Path, name: str, make: Callable[[Path], object]) -> Path:
    """A folder within `top` for all processes: the first in need of it makes it, the others wait until it is whole."""
    folder, whole = top / name, top / f"{name}.whole"
    with (top / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that failed at it
            make(folder)
            whole.touch()
    return folder
