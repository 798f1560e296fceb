"""Where a dataset was made: the commit and the lock that it can be made again from.

The stage that makes the dataset cannot know them: dvc.lock will hold the hash of what it is writing, and the commit that lock. Who
publishes knows both, makes the dataset once more with them, and gets the same data files.
"""

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOST_AND_PATH = r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[A-Za-z0-9_~.-]+)+"
_ADDRESS = re.compile(rf"https://{_HOST_AND_PATH}")
_SSH = re.compile(
    r"(?:ssh://)?git@(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)[:/](?P<path>[A-Za-z0-9_~.-]+(?:/[A-Za-z0-9_~.-]+)+)"
)


@dataclass(frozen=True)
class Provenance:
    """A commit, its day (UTC, such as 2026-11-21), and the sha256 of dvc.lock there; all empty where not known yet.

    `project` is the address that the commit can be fetched from, empty where there is no public one.
    """

    commit: str = ""
    day: str = ""
    lock_sha256: str = ""
    project: str = ""

    def __post_init__(self) -> None:
        for value, form in ((self.commit, _COMMIT), (self.day, _DAY), (self.lock_sha256, _COMMIT)):
            if value and not form.fullmatch(value):
                raise ValueError(f"{value!r} is no commit, day or sha256")
        if len({bool(self.commit), bool(self.day), bool(self.lock_sha256)}) > 1:
            raise ValueError("commit, day and lock are known together or not at all")
        if self.project and not _ADDRESS.fullmatch(self.project):
            raise ValueError(f"{self.project!r} is no address of a project")


def provenance_of(root: Path) -> Provenance:
    """Of a project's committed state. Raises UserError where dvc.lock is not what is committed, or there is no commit."""
    try:
        lock = (root / "dvc.lock").read_bytes()
    except OSError as error:
        raise UserError(f"dvc.lock cannot be read ({error}); `dvc repro` writes it") from None
    committed = _git(root, "show", "HEAD:./dvc.lock")
    if committed != lock:
        raise UserError(
            "dvc.lock is not what is committed, so that nobody could rebuild from the commit; commit it first"
        )
    commit, day = (
        _git(root, "show", "--no-patch", "--format=%H %cd", "--date=format-local:%Y-%m-%d", "HEAD").decode().split()
    )
    return Provenance(commit, day, hashlib.sha256(lock).hexdigest(), _project(root))


def _project(root: Path) -> str:
    """The address of the remote `origin`, if it is one that a stranger could fetch from; a key in it is not published."""
    told = subprocess.run(
        ["git", "-C", str(root), "config", "--get", "remote.origin.url"], capture_output=True, text=True
    )
    address = told.stdout.strip()
    if ssh := _SSH.fullmatch(address):
        address = f"https://{ssh['host']}/{ssh['path']}"
    return address if _ADDRESS.fullmatch(address) else ""


def _git(root: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], check=True, capture_output=True, env={**os.environ, "TZ": "UTC"}
        ).stdout
    except FileNotFoundError:
        raise UserError("git is not on the PATH; the dataset names the commit that it was made from") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(
            f"git knows no commit of {root} with a dvc.lock ({said[-1] if said else 'no reason given'})"
        ) from None
