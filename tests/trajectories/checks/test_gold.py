"""Lines of the pull request that the human hands over are found, and what the agent wrote or saw before may be quoted."""

from typing import Any

import pytest

from tests.trajectories import made
from tests.trajectories.made import answer, call, observed, said
from trajectories.archive.session import Session
from trajectories.checks.check import check
from trajectories.checks.gold import gold_most
from trajectories.checks.limits import Known, Limits

PATCH = """diff --git a/search.py b/search.py
index 1111111..2222222 100644
--- a/search.py
+++ b/search.py
@@ -1,4 +1,9 @@
 import functools
-def search(words):
+@functools.lru_cache(maxsize=None)
+def search(words, limit=10):
+    found = index.lookup(words)
+    if len(found) > limit:
+        found = found[:limit]
+    return sorted(found)
+# ====================
 def other(): return unchanged(1)
-    return old_result(words)
"""
LINES = [
    "@functools.lru_cache(maxsize=None)",
    "def search(words, limit=10):",
    "found = index.lookup(words)",
    "return sorted(found)",
]
ASKED = said("user", "Make the search fast.", limi={"kind": "request"})
DONE = said("agent", "Done.")


def session(*steps: dict[str, Any]) -> Session:
    return made.session(ASKED, *steps, DONE)


def found(one: Session, rule: str = "gold_given", **limits: Any) -> list[int | None]:
    return [one.step for one in check(one, Limits(**limits), Known(patch=PATCH)) if one.rule == rule]


def remark(text: str) -> dict[str, Any]:
    return said("user", text, limi={"kind": "remark"})


def test_lines_that_are_short_known_or_without_a_letter_do_not_count() -> None:
    assert gold_most(PATCH, 12) == {
        "@functools.lru_cache(maxsize=None)",
        "defsearch(words,limit=10):",
        "found=index.lookup(words)",
        "iflen(found)>limit:",
        "found=found[:limit]",
        "returnsorted(found)",
    }
    assert gold_most(PATCH, 22) == {
        "@functools.lru_cache(maxsize=None)",
        "defsearch(words,limit=10):",
        "found=index.lookup(words)",
    }


@pytest.mark.parametrize(
    "step",
    [
        remark("Write this:\n" + "\n".join(LINES)),
        remark("Write " + "  ".join(LINES).replace("(", " ( ")),
        said("user", "", limi={"kind": "command", "command": f"cat > search.py <<E\n{chr(10).join(LINES)}\nE"}),
        said(
            "user",
            "$ curl pr.diff",
            limi={"kind": "command", "command": "curl pr.diff"},
            observation=observed(answer(None, PATCH)),
        ),
        remark("\\n".join(LINES)),
    ],
    ids=["message", "blanks", "command", "what a command shows", "escapes"],
)
def test_lines_that_the_human_gives_are_found(step: dict[str, Any]) -> None:
    assert found(session(step)) == [2]


def test_what_the_agent_wrote_or_saw_before_may_be_quoted() -> None:
    wrote = said("agent", "", tool_calls=[call("a", "cat > search.py <<E\n" + "\n".join(LINES))])
    saw = said("agent", "", tool_calls=[call("a", "git show")], observation=observed(answer("a", PATCH)))
    quote = remark("Why these?\n" + "\n".join(LINES))
    assert found(session(wrote, quote)) == []
    assert found(session(saw, quote)) == []
    assert found(session(quote, wrote)) == [2]


def test_few_lines_or_a_small_share_may_be_given() -> None:
    given = session(remark("\n".join(LINES)))
    assert found(given, gold_most=5) == []
    assert found(given, gold_share=0.9) == []
    assert found(session(remark("\n".join(LINES[:2])))) == []


def test_all_lines_of_a_small_change_are_enough() -> None:
    patch = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-limit = read_limit()\n+limit = max(1, read_limit())\n"
    one = session(remark("Write limit = max(1, read_limit()) there."))
    assert [finding.rule for finding in check(one, known=Known(patch=patch))].count("gold_given") == 1


def test_lines_given_little_by_little_add_up() -> None:
    assert found(session(*[remark(f"Add {line}") for line in LINES])) == [2]


def test_the_solution_in_an_output_before_the_agent_wrote_it_is_marked() -> None:
    saw = said("agent", "", tool_calls=[call("a", "git show")], observation=observed(answer("a", PATCH)))
    wrote = said("agent", "", tool_calls=[call("a", "\n".join(LINES))], observation=observed(answer("a", PATCH)))
    assert found(session(saw), "gold_found") == [2]
    assert found(session(wrote), "gold_found") == []


def test_without_a_patch_nothing_is_given() -> None:
    one = session(remark("\n".join(LINES)))
    assert [finding.rule for finding in check(one) if finding.rule.startswith("gold")] == []
