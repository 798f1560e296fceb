"""What GitHub tells of a pull request becomes columns; null is a word or nothing, never an error."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.github.facts import pull_facts

NODE: dict[str, Any] = {
    "number": 7,
    "title": "Open the door",
    "body": "It was shut.",
    "author": {"__typename": "User", "login": "ada"},
    "labels": {"nodes": [{"name": "bug"}]},
    "closingIssuesReferences": {
        "nodes": [{"repository": {"nameWithOwner": "ada/doors"}, "number": 3, "title": "Shut", "body": "It is."}]
    },
    "mergedAt": "2024-05-06T07:08:09Z",
    "baseRefOid": "1" * 40,
    "headRefOid": "2" * 40,
    "mergeCommit": {"oid": "3" * 40},
    "headRepository": {"nameWithOwner": "bo/doors"},
    "additions": 2,
    "deletions": 1,
    "changedFiles": 1,
    "files": {"nodes": [{"path": "a.py", "additions": 2, "deletions": 1, "changeType": "MODIFIED"}]},
    "commits": {"totalCount": 4},
}


def facts(**changed: Any) -> dict[str, Any]:
    return pull_facts("ada/doors", NODE | changed)


def test_a_whole_node_is_all_columns() -> None:
    found = facts()
    assert (found["pr_id"], found["repo"], found["number"]) == ("ada/doors#7", "ada/doors", 7)
    assert (found["title"], found["body"], found["author"], found["author_is_bot"]) == (
        "Open the door",
        "It was shut.",
        "ada",
        False,
    )
    assert found["labels"] == ["bug"]
    assert found["closing_issues"] == [{"repo": "ada/doors", "number": 3, "title": "Shut", "body": "It is."}]
    assert found["merged_at"] == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (found["base_sha"], found["head_sha"], found["merge_sha"]) == ("1" * 40, "2" * 40, "3" * 40)
    assert (found["additions"], found["deletions"], found["changed_files"], found["commits"]) == (2, 1, 1, 4)
    assert found["files"] == [{"path": "a.py", "old_path": "a.py", "status": "M", "additions": 2, "deletions": 1}]


@pytest.mark.parametrize(
    ("author", "name", "is_bot"),
    [
        (None, "ghost", False),
        ({"__typename": "Bot", "login": "dependabot"}, "dependabot[bot]", True),
        ({"__typename": "User", "login": "old[bot]"}, "old[bot]", True),
        ({"__typename": "Mannequin", "login": "moved"}, "moved", False),
        ({"__typename": "User", "login": "robot"}, "robot", False),
    ],
)
def test_an_author_is_a_login_a_bot_or_ghost(author: Any, name: str, is_bot: bool) -> None:
    found = facts(author=author)
    assert (found["author"], found["author_is_bot"]) == (name, is_bot)


def test_a_lost_fork_changes_nothing() -> None:
    assert facts(headRepository=None) == facts()


def test_nulls_are_nothing() -> None:
    found = facts(
        body=None,
        labels=None,
        closingIssuesReferences=None,
        mergeCommit=None,
        baseRefOid=None,
        headRefOid=None,
        files=None,
    )
    assert (found["body"], found["labels"], found["closing_issues"], found["files"]) == ("", [], [], None)
    assert (found["merge_sha"], found["base_sha"], found["head_sha"]) == ("", "", "")


def test_nulls_inside_of_lists_are_left_out() -> None:
    issue = NODE["closingIssuesReferences"]["nodes"][0]
    found = facts(
        labels={"nodes": [None, {"name": "x"}]}, closingIssuesReferences={"nodes": [None, issue | {"body": None}]}
    )
    assert found["labels"] == ["x"]
    assert [each["body"] for each in found["closing_issues"]] == [""]


def test_carriage_returns_and_margins_of_a_body_go() -> None:
    found = facts(title="  Open  ", body="\r\n one\r\ntwo \r\n")
    assert (found["title"], found["body"]) == ("Open", "one\ntwo")


@pytest.mark.parametrize(("count", "nodes"), [(2, 1), (101, 100), (0, 1)])
def test_a_list_of_files_that_is_not_all_of_them_is_none(count: int, nodes: int) -> None:
    listed = {"nodes": [NODE["files"]["nodes"][0]] * nodes}
    assert facts(changedFiles=count, files=listed)["files"] is None


def test_a_hole_in_the_list_of_files_makes_it_none() -> None:
    assert facts(changedFiles=2, files={"nodes": [None, NODE["files"]["nodes"][0]]})["files"] is None


@pytest.mark.parametrize(
    ("change", "status"),
    [("ADDED", "A"), ("DELETED", "D"), ("MODIFIED", "M"), ("RENAMED", "R"), ("COPIED", "C"), ("CHANGED", "T")],
)
def test_each_change_of_a_file_has_gits_letter(change: str, status: str) -> None:
    listed = {"nodes": [NODE["files"]["nodes"][0] | {"changeType": change}]}
    found = facts(files=listed)["files"]
    assert [file["status"] for file in found] == [status]
