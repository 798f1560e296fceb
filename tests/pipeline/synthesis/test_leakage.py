"""What a text gives away of a patch, held against a second reading of the patch by difflib and by brute force."""

import difflib
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.synthesis.leakage import RUN, leakage, leakage_in_any_spelling, respelled, shared_runs, solution_of


def patch_of(before: str, after: str, path: str = "src/main.py") -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
    return f"diff --git a/{path} b/{path}\n" + "".join(f"{line}\n" for line in lines)


def file(path: str, old_path: str = "") -> dict[str, Any]:
    return {"path": path, "old_path": old_path or path, "status": "M", "additions": 1, "deletions": 1}


def names_given(text: str, after: str, before: str = "") -> list[str]:
    return leakage(text, solution_of(patch_of(before, after), [])).identifiers


def paths_given(text: str, *paths: str) -> list[str]:
    return leakage(text, solution_of("", [file(path) for path in paths])).paths


def measure(text: str, after: str, before: str = "", paths: tuple[str, ...] = ()) -> float:
    return leakage(text, solution_of(patch_of(before, after), [file(path) for path in paths])).measure


@pytest.mark.parametrize(
    "name", ["snake_case", "_private", "camelCase", "PascalCase", "MAX_SIZE", "utf8Decoder", "parseURLs", "__init__"]
)
def test_a_code_shaped_name_that_the_patch_introduces_is_given_away(name: str) -> None:
    assert names_given(f"please call {name} here", f"x = {name}(1)\n") == [name]


@pytest.mark.parametrize("word", ["parser", "Parser", "HTTP", "x", "a_b", "v2", "1234"])
def test_an_ordinary_word_gives_nothing_away(word: str) -> None:
    assert names_given(f"please call {word} here", f"x = {word}(1)\n") == []


def test_a_name_that_stood_there_before_is_not_introduced() -> None:
    assert names_given("see old_name", "x = old_name(2)\n", before="x = old_name(1)\n") == []
    assert names_given("see old_name", "x = old_name(2)\n", before="x = other(1)\n") == ["old_name"]


def test_a_name_on_a_context_line_is_not_introduced() -> None:
    assert names_given("see old_name", "old_name\nx = old_name(2)\n", before="old_name\n") == []


def test_a_name_in_the_heading_of_a_hunk_is_not_introduced() -> None:
    patch = patch_of("", "x = PoolKeeper()\n")
    assert leakage("see PoolKeeper", solution_of(patch, [])).identifiers == ["PoolKeeper"]
    headed = patch.replace(" @@\n", " @@ class PoolKeeper:\n")
    assert leakage("see PoolKeeper", solution_of(headed, [])).identifiers == []


def test_a_name_that_a_file_had_before_is_not_introduced() -> None:
    patch = patch_of("", "x = PoolKeeper()\n")
    there, new, moved = (
        file("src/PoolKeeper.php"),
        file("src/PoolKeeper.php") | {"status": "A"},
        file("src/PoolKeeper.php", "src/Pool.php"),
    )
    found = [leakage("see PoolKeeper", solution_of(patch, [one])).identifiers for one in (there, new, moved)]
    assert found == [[], ["PoolKeeper"], ["PoolKeeper"]]


def test_a_name_that_the_patch_removes_gives_nothing_away() -> None:
    assert names_given("see gone_name", "y\n", before="x = gone_name(1)\n") == []


def test_part_of_a_name_is_not_the_name() -> None:
    assert names_given("new_name_too and anew_name", "x = new_name\n") == []


def test_names_of_the_headers_are_no_names_of_the_patch() -> None:
    solution = solution_of(patch_of("a\n", "b\n", "src/some_module.py"), [])
    assert solution.identifiers == frozenset()


def test_added_lines_that_look_like_headers_are_read() -> None:
    assert names_given("see new_name", "++ new_name\n-- x\n@@ y\ndiff --git a b\n") == ["new_name"]


def test_names_are_sorted_and_each_is_counted_once() -> None:
    assert names_given("b_name a_name b_name", "a_name b_name\n") == ["a_name", "b_name"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("see src/main.py", "src/main.py"),
        ("see main.py.", "src/main.py"),
        ("see MAIN.PY", "src/main.py"),
        ("see `main.py`", "src/main.py"),
        ("edit the Makefile", "Makefile"),
        ("edit .gitignore", ".gitignore"),
        ("edit naïve café.txt", "test/naïve café.txt"),
        ("edit a+b(1).txt", "a+b(1).txt"),
    ],
)
def test_a_path_or_a_file_name_is_given_away(text: str, path: str) -> None:
    assert paths_given(text, path) == [path]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("see domain.py", "src/main.py"),
        ("see main.pyc", "src/main.py"),
        ("see main", "src/main.py"),
        ("see src", "src/main.py"),
        ("the guide", "docs/guide"),
        ("see mainxpy", "src/main.py"),
        ("edit my.gitignore", ".gitignore"),
    ],
)
def test_another_file_name_gives_nothing_away(text: str, path: str) -> None:
    assert paths_given(text, path) == []


def test_both_names_of_a_rename_count() -> None:
    solution = solution_of("", [file("new.py", "old.py")])
    assert leakage("old.py becomes new.py", solution).paths == ["new.py", "old.py"]


def test_four_words_in_a_row_are_shared_and_three_are_not() -> None:
    added = "return the first of them\n"
    assert measure("return the first of", added) == 1.0
    assert measure("return the first", added) == 0.0
    assert measure("please return the first of", added) == 0.5


def test_words_are_not_joined_over_two_lines() -> None:
    assert measure("return the first of", "return the\nfirst of\n") == 0.0


def test_each_name_and_each_path_weighs_a_quarter() -> None:
    assert measure("a_name", "a_name\n") == 0.25
    assert measure("a_name main.py", "a_name\n", paths=("main.py",)) == 0.5
    assert measure("a_name", "other\n") == 0.0


def test_the_measure_ends_at_one() -> None:
    names = " ".join(f"name_{i}" for i in range(9))
    assert measure(names, f"{names}\n") == 1.0


def test_an_empty_text_or_an_empty_patch_gives_nothing_away() -> None:
    assert measure("", "a_name\n") == 0.0
    assert leakage("a_name src/main.py", solution_of("", [])).measure == 0.0


WORDS = ["new_name", "old_name", "camelCase", "TwoHumps", "plain", "x1y", "a", "the", "first", "of", "++", "--", "@@ x"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=8).map("\n".join)


def introduced(before: str, after: str) -> set[str]:
    """By difflib's opcodes alone: words of new lines that stand on no line within three lines of a change."""
    old, new = before.splitlines(), after.splitlines()
    added: set[str] = set()
    others: set[str] = set()
    for group in difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(3):
        for tag, i1, i2, j1, j2 in group:
            others |= {word for line in old[i1:i2] for word in line.split()}
            if tag != "equal":
                added |= {word for line in new[j1:j2] for word in line.split()}
    return (added - others) & {"new_name", "old_name", "camelCase", "TwoHumps"}


@settings(derandomize=True, deadline=None, max_examples=150)
@given(TEXTS, TEXTS)
def test_what_is_introduced_is_what_difflib_says(before: str, after: str) -> None:
    assert solution_of(patch_of(before, after), []).identifiers == introduced(before, after)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(TEXTS, TEXTS)
def test_the_measure_is_what_counting_by_hand_says(text: str, after: str) -> None:
    solution = solution_of(patch_of("", after), [])
    padded = [" " + " ".join(re.findall(r"[a-z_]\w*", line.lower())) + " " for line in after.splitlines()]
    words = re.findall(r"[a-z_]\w*", text.lower())
    runs = [words[at : at + RUN] for at in range(len(words) - RUN + 1)]
    shared = [run for run in runs if any(f" {' '.join(run)} " in line for line in padded)]
    named = len(set(text.split()) & {"new_name", "old_name", "camelCase", "TwoHumps"} & set(after.split()))
    expected = min(1.0, 0.25 * named + (len(shared) / len(runs) if runs else 0.0))
    assert leakage(text, solution).measure == pytest.approx(expected, abs=1e-6)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.text(max_size=80), st.text(max_size=200))
def test_whatever_text_and_patch_hold_the_measure_lies_between_0_and_1(text: str, patch: str) -> None:
    assert 0.0 <= leakage(text, solution_of(patch, [file("a.txt")])).measure <= 1.0


@pytest.mark.parametrize("unit", ["a", "A", "Aa", "aA", "_", "a_", "a1", "1a", "a b ", "é", "a-", ".", "\n", "+a\n"])
def test_no_repeated_unit_is_slow(unit: str) -> None:
    long = (unit * 200_000)[:200_000]
    started = time.process_time()
    solution = solution_of(f"diff --git a/x b/x\n@@ -0,0 +1 @@\n+{long}\n", [file("a.txt")])
    leakage(long, solution)
    assert time.process_time() - started < 5.0


def respelled_names(text: str, after: str, before: str = "") -> list[str]:
    return respelled(text, solution_of(patch_of(before, after), []))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("add retry_policy here", "RetryPolicy"),
        ("add retryPolicy here", "RetryPolicy"),
        ("add RetryPolicy here", "retry_policy"),
        ("add RETRY_POLICY here", "retryPolicy"),
        ("add __retry_policy here", "RetryPolicy"),
        ("add --retry-policy here", "retry_policy"),
    ],
)
def test_a_name_in_another_spelling_is_found_and_does_not_change_the_measure(text: str, name: str) -> None:
    assert respelled_names(text, f"x = {name}\n") == [text.split()[1]]
    assert measure(text, f"x = {name}\n") == 0.0
    assert leakage_in_any_spelling(text, solution_of(patch_of("", f"x = {name}\n"), [])) == 0.25


@pytest.mark.parametrize(
    "text", ["add a retry policy", "add a retry-policy", "Retry Policy", "retrypolicy", "policy_retry"]
)
def test_plain_words_are_no_other_spelling(text: str) -> None:
    assert respelled_names(text, "x = RetryPolicy\n") == []


def test_the_name_itself_is_no_other_spelling_of_it() -> None:
    assert respelled_names("add RetryPolicy", "x = RetryPolicy\n") == []
    assert leakage_in_any_spelling("RetryPolicy", solution_of(patch_of("", "x = RetryPolicy\n"), [])) == 0.25


def test_a_spelling_that_stood_there_before_is_not_introduced() -> None:
    assert respelled_names("add retry_policy", "x = RetryPolicy\n", before="x = retry_policy\n") == []


def test_shared_runs_are_told_in_the_order_of_the_text() -> None:
    solution = solution_of(patch_of("", "Return the first of them\n"), [])
    assert shared_runs("please return The first of them", solution) == ["return the first of", "the first of them"]
    assert shared_runs("please return", solution) == []
