"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on a free port of the loopback, which waits for no disk.

PostgreSQL refuses to run as root; then it runs as the user of Debian's package. Its absence is a failure, never a skip.
"""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
USER = "postgres"
# Nothing here outlives the machine's stop, so nothing needs to.
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=60"


class Cluster:
    """A running PostgreSQL while the context lasts; with `copy_of` it holds what the (stopped) cluster in that folder holds."""

    def __init__(self, copy_of: Path | None = None) -> None:
        assert PROGRAMS, "PostgreSQL is needed: apt-get install postgresql"
        self.folder = Path(tempfile.mkdtemp(prefix="limi-postgresql-"))
        self.copy_of = copy_of
        self.port = 0
        self.password = ""

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def __enter__(self) -> Self:
        if self.copy_of:
            shutil.copytree(self.copy_of, self.folder, dirs_exist_ok=True)
            self._own()
        else:
            (self.folder / "password").write_text(secrets.token_hex(16))
            self._own()
            self._run("initdb", "--no-sync", "--username=limi", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256",
                      f"--pwfile={self.folder / 'password'}", f"--pgdata={self.data}")  # fmt: skip
        self.password = (self.folder / "password").read_text()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        listening = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "start", "--wait", "--silent", f"--pgdata={self.data}", f"--log={self.folder / 'log'}",
                  f"--options={listening} {QUICK}")  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=fast", "--silent", f"--pgdata={self.data}")

    def url(self, name: str) -> str:
        """The address of one of its databases, without the password."""
        return f"postgresql://limi@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template0") -> None:
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def sql(self, statement: str, name: str = "postgres") -> str:
        return self._run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--host=127.0.0.1", f"--port={self.port}",
                         "--username=limi", f"--dbname={name}", f"--command={statement}", PGPASSWORD=self.password)  # fmt: skip

    def _own(self) -> None:
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", f"{USER}:", str(self.folder)], check=True)
        if self.data.exists():
            self.data.chmod(0o700)

    def _run(self, program: str, *arguments: str, **environment: str) -> str:
        as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(PROGRAMS[-1] / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=program != "pg_ctl",  # the server that it starts would keep a pipe open
            text=True,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"
        return (done.stdout or "").strip()
