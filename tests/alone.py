"""A command in a network of its own, with nobody else in it: `python tests/alone.py -m MODULE ...`, started by `alone`."""

import fcntl
import os
import socket
import struct
import subprocess
import sys


def alone(*command: str) -> list[str]:
    """The command line by which Python runs `command` where there is no network but its own loopback."""
    return ["unshare", "--map-root-user", "--net", sys.executable, __file__, *command]


def can_be_alone() -> bool:
    """Whether this machine lets us make such a network."""
    return subprocess.run(alone("-c", ""), stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


if __name__ == "__main__":
    with socket.socket(type=socket.SOCK_DGRAM) as a_socket:
        try:
            a_socket.connect(("192.0.2.1", 9))  # sends nothing, but needs a way there
        except OSError:
            # The loopback interface is down to begin with, and Dask's workers talk over it.
            up = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")  # IFF_UP | IFF_RUNNING
            fcntl.ioctl(a_socket, 0x8914, up)  # SIOCSIFFLAGS
        else:
            sys.exit("there is a network here")
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - the command is ours
