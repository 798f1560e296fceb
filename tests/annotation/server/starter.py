"""Starts a Label Studio in a folder that is named, says its process's number, and waits: a program for tests that end it."""

import sys
from pathlib import Path

from annotation.server.process import Server
from tests.annotation.server.template import PEOPLE, copy_sqlite_template

if __name__ == "__main__":
    with Server(copy_sqlite_template(Path(sys.argv[1])), PEOPLE, port=0) as server:
        assert server.process is not None
        print(server.process.pid, flush=True)  # noqa: T201
        server.wait()
