"""GitHub's own diffs by REST, for the few pull requests that git cannot bring. What is returned is always a diff, never a page.

The base of such a patch is the merge base of `base_sha` and `head_sha`, as GitHub's diffs have it.
"""

import json
from typing import Any

from pipeline.clones.patches import Change
from pipeline.github.api import DIFF, Api
from pipeline.patch import PatchUnreadableError, canonical, headers, structure

PER_PAGE = 100
EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # git's name of a file without a byte, which is text
CUT_SHORT = 3  # times that a diff which is not the patch is asked for
PATIENCE = 5  # times that trouble is met for one pull request; there are others
MOST_PAGES = 30  # GitHub lists 3,000 files at most
_STATUS = {
    "added": "A",
    "removed": "D",
    "modified": "M",
    "renamed": "R",
    "copied": "C",
    "changed": "T",
    "unchanged": "M",
}


class NotThePatchError(Exception):
    """What came is no diff, or not the one that GitHub's facts describe."""


def diff_of(api: Api, pull: dict[str, Any], max_bytes: int) -> Change:
    """The diff as GitHub prints it, in canonical form. Raises NotThePatchError, and what `Api.rest` raises."""
    for attempt in range(CUT_SHORT):
        try:
            # One that was cut short has an ETag too, and would come back from the store for ever.
            return _diff_of(api, pull, max_bytes, fresh=attempt > 0)
        except NotThePatchError as error:
            why = error
    raise why


def _diff_of(api: Api, pull: dict[str, Any], max_bytes: int, fresh: bool) -> Change:
    reply = api.rest(f"/repos/{pull['repo']}/pulls/{pull['number']}", accept=DIFF, fresh=fresh, patience=PATIENCE)
    if reply.body and not reply.body.startswith(b"diff --git "):
        raise NotThePatchError("no diff came")
    text, utf8 = canonical(reply.body)
    told = headers(text)
    facts = {file["path"]: file for file in pull["files"] or ()}
    files = [
        {
            "path": path,
            "old_path": head.old_path,
            "status": head.status,
            "additions": None if head.binary else facts.get(path, {}).get("additions", head.additions),
            "deletions": None if head.binary else facts.get(path, {}).get("deletions", head.deletions),
        }
        for path, head in told.items()
    ]
    return _checked(pull, files, text, utf8, max_bytes)


def files_of(api: Api, pull: dict[str, Any], max_bytes: int) -> Change:
    """The diff put together from the pages of `/files`, whose file modes and blob ids GitHub does not say. Raises as `diff_of` does."""
    entries: list[dict[str, Any]] = []
    for page in range(1, MOST_PAGES + 1):
        reply = api.rest(
            f"/repos/{pull['repo']}/pulls/{pull['number']}/files",
            {"per_page": PER_PAGE, "page": page},
            patience=PATIENCE,
        )
        answer = json.loads(reply.body)
        entries += answer
        if len(answer) < PER_PAGE:
            break
    files, pieces = [], []
    for entry in entries:
        status = _STATUS.get(entry["status"], "M")
        old = entry.get("previous_filename", entry["filename"])
        # A file without hunks is binary, empty, only renamed, or too large to be shown; only the last has lines.
        if "patch" not in entry and entry["changes"]:
            raise NotThePatchError("GitHub does not show every file")
        binary = "patch" not in entry and status in "AMD" and not entry["changes"] and entry["sha"] != EMPTY_BLOB
        files.append(
            {
                "path": entry["filename"],
                "old_path": old,
                "status": status,
                "additions": None if binary else entry["additions"],
                "deletions": None if binary else entry["deletions"],
            }
        )
        pieces.append(_printed(entry, status, old))
    return _checked(pull, files, "".join(pieces), True, max_bytes)


def _printed(entry: dict[str, Any], status: str, old: str) -> str:
    new = entry["filename"]
    lines = [f"diff --git a/{old} b/{new}"]
    lines += {"A": ["new file mode 100644"], "D": ["deleted file mode 100644"]}.get(status, [])
    if status in "RC":
        verb = "rename" if status == "R" else "copy"
        lines += [f"{verb} from {old}", f"{verb} to {new}"]
    if patch := entry.get("patch"):
        lines += [
            f"--- {'/dev/null' if status == 'A' else f'a/{old}'}",
            f"+++ {'/dev/null' if status == 'D' else f'b/{new}'}",
            patch,
        ]
    elif status not in "RC" and entry["sha"] != EMPTY_BLOB:
        lines += [
            f"Binary files {'/dev/null' if status == 'A' else f'a/{old}'} and {'/dev/null' if status == 'D' else f'b/{new}'} differ"
        ]
    return "\n".join(lines) + "\n"


def _checked(pull: dict[str, Any], files: list[dict[str, Any]], text: str, utf8: bool, max_bytes: int) -> Change:
    if len(files) != pull["changed_files"]:
        raise NotThePatchError(f"{len(files)} files came, GitHub's facts say {pull['changed_files']}")
    size = len(text.encode())
    if size > max_bytes:
        return Change(files, None, size, utf8)
    try:
        structure(text, pull["additions"], pull["deletions"])
    except PatchUnreadableError as error:
        raise NotThePatchError(str(error)) from None
    return Change(files, text, size, utf8)
