"""Routes that change: a new repository, what to upload and how, the commit, and its tag."""

import base64
import fnmatch
import json
from collections.abc import Callable
from typing import Any

import yaml

from tests.servers.hub.accounts import Account
from tests.servers.hub.messages import Refusal, Reply, Request, as_json
from tests.servers.hub.reading import at_revision
from tests.servers.hub.store import FIRST_FILE, Entry, Repository, Store, git_oid, pointer
from tests.servers.hub.xet import uploaded

LARGEST_SMALL = 10_000_000  # bytes; a larger file is large whatever its name


def create(request: Request, store: Store, who: Account, now: Callable[[], str]) -> Reply:
    asked = request.json()
    kind = asked.get("type", "model")
    if kind not in ("dataset", "model"):
        raise Refusal(400, "This server keeps datasets and models only")
    owner = asked.get("organization") or who.name
    name = f"{owner}/{asked['name']}"
    if not who.writes(owner):
        raise Refusal(403, f"You don't have the rights to create a {kind} under this namespace")
    url = f"{request.origin}/{'datasets/' * (kind == 'dataset')}{name}"
    if store.repository(name) is not None:
        refusal = Refusal(409, f"You already created this {kind} repo")
        refusal.reply.body = json.dumps({"error": f"You already created this {kind} repo", "url": url}).encode()
        raise refusal
    private = asked.get("visibility", "private" if asked.get("private") else "public") == "private"
    store.create(name, private, who.name, now(), kind)
    return as_json({"url": url, "name": name, "id": "0" * 24})


def validate_yaml(request: Request) -> Reply:
    """The card's metadata. An error is answered with 400, a warning with 200, both with sentences."""
    content = request.json()["content"]
    errors, warnings = [], []
    found: Any = None
    if content.startswith("---\n") and "\n---" in content[3:]:
        try:
            found = yaml.safe_load(content[4 : content.index("\n---", 3)])
        except yaml.YAMLError as error:
            errors.append({"message": f"YAML metadata is not valid: {error}"})
    if not errors and not found:
        warnings.append({"message": "empty or missing yaml metadata in repo card"})
    elif found is not None and not isinstance(found, dict):
        errors.append({"message": "YAML metadata must be an object"})
    elif isinstance(found, dict) and not isinstance(found.get("license", ""), str | list):
        errors.append({"message": '"license" must be a string'})
    reply = as_json({"errors": errors, "warnings": warnings}, 400 if errors else 200)
    if errors:
        reply.headers["X-Error-Message"] = errors[0]["message"].splitlines()[0]
    return reply


def preupload(request: Request, repository: Repository, revision: str) -> Reply:
    commit = at_revision(repository, revision)
    asked = request.json()
    large = _patterns(
        repository, commit.entries, FIRST_FILE, lambda line: line.split()[0] if "filter=lfs" in line else ""
    )
    ignored = asked["gitIgnore"].splitlines() if asked.get("gitIgnore") is not None else None
    if ignored is None:
        ignored = _patterns(repository, commit.entries, ".gitignore", lambda line: line.strip())
    told = []
    for file in asked["files"]:
        path, entry = file["path"], commit.entries.get(file["path"])
        base64.b64decode(file["sample"], validate=True)
        is_large = file["size"] > LARGEST_SMALL or _matches(path, large)
        told.append(
            {
                "path": path,
                "uploadMode": "lfs" if is_large else "regular",
                "shouldIgnore": _matches(path, [line for line in ignored if not line.startswith("#")]),
                **({"oid": entry.sha256 or entry.oid} if entry else {}),
            }
        )
    return as_json({"files": told})


def _patterns(repository: Repository, entries: dict[str, Entry], name: str, read: Callable[[str], str]) -> list[str]:
    if name not in entries:
        return []
    text = repository.blob(entries[name].oid).decode()
    return [found for line in text.splitlines() if line.strip() and (found := read(line))]


def _matches(path: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path.split("/")[-1], pattern) for pattern in patterns)


def commit(request: Request, repository: Repository, who: Account, now: Callable[[], str]) -> Reply:
    """One commit out of lines of JSON, all of it or nothing."""
    lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    if not lines or lines[0]["key"] != "header":
        raise Refusal(400, "The first line must be the header")
    header = lines[0]["value"]
    if not header.get("summary"):
        raise Refusal(400, "A commit needs a summary")
    with repository.lock:
        head = repository.commit(repository.head)
        if header.get("parentCommit") not in (None, head.oid):
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        entries = dict(head.entries)
        for line in lines[1:]:
            _apply(repository, entries, line["key"], line["value"])
        made = repository.add(header["summary"], header.get("description", ""), who.name, entries, now())
    url = f"{request.origin}/{repository.address}/commit/{made.oid}"
    return as_json({"success": True, "commitOid": made.oid, "commitUrl": url, "hookOutput": ""})


def _apply(repository: Repository, entries: dict[str, Entry], key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise Refusal(400, f"Invalid path: {path}")
    if key == "file":
        content = base64.b64decode(value["content"], validate=True)
        if len(content) > LARGEST_SMALL:
            raise Refusal(413, f"{path} is too large to be committed without LFS")
        entries[path] = repository.put(path, content)
    elif key == "lfsFile":
        entries[path] = _large(repository, path, value)
    elif key == "deletedFile":
        if entries.pop(path, None) is None:
            raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
    elif key == "deletedFolder":
        for name in [name for name in entries if name.startswith(path.rstrip("/") + "/")]:
            del entries[name]
    else:
        raise Refusal(400, f"Unknown operation: {key}")


def _large(repository: Repository, path: str, value: dict[str, Any]) -> Entry:
    sha256 = value["oid"]
    stored = repository.large(sha256)
    if stored.is_file():
        size = stored.stat().st_size
    else:
        by_xet = uploaded(repository.folder / "cas").get(sha256)
        if by_xet is None:
            raise Refusal(400, "Your push was rejected because an LFS pointer pointed to a file that does not exist.")
        size = by_xet[1]
    if value.get("algo") != "sha256" or value.get("size", size) != size:
        raise Refusal(400, f"{path} has {size} bytes, and not {value.get('size')}")
    return Entry(path, size, git_oid(pointer(sha256, size)), sha256)


def tag(request: Request, repository: Repository, revision: str) -> Reply:
    name = request.json()["tag"]
    with repository.lock:
        at = at_revision(repository, revision)
        if name in repository.tags:
            raise Refusal(409, "Tag reference exists already.")
        repository.change_refs(tags={**repository.tags, name: at.oid})
    return as_json({"name": name, "ref": f"refs/tags/{name}", "targetCommit": at.oid}, 201)


def delete_tag(repository: Repository, name: str) -> Reply:
    with repository.lock:
        tags = repository.tags
        if tags.pop(name, None) is None:
            raise Refusal(404, f"Tag {name} not found", "RevisionNotFound")
        repository.change_refs(tags=tags)
    return Reply(204)
