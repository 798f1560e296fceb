"""The Hub's state, on disk: repositories, their commits, refs and contents. A new server on the same folder has the same state."""

import hashlib
import json
import os
import threading
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

FIRST_FILE = ".gitattributes"
ATTRIBUTES = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in ("*.7z", "*.arrow", "*.bin", "*.gz", "*.npy", "*.parquet", "*.zip", "*.zst", "*.png", "*.jpg")
).encode()


@dataclass(frozen=True)
class Entry:
    """One file of a commit. `oid` is git's name of the blob (of the pointer, for a large file), `sha256` is set for large files."""

    path: str
    size: int
    oid: str
    sha256: str = ""


@dataclass(frozen=True)
class Commit:
    """One commit: a whole tree, by path."""

    oid: str
    parent: str
    title: str
    message: str
    date: str
    author: str
    entries: dict[str, Entry]


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    """What git has of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def write(path: Path, content: bytes) -> None:
    """Whole or not there, whenever the server is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)


@dataclass
class Repository:
    """A repository of one kind. Its folder has refs.json, commits/, blobs/ (small files) and lfs/ (objects that came by LFS)."""

    name: str
    folder: Path
    lock: threading.RLock = field(default_factory=threading.RLock)

    def refs(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "refs.json").read_text()))

    @property
    def kind(self) -> str:
        """`dataset` or `model`; no two repositories share a name here, whatever they are."""
        return str(self.refs()["kind"])

    @property
    def address(self) -> str:
        """Its place below the Hub's address."""
        return f"{'datasets/' * (self.kind == 'dataset')}{self.name}"

    @property
    def private(self) -> bool:
        return bool(self.refs()["private"])

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.refs()["tags"])

    @property
    def head(self) -> str:
        return str(self.refs()["branches"]["main"])

    def change_refs(self, **changes: Any) -> None:
        write(self.folder / "refs.json", json.dumps({**self.refs(), **changes}).encode())

    def resolve(self, revision: str) -> Commit | None:
        """The commit of a branch, a tag, or an object name of at least seven letters."""
        refs = self.refs()
        name = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        oid = refs["branches"].get(name) or refs["tags"].get(name)
        if oid is None and len(revision) >= 7:
            oid = next((path.stem for path in (self.folder / "commits").glob(f"{revision}*.json")), None)
        return self.commit(oid) if oid else None

    def commit(self, oid: str) -> Commit:
        raw = json.loads((self.folder / "commits" / f"{oid}.json").read_text())
        return Commit(**{**raw, "entries": {name: Entry(**entry) for name, entry in raw["entries"].items()}})

    def history(self, commit: Commit) -> list[Commit]:
        found = [commit]
        while found[-1].parent:
            found.append(self.commit(found[-1].parent))
        return found

    def add(self, title: str, message: str, author: str, entries: dict[str, Entry], when: str) -> Commit:
        """Commit upon the head. The commit is written before the branch moves, so that a kill leaves the old head or the new."""
        with self.lock:
            branches = self.refs()["branches"] if (self.folder / "refs.json").exists() else {}
            commit = Commit("", branches.get("main", ""), title, message, when, author, dict(sorted(entries.items())))
            oid = hashlib.sha1(json.dumps(asdict(commit)).encode(), usedforsecurity=False).hexdigest()
            commit = replace(commit, oid=oid)
            write(self.folder / "commits" / f"{oid}.json", json.dumps(asdict(commit)).encode())
            if branches:
                self.change_refs(branches={**branches, "main": oid})
            return commit

    def put(self, path: str, content: bytes) -> Entry:
        """Keep a small file's content; its entry."""
        oid = git_oid(content)
        write(self.folder / "blobs" / oid, content)
        return Entry(path, len(content), oid)

    def blob(self, oid: str) -> bytes:
        return (self.folder / "blobs" / oid).read_bytes()

    def large(self, sha256: str) -> Path:
        """Where an object that came by LFS lies, if it came."""
        return self.folder / "lfs" / sha256


class Store:
    """All repositories of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Repository] = {}

    def repository(self, name: str, kind: str = "") -> Repository | None:
        """The repository of a name, if it is of the kind that is asked for."""
        with self._lock:
            folder = self.folder / "repositories" / name
            if not (folder / "refs.json").is_file():
                return None
            found = self._known.setdefault(name, Repository(name, folder))
        return found if kind in ("", found.kind) else None

    def create(self, name: str, private: bool, author: str, when: str, kind: str = "dataset") -> Repository:
        repository = Repository(name, self.folder / "repositories" / name)
        first = repository.add("initial commit", "", author, {FIRST_FILE: repository.put(FIRST_FILE, ATTRIBUTES)}, when)
        refs = {"kind": kind, "private": private, "branches": {"main": first.oid}, "tags": {}}
        write(repository.folder / "refs.json", json.dumps(refs).encode())
        with self._lock:
            self._known[name] = repository
        return repository
