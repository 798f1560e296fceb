"""Every collected pull request gets one verdict, with the value that decided."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from pipeline.filtering import judge
from pipeline.params import Filter
from pipeline.tables import PULLS, VERDICTS
from pipeline.tokens import count

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
CHANGED = {"path": "src/api/server.py", "old_path": "src/api/server.py", "status": "M", "additions": 2, "deletions": 1}


def pull(number: int = 1, **changed: Any) -> dict[str, Any]:
    files = changed.get("files", [CHANGED])
    return {
        "pr_id": f"tide/pool#{number}",
        "repo": "tide/pool",
        "number": number,
        "title": "Add an endpoint",
        "body": "",
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
        "patch_bytes": len(PATCH),
        "patch_utf8": True,
        "patch_source": "git",
        "failure": "",
    } | changed


def judged(*pulls: dict[str, Any], **changed: Any) -> list[dict[str, Any]]:
    standard = {
        "max_tokens": 1200,
        "count_up_to": 4800,
        "markdown": "only",
        "markdown_suffixes": [".md"],
        "binary": "any",
        "max_files": 0,
        "bots": "keep",
        "lock_files": "keep",
    }
    verdicts = judge(PULLS.frame(list(pulls)), Filter(**{**standard, **changed}))
    assert list(verdicts.schema.items()) == list(VERDICTS.schema.items())
    return verdicts.to_dicts()


def test_a_kept_pull_request_carries_its_facts_and_measures() -> None:
    (row,) = judged(pull())
    assert (row["stage"], row["fate"], row["reason"], row["value"], row["limit"]) == (
        "filter_prs",
        "kept",
        "",
        None,
        None,
    )
    assert (row["n_files"], row["n_hunks"], row["additions"], row["deletions"]) == (1, 1, 2, 1)
    assert (row["tokens"], row["patch"]) == (count(PATCH), PATCH)
    assert (row["sub_domain"], row["sub_domain_evidence"]) == ("back-end", "path:src/api/server.py")
    assert {name: row[name] for name in ("title", "author", "base_sha", "files")} == {
        name: pull()[name] for name in ("title", "author", "base_sha", "files")
    }


def test_a_dropped_pull_request_keeps_its_facts_and_loses_its_patch() -> None:
    (row,) = judged(pull(), max_tokens=10)
    assert (row["fate"], row["reason"], row["value"], row["limit"]) == ("dropped", "patch_too_large", count(PATCH), 10)
    assert (row["patch"], row["n_hunks"], row["sub_domain"]) == (None, None, "")
    assert (row["tokens"], row["n_files"], row["additions"], row["title"]) == (count(PATCH), 1, 2, "Add an endpoint")


@pytest.mark.parametrize(("limit", "fate"), [(count(PATCH), "dropped"), (count(PATCH) + 1, "kept")])
def test_fewer_tokens_than_the_limit_stay(limit: int, fate: str) -> None:
    assert judged(pull(), max_tokens=limit)[0]["fate"] == fate


@pytest.mark.parametrize(
    ("changed", "reason", "value", "limit"),
    [
        ({"files": [], "patch": ""}, "empty", None, None),
        ({"files": [CHANGED, CHANGED | {"additions": None, "deletions": None}]}, "binary", 1.0, 0.0),
        ({"files": [CHANGED | {"path": "A.MD", "old_path": "a.md"}]}, "markdown_only", 1.0, 1.0),
        ({"files": [CHANGED | {"additions": 0, "deletions": 0}]}, "no_text_change", 0.0, 1.0),
        ({"patch_utf8": False}, "not_utf8", None, None),
        ({"patch": None, "patch_bytes": 300_000}, "patch_too_large", 2344.0, 1200.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_dropped_one_says_what_was_measured(
    changed: dict[str, Any], reason: str, value: float | None, limit: float | None
) -> None:
    (row,) = judged(pull(**changed))
    assert (row["fate"], row["reason"], row["value"], row["limit"]) == ("dropped", reason, value, limit)
    assert row["tokens"] is None  # nothing was counted, a cheaper rule had spoken


def test_a_patch_that_unidiff_reads_otherwise_than_git_is_a_failure() -> None:
    (row,) = judged(pull(files=[CHANGED | {"additions": 3}]))
    assert (row["fate"], row["reason"], row["patch"]) == ("failed", "unidiff_disagrees_with_git", None)


def test_a_patch_that_is_cut_off_is_a_failure() -> None:
    (row,) = judged(pull(patch=PATCH.removesuffix("+y = 3\n")))
    assert (row["fate"], row["reason"]) == ("failed", "unidiff_disagrees_with_git")


def test_what_is_dropped_is_not_read() -> None:
    (row,) = judged(pull(patch="no patch at all " * 2000))
    assert (row["fate"], row["reason"]) == ("dropped", "patch_too_large")


def test_what_could_not_be_collected_is_not_judged() -> None:
    assert [row["number"] for row in judged(pull(1), pull(2, failure="missing object", patch=None), pull(3))] == [1, 3]


def test_verdicts_come_in_the_order_of_the_rows() -> None:
    assert [row["number"] for row in judged(*(pull(number) for number in (5, 2, 9, 1)))] == [5, 2, 9, 1]


def test_a_verdict_does_not_depend_on_the_others() -> None:
    pulls = [pull(1), pull(2, patch_utf8=False), pull(3, files=[]), pull(4, title="Fix crash")]
    together = judged(*pulls)
    assert together == [row for one in pulls for row in judged(one)]
    assert {row["fate"] for row in together} == {"kept", "dropped"}


def test_no_pull_requests_have_no_verdicts() -> None:
    assert judged() == []
    assert judged(pull(failure="missing object")) == []


def test_a_binary_file_beside_text_can_stay() -> None:
    binary = "diff --git a/x.png b/x.png\nindex 1234567..89abcde 100644\nBinary files a/x.png and b/x.png differ\n"
    image = {"path": "x.png", "old_path": "x.png", "status": "M", "additions": None, "deletions": None}
    (row,) = judged(pull(files=[CHANGED, image], patch=PATCH + binary), binary="only")
    assert (row["fate"], row["additions"], row["deletions"], row["n_hunks"]) == ("kept", 2, 1, 1)
    assert pl.Series([row["files"][1]["additions"]]).null_count() == 1
