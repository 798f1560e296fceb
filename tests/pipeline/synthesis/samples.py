"""Whole rows of SAMPLED: small pull requests that add one name to one file."""

from datetime import UTC, datetime
from typing import Any

PATCH = "diff --git a/r.py b/r.py\n--- a/r.py\n+++ b/r.py\n@@ -0,0 +1 @@\n+read_all = 1\n"


def sampled(number: int = 7, repo: str = "acme/parser", **fields: Any) -> dict[str, Any]:
    row = {
        "pr_id": f"{repo}#{number}",
        "repo": repo,
        "tokens": 30,
        "sub_domain": "back-end",
        "sub_domain_evidence": "",
        "n_files": 1,
        "n_hunks": 1,
        "languages": ["Python"],
        "test_files": 0,
        "text_language": "en",
        "diff_hash": "0" * 64,
        "contamination": [],
        "symbols": [],
        "masked": [],
        "additions": 1,
        "deletions": 0,
        "number": number,
        "title": f"Handle empty input {number}",
        "body": "",
        "author": "Ada Example",
        "merged_at": datetime(2024, 5, 1, tzinfo=UTC),
        "method": "squash",
        "base_sha": "0" * 40,
        "merge_sha": "1" * 40,
        "head_sha": "",
        "files": [{"path": "r.py", "old_path": "r.py", "status": "M", "additions": 1, "deletions": 0}],
        "patch": PATCH,
        "labels": [],
        "closing_issues": [],
        "language": "Python",
        "licence": "MIT",
        "description": "A parser.",
        "frame_size": 1,
        "stratum_size": 1,
        "stratum_rank": 1,
        "draw_key": "00",
    }
    return row | fields
