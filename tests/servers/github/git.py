"""github.com for git: smart HTTP by git's own `git http-backend`, with what GitHub allows and nothing written to a repository."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.github.changes import ENVIRONMENT

PATH = re.compile(r"/([^/]+/[^/]+?)(?:\.git)?/(info/refs|git-upload-pack|git-receive-pack)")
_CHUNK = 1 << 16
_CONFIG = {
    "safe.directory": "*",
    "http.uploadpack": "true",
    "http.receivepack": "false",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowReachableSHA1InWant": "true",
    "uploadpack.allowTipSHA1InWant": "true",
}


@dataclass
class GitReply:
    """The backend's status and headers, and its body piece by piece."""

    status: int
    headers: dict[str, str]
    body: Iterator[bytes] = field(repr=False)


def serve(
    folder: Path, repository: str, service: str, method: str, query: str, headers: dict[str, str], body: Iterator[bytes], *,
    filters: bool = True,
) -> GitReply:  # fmt: skip
    """Run the backend for one request. `body` is the request's body with any chunking taken off, still compressed if it is."""
    config = {**_CONFIG, "uploadpack.allowFilter": "true" if filters else "false"}
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_HTTP_MAX_REQUEST_BUFFER": "200M",
        "PATH_INFO": f"/{repository}.git/{service}",
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
        "GIT_PROTOCOL": headers.get("git-protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    for at, (key, value) in enumerate(config.items()):
        environment |= {f"GIT_CONFIG_KEY_{at}": key, f"GIT_CONFIG_VALUE_{at}": value}
    if "content-length" in headers:
        environment["CONTENT_LENGTH"] = headers["content-length"]
    process = subprocess.Popen(
        ["git", "http-backend"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdin and process.stdout
    try:
        for (
            piece
        ) in body:  # the backend reads a whole request before it answers, so writing all of it first cannot block
            process.stdin.write(piece)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has refused the request already; what it says is in its output
    answer: dict[str, str] = {}
    while line := process.stdout.readline().strip():
        name, _, value = line.decode().partition(":")
        answer[name] = value.strip()
    status = int(answer.pop("Status", "200 OK").split()[0])
    return GitReply(status, answer, _pieces(process))


def _pieces(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    """The rest of its output; the process is gone when the last piece was taken or the reader gave up."""
    assert process.stdout
    try:
        while piece := process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]
            yield piece
    finally:
        process.stdout.close()
        process.wait()
