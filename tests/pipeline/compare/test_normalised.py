"""The normalised diff keeps what a change says and nothing of its surroundings."""

import hashlib
import time

import pytest

from pipeline.compare.normalised import diff_hash, normalised, same_when_reverted
from tests.pipeline.compare.changes import change, diff, reverted

PATCH = """\
diff --git a/one.py b/one.py
index 1234567..89abcde 100644
--- a/one.py
+++ b/one.py
@@ -3,4 +3,5 @@ def first():
 context
-    old = 1\x20\x20
+    new = 1
+
+\tlast = "é"
 context
\\ No newline at end of file
"""


def test_the_recipe_gives_this_text_and_this_hash() -> None:
    assert normalised(PATCH) == '-old = 1\n+new = 1\n+last = "é"'
    assert diff_hash(PATCH) == hashlib.sha256('-old = 1\n+new = 1\n+last = "é"'.encode()).hexdigest()
    assert diff_hash(PATCH) == "25fe72038d6b31f4a372c414fd2992e8fcf14a02901b50b2ffa7035c4011b0f1"


def test_files_stand_in_the_order_of_what_they_say() -> None:
    one, other = diff(["a"], ["b"], "x.py"), diff(["c"], ["d"], "y.py")
    assert normalised(one + other) == normalised(other + one) == "-a\n+b\n\n-c\n+d"


def test_files_are_told_apart_without_git_s_own_line() -> None:
    both = diff(["c"], ["d"], "x.py") + diff(["a"], ["b"], "y.py")
    plain = "\n".join(line for line in both.split("\n") if not line.startswith(("diff ", "index ")))
    assert normalised(plain) == normalised(both) == "-a\n+b\n\n-c\n+d"


@pytest.mark.parametrize(
    "variant",
    [
        PATCH.replace("@@ -3,4 +3,5 @@ def first():", "@@ -300,4 +310,5 @@"),
        PATCH.replace("1234567..89abcde", "7654321..edcba98"),
        PATCH.replace(" context", " something else"),
        PATCH.replace("one.py", "moved/one.py"),
        PATCH.replace("    old", "\told").replace("    new", "            new"),
        PATCH.replace("\n", "\r\n"),
        PATCH.replace("+\n", "").replace("+3,5", "+3,4"),
        PATCH.replace("diff --git a/one.py b/one.py\n", ""),
    ],
    ids=["line numbers", "index", "context", "path", "indentation", "CRLF", "blank line", "no diff line"],
)
def test_surroundings_do_not_count(variant: str) -> None:
    assert variant != PATCH
    assert diff_hash(variant) == diff_hash(PATCH)


@pytest.mark.parametrize(
    "variant",
    [
        PATCH.replace("old = 1", "old = 2"),
        PATCH.replace("new = 1", "new =  1"),
        PATCH.replace("-    old", "+    old").replace("-3,4 +3,5", "-3,3 +3,6"),
        PATCH + diff(["x"], ["y"], "two.py"),
    ],
    ids=["a word", "a space inside", "a sign", "a file more"],
)
def test_what_is_said_counts(variant: str) -> None:
    assert diff_hash(variant) != diff_hash(PATCH)


def test_a_removed_line_that_looks_like_a_header_is_a_line() -> None:
    patch = "diff --git a/q.sql b/q.sql\n--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- old comment\n+++ new\n diff x\n"
    assert normalised(patch) == "--- old comment\n+++ new"


@pytest.mark.parametrize(
    "patch", ["", "no diff at all", "diff --git a/x b/y\nrename from x\nrename to y\n", "@@ -1 +1,0 @@\n-\n"]
)
def test_a_change_that_says_nothing_has_no_hash(patch: str) -> None:
    assert (normalised(patch), diff_hash(patch)) == ("", "")


@pytest.mark.parametrize(
    ("patch", "same"),
    [
        (diff(["  x"], ["    x"]), True),
        (diff(["a", "b"], ["b", "a"]), True),
        (diff(["moved"], [], "x.py") + diff([], ["moved"], "y.py"), True),
        (diff(["a", "b"], ["b", "c"]), False),
        (diff(["a"], ["a", "a"]), False),
    ],
)
def test_a_change_that_reads_as_its_own_revert_is_known(patch: str, same: bool) -> None:
    assert same_when_reverted(normalised(patch)) is same


def test_a_revert_says_something_else() -> None:
    assert diff_hash(reverted(change(1))) != diff_hash(change(1))


@pytest.mark.parametrize(
    "hostile",
    [
        "@@ -1 +1 @@\n+" + "a" * 1_000_000,
        "@@ -1,999999999 +1,999999999 @@\n" + "+\n-\n" * 250_000,
        "@@ -1," + "9" * 1_000_000 + " +1 @@\n+x",
        "@@ -1," * 150_000,
        "+" + " \t\r" * 300_000 + "x",
        "\0\u202e\u2066\x1b[2J\n" * 100_000,
        "@@ -\u0661 +\u0661 @@\n+x\n" * 50_000,
    ],
    ids=["long line", "many lines", "long number", "half headers", "white space", "control characters", "other digits"],
)
def test_a_hostile_megabyte_is_read_in_time_and_without_an_error(hostile: str) -> None:
    began = time.process_time()
    diff_hash("diff --git a/x b/x\n" + hostile)
    assert time.process_time() - began < 5
