"""The one reader of diffs goes by the counts of each hunk's head, knows a plain change, and never fails."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.hunks import FileChange, Hunk, file_changes, plain_changes, unquoted

HEADER = "diff --git a/x b/x\nindex 1234567..89abcde 100644\n--- a/x\n+++ b/x\n"
HUNK = "@@ -1 +1 @@\n-a\n+b\n"
PATCH = HEADER + HUNK


def only(patch: str) -> FileChange:
    (file,) = file_changes(patch)
    return file


def test_a_hunk_has_its_place_its_heading_and_its_lines() -> None:
    file = only(f"{HEADER}@@ -3,3 +3,2 @@ def door():\n one\n-two\n-three\n+four\n\\ No newline at end of file\n")
    assert file.header == tuple(HEADER.splitlines())
    assert file.hunks == (Hunk(3, "def door():", (" one", "-two", "-three", "+four"), exact=True),)
    assert file.changed == ["-two", "-three", "+four"]
    assert (file.hunks[0].old, file.hunks[0].new) == ("one\ntwo\nthree\n", "one\nfour\n")


@pytest.mark.parametrize(
    ("hunks", "counts"),
    [
        ("", (0, 0)),
        ("@@ -1 +1 @@\n-a\n+b\n", (1, 1)),
        ("@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n", (2, 0)),
        ("@@ -1,2 +0,0 @@\n-a\n-b\n", (0, 2)),
        ("@@ -1,2 +1,2 @@ @@ -5 +5 @@\n a\n-b\n+c\n", (1, 1)),
        ("@@ -1 +1 @@\n--- a\n+++ b\n", (1, 1)),
        ("@@ -1,2 +1,2 @@\n \n-@@ -1,9 +1,9 @@\n+@@ -7,7 +7,7 @@\n@@ -9 +9 @@\n-x\n+y\n", (2, 2)),
        ("@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", (1, 1)),
    ],
)
def test_lines_are_counted_hunk_by_hunk(hunks: str, counts: tuple[int, int]) -> None:
    assert only(HEADER + hunks).counts == counts


def test_a_file_begins_with_git_s_own_line_or_with_its_old_name() -> None:
    assert [file.header[0] for file in file_changes(PATCH + PATCH.replace("x", "y"))] == [
        "diff --git a/x b/x",
        "diff --git a/y b/y",
    ]
    assert [file.header for file in file_changes(f"--- a\n+++ a\n{HUNK}--- b\n+++ b\n{HUNK}")] == [
        ("--- a", "+++ a"),
        ("--- b", "+++ b"),
    ]


def test_a_removed_line_that_looks_like_a_header_is_a_line() -> None:
    assert only(f"{HEADER}@@ -1,2 +1 @@\n--- old\n-diff --git a/y b/y\n+@@ -1 +1 @@\n").changed == [
        "--- old",
        "-diff --git a/y b/y",
        "+@@ -1 +1 @@",
    ]


def test_what_stands_in_no_hunk_is_a_header() -> None:
    assert only(f"{PATCH}-- \n+x").header[4:] == ("-- ", "+x")
    assert only("no patch at all\n").header == ("no patch at all",)
    assert list(file_changes("")) == []


LINE = st.sampled_from([" a", "+b", "-c", "\\ d", "", "?e", "@@ -1 +1 @@", "diff x", "--- x", "+", "-", " "])


def counted_one_by_one(lines: list[str], old_left: int, new_left: int) -> list[str]:
    """The hunk's signed lines, by the recipe of pipeline/compare/normalised.py to the letter."""
    signed = []
    for line in lines:
        if old_left <= 0 and new_left <= 0:
            break
        if line[:1] in (" ", "+", "-"):
            signed.append(line)
        old_left -= line[:1] not in ("+", "\\")
        new_left -= line[:1] not in ("-", "\\")
    return signed


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.lists(LINE, max_size=12), st.integers(0, 8), st.integers(0, 8))
def test_lines_counted_many_at_once_are_those_counted_one_by_one(lines: list[str], old: int, new: int) -> None:
    first = next(file_changes("\n".join([*HEADER.splitlines(), f"@@ -1,{old} +1,{new} @@", *lines, "end"])))
    assert list(first.hunks[0].lines) == counted_one_by_one(lines, old, new)


@pytest.mark.parametrize(
    ("body", "exact"),
    [
        ("-a\n+b\n", True),
        ("-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", True),
        ("-a\n", False),
        ("-a\n-b\n+c\n", False),
        ("-a\n\n+b\n", False),
        ("?a\n", False),
    ],
)
def test_a_hunk_is_exact_if_it_is_as_long_as_it_says(body: str, exact: bool) -> None:
    assert only(f"{HEADER}@@ -1 +1 @@\n{body}").hunks[0].exact is exact
    assert bool(plain_changes(f"{HEADER}@@ -1 +1 @@\n{body}")) is exact


@pytest.mark.parametrize(
    ("header", "path"),
    [
        (HEADER, "x"),
        (HEADER.replace("index 1234567..89abcde 100644\n", ""), "x"),
        (HEADER.replace("/x", "/a b").replace("b\n", "b\t\n"), "a b"),
        (HEADER.replace("a/x", '"a/\\303\\251"').replace("b/x", '"b/\\303\\251"'), "é"),
        (HEADER.replace("+++ b/x", "+++ b/y"), ""),
        (HEADER.replace("--- a/x", "--- /dev/null"), ""),
        (HEADER.replace("index", "old mode 100644\nindex"), ""),
        (HEADER.replace("diff --git", "diff -u"), ""),
        ("--- a/x\n+++ b/x\n", ""),
        ("", ""),
    ],
)
def test_a_file_that_stays_where_it_is_has_its_path(header: str, path: str) -> None:
    assert only(header + HUNK).path == path


def test_a_patch_with_one_file_that_is_not_plain_is_not_plain() -> None:
    assert [file.path for file in plain_changes(PATCH + PATCH.replace("/x", "/y"))] == ["x", "y"]
    assert plain_changes(PATCH + PATCH.replace("index", "new file mode 100644\nindex")) == []
    assert plain_changes(f"{PATCH}-- \n2.40.0\n") == []


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(LINE | st.sampled_from(HEADER.splitlines()) | st.text(max_size=9), max_size=12).map("\n".join))
def test_no_text_makes_it_fail(patch: str) -> None:
    files = list(file_changes(patch))
    assert sum(sum(file.counts) for file in files) <= patch.count("\n") + 1
    assert all(isinstance(file.path, str) for file in files)


@pytest.mark.parametrize(
    "hostile",
    [
        "@@ -1 +1 @@\n+" + "a" * 1_000_000,
        "@@ -1,999999999 +1,999999999 @@\n" + "+\n-\n" * 250_000,
        "@@ -1," + "9" * 1_000_000 + " +1 @@\n+x",
        "@@ -1 +1 @@\n" * 80_000,
        "@@ -1,9 +1 @@\n\\\n" * 60_000,
        "\\\n" * 500_000,
        "--- x\n@@ -1 +1 @@\n" * 55_000,
        "\n" * 1_000_000,
    ],
    ids=["long line", "many lines", "long number", "heads", "marks in hunks", "marks", "files", "empty lines"],
)
def test_a_hostile_megabyte_is_read_in_time(hostile: str) -> None:
    began = time.process_time()
    assert all(file.path in ("", "x") for file in file_changes(HEADER + hostile))
    assert time.process_time() - began < 5


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_unquoting_undoes_octal_and_letter_escapes(name: str) -> None:
    letters = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b"}
    quoted = "".join(
        letters.get(character)
        or (character if " " <= character <= "~" else "".join(f"\\{byte:03o}" for byte in character.encode()))
        for character in name
    )
    assert unquoted(f'"{quoted}"') == name


@pytest.mark.parametrize("name", ["", '"', "plain", 'a"b', 'ends"', "back\\101"])
def test_what_is_not_quoted_stays(name: str) -> None:
    assert unquoted(name) == name


def test_an_escape_of_no_byte_is_no_error() -> None:
    assert unquoted('"a\\777"') == "a777"
