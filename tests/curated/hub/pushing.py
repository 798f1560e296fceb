"""What the tests of a push share: a dataset, a Hub on loopback, one push in this process, and the look at what is on the Hub."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from curated.hub.connection import Hub
from curated.hub.publish import Published, preview, publish
from curated.hub.target import target
from tests.servers.hub import TOKEN, HubServer
from tests.servers.hub.store import FIRST_FILE, Commit, Repository

NAME = "amara/queries"
ROOT = Path(__file__).resolve().parents[3]


class Publisher:
    """One folder and its repository on a Hub. `waits` are the seconds that the client would have slept."""

    def __init__(self, server: HubServer, folder: Path, repository: str = NAME, token: str = TOKEN) -> None:
        self.server = server
        self.folder = folder
        self.repository = repository
        self.token = token
        self.waits: list[float] = []
        self.first: dict[str, str] = {}  # hashes of the version that was pushed before, if a test keeps them

    def hub(self, tag: str = "v1.0") -> Hub:
        environment = {"HF_TOKEN": self.token, "HF_ENDPOINT": self.server.url}
        return Hub(target(self.repository, tag, environment), sleep=self.waits.append)

    def push(self, tag: str = "v1.0", public: bool = False, allow_demo: bool = False) -> Published:
        hub = self.hub(tag)
        return publish(preview(self.folder, hub, public=public, allow_demo=allow_demo), hub)

    @property
    def state(self) -> Repository:
        return self.server.dataset(self.repository)


def hashes(folder: Path) -> dict[str, str]:
    """Every file of a folder by path, with its sha256."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def on_hub(repository: Repository, commit: Commit) -> dict[str, str]:
    """What a commit holds, but for the Hub's own file: sha256 by path."""
    return {
        entry.path: entry.sha256 or hashlib.sha256(repository.blob(entry.oid)).hexdigest()
        for entry in commit.entries.values()
        if entry.path != FIRST_FILE
    }


def half_published(repository: Repository, wholes: Sequence[dict[str, str]]) -> list[str]:
    """Revisions, and tags, which hold neither nothing nor one whole dataset; there must be none."""
    states = [{}, *wholes]
    history = repository.history(repository.commit(repository.head))
    half = [commit.oid for commit in history if on_hub(repository, commit) not in states]
    return half + [
        name for name, oid in repository.tags.items() if on_hub(repository, repository.commit(oid)) not in wholes
    ]


_PUSH = """
import os, sys
from pathlib import Path
from curated.hub.connection import Hub
from curated.hub.publish import preview, publish
from curated.hub.target import target
from pipeline.errors import LimiError
try:
    hub = Hub(target(sys.argv[2], sys.argv[3], os.environ))
    seen = preview(Path(sys.argv[1]), hub, allow_demo=True)
    print("\\n".join(seen.lines()))
    print(publish(seen, hub).done)
except LimiError as error:
    print(f"limi: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
"""
_LOAD = """
import hashlib, json, sys
from pathlib import Path
import datasets, huggingface_hub
name, tag = sys.argv[1:]
rows = {
    config: datasets.load_dataset(name, config, revision=tag, split="train").to_list() for config in ("pool", "candidates")
}
folder = Path(huggingface_hub.snapshot_download(name, repo_type="dataset", revision=tag))
hashes = {
    path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".gitattributes"
}
print(json.dumps({"rows": rows, "hashes": hashes}))
"""


def environment(server: HubServer, home: Path, xet: bool) -> dict[str, str]:
    """Of a process of its own, with an empty home for every cache. Xet gives up at once, so that no test waits."""
    return {
        **os.environ,
        "HF_ENDPOINT": server.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "1",
        "HF_XET_CLIENT_RETRY_BASE_DELAY": "10ms",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def start_push(server: HubServer, folder: Path, home: Path, xet: bool, tag: str = "v1.0") -> subprocess.Popen[str]:
    """A push in a process of its own, as a user's is."""
    return subprocess.Popen(
        [sys.executable, "-c", _PUSH, str(folder), NAME, tag],
        cwd=ROOT,
        env=environment(server, home, xet),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_load(server: HubServer, home: Path, xet: bool, tag: str = "v1.0") -> subprocess.Popen[str]:
    """A stranger's load_dataset from an empty cache, then of all files; prints rows and hashes as JSON on its last line."""
    return subprocess.Popen(
        [sys.executable, "-c", _LOAD, NAME, tag],
        cwd=ROOT,
        env=environment(server, home, xet),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
