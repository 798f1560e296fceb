"""From GitHub's answer for one pull request to the columns of PULLS that need no patch."""

from datetime import datetime
from typing import Any

from pipeline.clones.facts import SHA

STATUS = {"ADDED": "A", "DELETED": "D", "MODIFIED": "M", "RENAMED": "R", "COPIED": "C", "CHANGED": "T"}
GHOST = "ghost"  # what GitHub itself shows for an account that is gone


def pull_facts(repo: str, node: dict[str, Any]) -> dict[str, Any]:
    """The columns of PULLS that a GraphQL node tells, the others empty, and under `commits` the number of its commits.

    `files` is GitHub's list: of a renamed file only the new path, of a binary one 0 and 0; null if GitHub did not list all of them.
    """
    author = node["author"] or {"login": GHOST, "__typename": "User"}
    is_bot = author["__typename"] == "Bot" or author["login"].endswith("[bot]")
    listed = (node.get("files") or {}).get("nodes")
    files = None
    if listed is not None and len(listed) == node["changedFiles"] and None not in listed:
        files = [
            {
                "path": file["path"],
                "old_path": file["path"],
                "status": STATUS.get(file["changeType"], "M"),
                "additions": file["additions"],
                "deletions": file["deletions"],
            }
            for file in listed
        ]
    return {
        "pr_id": f"{repo}#{node['number']}",
        "repo": repo,
        "number": node["number"],
        "title": node["title"].strip(),
        "body": (node["body"] or "").replace("\r\n", "\n").strip(),
        # GraphQL leaves out what everybody else sees behind a bot's name.
        "author": f"{author['login'].removesuffix('[bot]')}[bot]" if is_bot else author["login"],
        "author_is_bot": is_bot,
        "labels": [label["name"] for label in _nodes(node["labels"])],
        "closing_issues": [
            {
                "repo": issue["repository"]["nameWithOwner"],
                "number": issue["number"],
                "title": issue["title"].strip(),
                "body": (issue["body"] or "").replace("\r\n", "\n").strip(),
            }
            for issue in _nodes(node["closingIssuesReferences"])
        ],
        "merged_at": datetime.fromisoformat(node["mergedAt"]),
        "method": "",
        "base_sha": _hash(node["baseRefOid"]),
        "merge_sha": _hash((node["mergeCommit"] or {}).get("oid")),
        "head_sha": _hash(node["headRefOid"]),
        "additions": node["additions"],
        "deletions": node["deletions"],
        "changed_files": node["changedFiles"],
        "files": files,
        "commits": (node.get("commits") or {}).get("totalCount") or 1,
    }


def _hash(said: str | None) -> str:
    return said if said and SHA.fullmatch(said) else ""


def _nodes(connection: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [node for node in (connection or {}).get("nodes") or [] if node is not None]
