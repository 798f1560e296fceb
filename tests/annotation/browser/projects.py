"""Projects of a real Label Studio for one annotator, made plainly, so that a test of the interface needs nothing else to work."""

from typing import Any

import requests

from annotation.interface import PROJECT_SETTINGS, interface
from annotation.render.body import render_body
from annotation.render.diff import render_diff
from annotation.render.guide import guide_html
from annotation.render.panels import render_criteria, render_judge, render_reviews
from annotation.render.title import render_title
from tests.annotation.server.running import Running

PATIENCE = 60  # seconds
QUERY = "In sieve, please stop on blank lines.\n\nA file whose last line is empty fails with an IndexError, as short rows do."
PATCH = """\
diff --git a/sieve/reader.py b/sieve/reader.py
index 1111111..2222222 100644
--- a/sieve/reader.py
+++ b/sieve/reader.py
@@ -41,4 +41,6 @@ def rows(lines):
     for number, line in enumerate(lines, 1):
         cells = split(line)
-        yield Row(number, cells[0], cells[1])
+        if not cells:
+            continue
+        yield Row(number, cells[0], cells[1] if len(cells) > 1 else "")
     return number
diff --git a/tests/test_reader.py b/tests/test_reader.py
index 1111111..2222222 100644
--- a/tests/test_reader.py
+++ b/tests/test_reader.py
@@ -12,0 +13,3 @@ def test_rows():
+
+def test_blank_lines_are_skipped():
+    assert list(rows(["a,b", "", "c"])) == [Row(1, "a", "b"), Row(3, "c", "")]
"""
REVIEWS = [
    {
        "annotator": name,
        "verdict": verdict,
        "answers": {"alignment": "full", "realism": 4, "domain": "vibe-coding", "sub_domain": "debugging"},
        "reject_reasons": reasons,
        "marks": ["unnatural: “as short rows do”"],
        "edited_query": "",
        "notes": "The last sentence is odd.",
    }
    for name, verdict, reasons in (("amara", "accept", []), ("bo", "reject", ["too vague"]))
]


def task(**data: str) -> dict[str, Any]:
    """A task of a small pull request; fields that are given take the place of its own."""
    shown = {
        "pr_ref": "kestrel-data/sieve#31",
        "title_html": render_title("Fix `IndexError` on blank lines"),
        "body_html": render_body("**What happens**\n\nA file with an empty line fails.\n\n- [x] tests\n- [ ] docs"),
        "diff_html": render_diff(PATCH),
        "query": QUERY,
        "criteria_html": render_criteria(["Blank lines are skipped.", "The tests that pass today still pass."]),
        "judge_html": render_judge("accept", {"fidelity": 4.5, "realism": 4.0, "leakage": 1.0}),
        "reviews_html": render_reviews(REVIEWS, ["1 of 2 reject it"]),
    }
    return {"data": shown | data, "meta": {"query_id": "gh-1"}}


def new_project(
    running: Running,
    title: str,
    tasks: list[dict[str, Any]],
    guide: str = "",
    reviews: bool = False,
    judge: bool = False,
) -> int:
    """The id of a project with these tasks, as an annotator gets it; `reviews` and `judge` add their panels."""
    made = ask(
        running,
        "POST",
        "/api/projects/",
        {
            "title": title,
            "label_config": interface(reviews=reviews, judge=judge),
            "expert_instruction": guide or guide_html(),
            **PROJECT_SETTINGS,
        },
    )
    ask(running, "POST", f"/api/projects/{made['id']}/import", tasks)
    return int(made["id"])


def task_ids(running: Running, project: int) -> list[int]:
    """The ids of a project's tasks, oldest first."""
    return sorted(found["id"] for found in ask(running, "GET", f"/api/tasks?project={project}&page_size=100")["tasks"])


def ask(running: Running, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """What the server answers to the owner, or to whoever has this token."""
    headers = {"Authorization": f"Token {token or running.owner_token}"}
    answer = requests.request(method, running.url + path, json=body, headers=headers, timeout=PATIENCE)
    assert answer.ok, answer.text[:2_000]
    return answer.json()
