"""A process that does not outlive the one that started it: ranks of a killed launcher would go on writing checkpoints (measured)."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2): which signal the kernel sends when the parent is gone; Linux only


def tie(parent: int | None = None) -> None:
    """Have this process killed when its parent ends, however that ends; at once if `parent` was given and is not the parent any more.

    On other systems than Linux nothing happens: there a killed launcher's ranks end with their next step's broken connection, or by hand.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def begin() -> None:
    """What a rank does first: it ends with its launcher, and SIGTERM ends it until finetune/runs/signals.py takes it to save.

    The launcher has accelerate ignore SIGTERM, which would kill the ranks half a minute later, in the middle of a step; a process
    inherits what its parent ignores.
    """
    tie()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
