"""The folder of a dataset or a model as its manifest says it is: what would be sent, and nothing that the manifest does not name."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curated.hub.target import Kind
from pipeline.errors import UserError

MANIFEST = "manifest.json"
CARD = "README.md"
# What to do about a folder that is not whole.
AGAIN: dict[Kind, str] = {
    "dataset": "build the dataset again (dvc repro)",
    "model": "write the model again (dvc repro train)",
}
_CHUNK = 1 << 20  # bytes
_KEPT_BY_GIT = {".git", ".cache"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class LocalFile:
    """One file that would be sent. `path` is relative to the folder, with slashes."""

    path: str
    bytes: int
    sha256: str
    git_oid: str  # the name that git, and so the Hub, gives to a file which is no LFS object


@dataclass(frozen=True)
class Folder:
    """A folder that was read and hashed.

    `problems` are sentences on every file that is missing, differs or is not in the manifest; a folder with problems is never sent.
    """

    path: Path
    files: tuple[LocalFile, ...]
    manifest: dict[str, Any]
    problems: tuple[str, ...]


def read_folder(path: Path, kind: Kind = "dataset") -> Folder:
    """Read manifest.json and hash every file of the folder.

    The manifest is a JSON object whose `files` map each path to `{"sha256", "bytes"}`; itself is not among them. `"demo": true` in it
    marks a demo's. Raises UserError if there is no such manifest or no card.
    """
    again = AGAIN[kind]
    manifest = _manifest(path / MANIFEST, kind)
    if not (path / CARD).is_file():
        raise UserError(f"{path} has no {CARD}, the {kind}'s card; {again}")
    promised: dict[str, Any] = manifest["files"]
    files, problems = [], []
    for found in sorted(found for found in path.rglob("*") if found.is_symlink() or not found.is_dir()):
        name = found.relative_to(path).as_posix()
        if not name.isprintable() or _KEPT_BY_GIT & set(name.split("/")):
            problems.append(
                f"{name!r} is no name for a file on the Hub: no control characters, and no folder .git or .cache"
            )
            continue
        if found.is_symlink() or not found.is_file():
            problems.append(f"{name} is no plain file; a {kind} has plain files only")
            continue
        file = _hashed(found, name)
        files.append(file)
        if name == MANIFEST:
            continue
        if name not in promised:
            problems.append(f"{name} is not in {MANIFEST}; remove it, or {again}")
        elif (file.bytes, file.sha256) != (promised[name]["bytes"], promised[name]["sha256"]):
            problems.append(
                f"{name} is not as {MANIFEST} says: {file.bytes} bytes with sha256 {file.sha256[:12]}…, and not "
                f"{promised[name]['bytes']} bytes with {promised[name]['sha256'][:12]}…; {again}"
            )
    there = {file.path for file in files}
    problems += [f"{name} is in {MANIFEST} and not in the folder" for name in sorted(set(promised) - there)]
    return Folder(path, tuple(files), manifest, tuple(problems))


def _manifest(path: Path, kind: Kind) -> dict[str, Any]:
    again = AGAIN[kind]
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing, so the {kind} is not complete; {again}") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error}); {again}") from None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, dict) or not files:
        raise UserError(f'{path} has no object "files" with a path, sha256 and bytes of each file; {again}')
    for name, entry in files.items():
        if not (
            isinstance(entry, dict)
            and isinstance(entry.get("bytes"), int)
            and isinstance(entry.get("sha256"), str)
            and _SHA256.fullmatch(entry["sha256"])
        ):
            raise UserError(f"{path} does not give sha256 and bytes of {name!r}; {again}")
    return dict(manifest)


def _hashed(path: Path, name: str) -> LocalFile:
    size = path.stat().st_size
    sha256, git = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            sha256.update(piece)
            git.update(piece)
    return LocalFile(name, size, sha256.hexdigest(), git.hexdigest())
