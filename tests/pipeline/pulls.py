"""Rows of PULLS and parameters of the filter, as the tests of filtering need them."""

from datetime import UTC, datetime
from typing import Any

from pipeline.sections import Filter

PATCH = """diff --git a/src/api/server.py b/src/api/server.py
index 1234567..89abcde 100644
--- a/src/api/server.py
+++ b/src/api/server.py
@@ -1,2 +1,3 @@
 import os
-x = 1
+x = 2
+y = 3
"""
File = dict[str, Any]
STANDARD: dict[str, Any] = {
    "max_tokens": 1200,
    "count_up_to": 4800,
    "markdown": "only",
    "markdown_suffixes": [".md", ".MDX"],
    "binary": "any",
    "max_files": 0,
    "licences": [],
    **dict.fromkeys(
        [
            *("bots", "empty_titles", "empty_bodies", "reverts", "backports", "branch_merges", "version_bumps"),
            *("unwritten", "whitespace", "comments", "non_english"),
        ],
        "keep",
    ),
}


def chosen(**changed: Any) -> Filter:
    """The paper's rules, but for what is changed."""
    return Filter(**(STANDARD | changed))


def text(path: str, old_path: str = "", additions: int = 1, deletions: int = 0, status: str = "M") -> File:
    """A changed text file; renamed if it has an old path."""
    return {
        "path": path,
        "old_path": old_path or path,
        "status": "R" if old_path else status,
        "additions": additions,
        "deletions": deletions,
    }


def image(path: str = "logo.png") -> File:
    """A changed binary file."""
    return text(path) | {"additions": None, "deletions": None}


CHANGED = text("src/api/server.py", additions=2, deletions=1)


def pull(number: int = 1, **changed: Any) -> dict[str, Any]:
    """A row of PULLS that every rule keeps, but for what is changed."""
    files = changed.get("files", [CHANGED])
    patch = changed.get("patch", PATCH)
    return {
        "pr_id": f"tide/pool#{number}",
        "repo": "tide/pool",
        "number": number,
        "title": "Add an endpoint",
        "body": "Clients need the number of open connections, and there is no way to ask for it.",
        "author": "Ada",
        "author_is_bot": False,
        "labels": [],
        "closing_issues": [],
        "merged_at": datetime(2024, 5, 1, 12, tzinfo=UTC),
        "method": "squash",
        "base_sha": "a" * 40,
        "merge_sha": "b" * 40,
        "head_sha": "",
        "additions": sum(file["additions"] or 0 for file in files),
        "deletions": sum(file["deletions"] or 0 for file in files),
        "changed_files": len(files),
        "files": files,
        "skipped": "",
        "patch": PATCH,
        "patch_bytes": len((patch or "").encode()),
        "patch_utf8": True,
        "patch_source": "git",
        "failure": "",
    } | changed


def patch_of(*files: File) -> str:
    """A patch that git would print for changes of so many lines, each of other words."""
    printed = []
    for file in files:
        path, added, removed = file["path"], file["additions"], file["deletions"]
        printed.append(f"diff --git a/{path} b/{path}\nindex 1234567..89abcde 100644\n")
        if added is None:
            printed.append(f"Binary files a/{path} and b/{path} differ\n")
        elif added or removed:
            printed.append(f"--- a/{path}\n+++ b/{path}\n@@ -1,{removed} +1,{added} @@\n")
            printed += [f"-old_{at} = {at}\n" for at in range(removed)] + [f"+new_{at} = {at}\n" for at in range(added)]
    return "".join(printed)
