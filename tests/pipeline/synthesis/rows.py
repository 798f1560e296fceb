"""A SAMPLED row as a model is shown it, what a model may answer to it, and the parameters of a model."""

import json
from typing import Any

from pipeline.sections import Checks
from pipeline.synthesis.leakage import Solution, solution_of

PATCH = """diff --git a/src/retry.py b/src/retry.py
index 1234567..89abcde 100644
--- a/src/retry.py
+++ b/src/retry.py
@@ -1,3 +1,5 @@
 def send(request):
-    return post(request)
+    backoff_seconds = server_delay(request)
+    wait_for(backoff_seconds)
+    return post(request)
"""
WRITTEN: dict[str, Any] = {
    "query": "Uploads give up too early when the server asks clients to slow down. Please make the client wait as long as the "
    "server says before it tries again.",
    "domain": "vibe-coding",
    "sub_domain": "back-end",
    "acceptance_criteria": [
        "An upload that is told to wait ten seconds is tried again after ten seconds.",
        "An upload without such an answer is sent once.",
    ],
    "needed_context": ["how the client sends uploads"],
    "difficulty": "easy",
    "rationale": "The change waits for the delay that the server names.",
}
LEAKING = WRITTEN | {
    "query": "Uploads give up too early when the server asks clients to slow down. Please call server_delay and put its result into "
    "backoff_seconds before the client tries again."
}
ACCEPTS = {"reasons": [], "fidelity": 5, "realism": 4, "leakage": 5, "verdict": "accept"}
REWRITES = {
    "reasons": ["It does not say for how long to wait."],
    "fidelity": 3,
    "realism": 4,
    "leakage": 5,
    "verdict": "rewrite",
}
LIMITS = Checks(leakage=0.25, min_words=12, max_words=400, language="english", similarity=0.8)


def patch_adding(*added: str) -> str:
    """A patch of one new file with these lines."""
    lines = [line for text in added for line in text.split("\n")]
    head = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,{len(lines)} @@\n"
    return head + "".join(f"+{line}\n" for line in lines)


def solution(*added: str, paths: tuple[str, ...] = ()) -> Solution:
    """What a patch of one new file with these lines, and of files at these paths, introduces."""
    files: list[dict[str, Any]] = [
        {"path": path, "old_path": path, "status": "M", "additions": 1, "deletions": 0} for path in paths
    ]
    return solution_of(patch_adding(*added), files)


def pull(**fields: Any) -> dict[str, Any]:
    """A pull request that waits where a server says so."""
    row = {
        "pr_id": "acme/uploads#7",
        "repo": "acme/uploads",
        "number": 7,
        "title": "Honour the server's delay",
        "body": "The client ignores what the server says about waiting.",
        "sub_domain": "back-end",
        "description": "Uploads files",
        "language": "Python",
        "labels": [],
        "closing_issues": [],
        "files": [
            {"path": "src/retry.py", "old_path": "src/retry.py", "status": "M", "additions": 3, "deletions": 1},
        ],
        "patch": PATCH,
    }
    return row | fields


def said(value: dict[str, Any], **changes: Any) -> str:
    """A model's reply."""
    return json.dumps(value | changes)
