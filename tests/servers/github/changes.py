"""What git says of a bare repository: its main line, and a pull request's change as the three-dot diff base...head."""

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from tests.servers.github.facts import FileFacts

_CHANGES = {"A": "ADDED", "M": "MODIFIED", "T": "MODIFIED", "D": "DELETED", "R": "RENAMED"}

# The user's own configuration must reach neither a diff nor what the server offers.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class Bare:
    """One bare repository, read through git's command line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commits: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def commit(self, name: str) -> str:
        return self._git("rev-parse", "--verify", f"{name}^{{commit}}").decode().strip()

    def main(self) -> list[str]:
        """Main's commits along the first parents, oldest first."""
        return self._git("rev-list", "--first-parent", "--reverse", "main").decode().split()

    def committed(self, commit: str) -> datetime:
        return self._known()[commit][0]

    def parents(self, commit: str) -> tuple[str, ...]:
        return self._known()[commit][1]

    def _known(self) -> dict[str, tuple[datetime, tuple[str, ...]]]:
        if not self._commits:
            for line in self._git("log", "--all", "--format=%H %ct %P").decode().splitlines():
                name, when, *parents = line.split()
                self._commits[name] = datetime.fromtimestamp(int(when), UTC), tuple(parents)
        return self._commits

    def diff(self, base: str, head: str) -> bytes:
        return self._git("diff", "--find-renames", f"{base}...{head}")

    def files(self, base: str, head: str) -> tuple[FileFacts, ...]:
        """The change's files with their counts and hunks, in git's order."""
        fields = self._git("diff", "--raw", "--numstat", "-z", "--find-renames", "--abbrev=40", f"{base}...{head}")
        patches = hunks(self.diff(base, head))
        parts = iter(fields.split(b"\0"))
        raw: dict[str, tuple[str, str | None, str]] = {}
        found: list[FileFacts] = []
        for part in parts:
            if part.startswith(b":"):
                _, _, _, blob, status = part.decode().split()
                previous = next(parts).decode() if status[0] == "R" else None
                raw[next(parts).decode()] = status[0], previous, blob
            elif part:
                added, removed, path = part.decode().split("\t")
                if not path:
                    next(parts)  # a rename: the old name and then the new one follow
                    path = next(parts).decode()
                status, previous, blob = raw[path]
                binary = added == "-"
                patch = patches[len(found)]
                found.append(
                    FileFacts(
                        path=path,
                        additions=0 if binary else int(added),
                        deletions=0 if binary else int(removed),
                        change=_CHANGES[status],
                        previous=previous,
                        blob=blob,
                        binary=binary,
                        patch=patch,
                    )
                )
        return tuple(found)

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-c", "safe.directory=*", "-C", str(self.path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT).stdout


def hunks(diff: bytes) -> list[str | None]:
    """The hunks of each file of a diff, None for a file without any (binary, or a pure rename)."""
    found: list[str | None] = []
    for section in re.split(rb"(?m)^diff --git ", diff)[1:]:
        start = re.search(rb"(?m)^@@ ", section)
        found.append(section[start.start() :].decode(errors="replace").removesuffix("\n") if start else None)
    return found
