"""Real exchanges with GitHub that PyGithub's authors recorded for their own tests, and ship in its source distribution.

A recording is a text file of one test's exchanges, ten lines each and a blank one: protocol, method, host, port, path, request
headers (a Python literal), request body, status, response headers (a Python literal), response body. A streamed body is base64
on as many lines as it takes.
"""

import ast
import base64
import importlib.metadata
import itertools
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINES = 10
RECORDINGS = Path(sys.prefix) / "recordings"  # beside the installed version that they belong to, and never in git
UNREADABLE = {
    "Github.testSearchRepos.txt"
}  # a line break in the middle of its path; PyGithub has no such test any more


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange, by the name of its file."""

    recording: str
    method: str
    host: str
    target: str
    request_headers: dict[str, str]
    request_body: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        return next((text for key, text in self.headers if key.lower() == name), "")


def read(path: Path) -> list[Recorded]:
    """The exchanges of one recording in their order."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")]
    found = []
    at = 0
    while at + LINES <= len(lines):
        if not lines[at]:
            at += 1
            continue
        _, method, host, _, target, asked, request_body, status, answered, body = lines[at : at + LINES]
        at += LINES
        more = list(itertools.takewhile(bool, lines[at:]))
        at += len(more)
        headers = ast.literal_eval(answered)
        found.append(
            Recorded(
                recording=path.name,
                method=method,
                host=host,
                target=target,
                request_headers=ast.literal_eval(asked),
                request_body="" if request_body == "None" else request_body,
                status=int(status),
                headers=[(key, str(text)) for key, text in (headers.items() if isinstance(headers, dict) else headers)],
                body=b"".join(map(base64.b64decode, [body, *more])) if more else body.encode(),
            )
        )
    return found


def every(folder: Path = RECORDINGS) -> Iterator[Recorded]:
    """Every exchange of every recording."""
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise FileNotFoundError(f"no recordings in {folder}: run python -m tests.servers.contract.replay")
    for path in paths:
        if path.name not in UNREADABLE:
            yield from read(path)


def fetch_recordings(target: Path = RECORDINGS) -> Path:
    """Bring the recordings of the installed PyGithub into a folder, unless they are there."""
    version = importlib.metadata.version("PyGithub")
    mark = target / "version"
    if mark.exists() and mark.read_text(encoding="utf-8") == version:
        return target
    with tempfile.TemporaryDirectory() as name:
        quiet = ["--quiet", "--disable-pip-version-check"]
        source = ["--no-deps", "--no-binary", "PyGithub", "--dest", name, f"PyGithub=={version}"]
        subprocess.run([sys.executable, "-m", "pip", "download", *quiet, *source], check=True)
        unpack(next(Path(name).glob("*.tar.gz")), target)
    mark.write_text(version, encoding="utf-8")
    return target


def unpack(archive: Path, target: Path) -> None:
    """Take the recordings, and nothing else, out of a source distribution."""
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("*.txt"):
        old.unlink()
    with tarfile.open(archive) as files:
        for member in files:
            path = Path(member.name)
            content = files.extractfile(member) if path.match("*/tests/ReplayData/*.txt") else None
            if content:
                (target / path.name).write_bytes(content.read())
