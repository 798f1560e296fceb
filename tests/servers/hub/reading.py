"""Routes that look: a repository's facts, tree, history and refs, and its files' content."""

import re
from typing import Any
from urllib.parse import parse_qs, quote

from tests.servers.hub.messages import Refusal, Reply, Request, as_json
from tests.servers.hub.store import Commit, Entry, Repository, pointer
from tests.servers.hub.xet import uploaded

PAGE = 1_000  # entries of one answer


def at_revision(repository: Repository, revision: str) -> Commit:
    commit = repository.resolve(revision)
    if commit is None:
        raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return commit


def info(request: Request, repository: Repository, revision: str) -> Reply:
    commit = at_revision(repository, revision)
    blobs = request.query.get("blobs", "").lower() in ("true", "1")
    return as_json(
        {
            "_id": "0" * 24,
            "id": repository.name,
            "author": repository.name.split("/")[0],
            "sha": commit.oid,
            "lastModified": commit.date,
            "createdAt": repository.history(commit)[-1].date,
            "private": repository.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [_sibling(entry, blobs) for entry in commit.entries.values()],
        }
    )


def _sibling(entry: Entry, blobs: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"rfilename": entry.path}
    if blobs:
        told |= {"size": entry.size, "blobId": entry.oid}
        if entry.sha256:
            size = len(pointer(entry.sha256, entry.size))
            told["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": size}
    return told


def refs(repository: Repository) -> Reply:
    known = repository.refs()
    return as_json(
        {
            "branches": [_ref("heads", name, oid) for name, oid in known["branches"].items()],
            "converts": [],
            "tags": [_ref("tags", name, oid) for name, oid in known["tags"].items()],
        }
    )


def _ref(kind: str, name: str, oid: str) -> dict[str, str]:
    return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}


def commits(repository: Repository, revision: str) -> Reply:
    return as_json(
        [
            {
                "id": commit.oid,
                "title": commit.title,
                "message": commit.message,
                "authors": [{"user": commit.author}],
                "date": commit.date,
            }
            for commit in repository.history(at_revision(repository, revision))
        ]
    )


def tree(request: Request, repository: Repository, revision: str, folder: str, page: int) -> Reply:
    """Files and folders below a folder, a page at a time with a Link to the next."""
    commit = at_revision(repository, revision)
    recursive = request.query.get("recursive", "").lower() in ("true", "1")
    told = _below(repository, commit, folder, recursive)
    if folder and not told:
        raise Refusal(404, f"{folder} does not exist on {revision}", "EntryNotFound")
    start = int(request.query.get("cursor") or 0)
    headers = {}
    if start + page < len(told):
        asked = "&".join(f"{name}={quote(value)}" for name, value in request.query.items() if name != "cursor")
        headers["Link"] = f'<{request.origin}{quote(request.path)}?{asked}&cursor={start + page}>; rel="next"'
    return as_json(told[start : start + page], **headers)


def _below(repository: Repository, commit: Commit, folder: str, recursive: bool) -> list[dict[str, Any]]:
    prefix = f"{folder}/" if folder else ""
    told: dict[str, dict[str, Any]] = {}
    for entry in commit.entries.values():
        if not entry.path.startswith(prefix):
            continue
        parts = entry.path[len(prefix) :].split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            name = prefix + "/".join(parts[:depth])
            told.setdefault(name, {"type": "directory", "oid": commit.oid, "size": 0, "path": name})
        if recursive or len(parts) == 1:
            told[entry.path] = _file(repository, entry)
    return [told[name] for name in sorted(told)]


def _file(repository: Repository, entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"type": "file", "oid": entry.oid, "size": entry.size, "path": entry.path}
    if entry.sha256:
        size = len(pointer(entry.sha256, entry.size))
        told["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": size}
        if (found := xet_hash(repository, entry)) is not None:
            told["xetHash"] = found
    return told


def xet_hash(repository: Repository, entry: Entry) -> str | None:
    """The Xet name of a large file; None if it came by LFS."""
    if repository.large(entry.sha256).is_file():
        return None
    found = uploaded(repository.folder / "cas").get(entry.sha256)
    return found[0] if found else None


def paths_info(request: Request, repository: Repository, revision: str) -> Reply:
    commit = at_revision(repository, revision)
    if request.headers.get("content-type", "").startswith("application/json"):
        paths = request.json()["paths"]
    else:
        paths = parse_qs(request.body.decode()).get("paths", [])
    told: list[dict[str, Any]] = []
    for path in paths:
        if path in commit.entries:
            told.append(_file(repository, commit.entries[path]))
        elif any(name.startswith(f"{path}/") for name in commit.entries):
            told.append({"type": "directory", "oid": commit.oid, "size": 0, "path": path})
    return as_json(told)


def resolve(request: Request, repository: Repository, revision: str, path: str, storage: str) -> Reply:
    """A file's content. A large one is elsewhere: the answer names its facts, and where to fetch it (not on the Hub's own address)."""
    commit = at_revision(repository, revision)
    named = {"X-Repo-Commit": commit.oid}
    entry = commit.entries.get(path)
    if entry is None:
        raise Refusal(404, "Entry not found", "EntryNotFound", **named)
    if not entry.sha256:
        return ranged(request, repository.blob(entry.oid), {**named, "ETag": f'"{entry.oid}"'})
    linked = {
        **named,
        "X-Linked-Size": str(entry.size),
        "X-Linked-ETag": f'"{entry.sha256}"',
        "ETag": f'"{entry.sha256}"',
        "Location": storage,
    }
    if (name := xet_hash(repository, entry)) is not None:
        route = f"{request.origin}/api/{repository.kind}s/{repository.name}/xet-read-token/{commit.oid}"
        linked |= {"X-Xet-Hash": name, "X-Xet-Refresh-Route": route, "Link": f'<{route}>; rel="xet-auth"'}
    return Reply(302, b"", linked)


def ranged(request: Request, content: bytes, headers: dict[str, str]) -> Reply:
    """The content, or the part of it that Range asks for."""
    headers = {**headers, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if asked is None:
        return Reply(200, content, headers)
    start, end = int(asked[1]), min(int(asked[2] or len(content) - 1), len(content) - 1)
    if start > end:
        return Reply(416, b"", {**headers, "Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    return Reply(206, content[start : end + 1], headers)
