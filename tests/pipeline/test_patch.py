"""The canonical patch is what git prints and applies, and its structure is what git counts."""

import io
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.patch import DIFF_OPTIONS, PatchUnreadableError, Structure, canonical, changed_lines, structure

Files = dict[str, bytes]
# Lines that look like a patch's own, and every character that some reader takes for the end of a line.
LINES = [
    *[
        "",
        "a",
        "b",
        "  indented",
        "\ttab",
        "é",
        "漢",
        "😀",
        "a\rb",
        "end\r",
        "\x0c",
        "x\x0by",
        "\x85",
        "\u2028",
        "\x1c",
    ],
    *["-- a/x", "++ b/x", "- a", "+ b", "--- a/x", "+++ b/x", "@@ -1,2 +3,4 @@", "diff --git a/x b/x", "\\ No newline"],
    "index 1234567890123456789012345678901234567890..1234567890123456789012345678901234567890 100644",
]
NAMES = [
    "a.py",
    "b c.py",
    "é.py",
    'quo"te.py',
    "tab\there",
    "new\nline",
    "-dash",
    "deep/er/x.py",
    "back\\slash",
    "index a",
]
TEXTS = st.tuples(st.lists(st.sampled_from(LINES), max_size=25), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda drawn: (drawn[1].join(drawn[0]) + (drawn[1] if drawn[2] else "")).encode()
)
TREES = st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4)


class Scratch:
    """A repository that holds two trees; no configuration but its own has a say."""

    def __init__(self, folder: Path, before: Files, after: Files) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.before, self.after = self.tree(before), self.tree(after)

    def git(self, *arguments: str, given: bytes = b"") -> bytes:
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, input=given, capture_output=True, env={**os.environ, **isolated}
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def tree(self, files: Files) -> str:
        self.git("read-tree", "--empty")
        for name, content in files.items():
            blob = self.git("hash-object", "-w", "--stdin", given=content).decode().strip()
            entry = f"100644 {blob}\t{name}\0".encode()
            self.git("update-index", "-z", "--index-info", given=entry)
        return self.git("write-tree").decode().strip()

    def raw(self) -> bytes:
        return self.git("diff-tree", *DIFF_OPTIONS, self.before, self.after)

    def counted(self) -> tuple[int, int]:
        rows = self.git("diff-tree", "-r", "-M50%", "--numstat", "-z", self.before, self.after).split(b"\0")
        sums = [row.split(b"\t")[:2] for row in rows if row.count(b"\t") >= 2 and not row.startswith(b"-")]
        return sum(int(added) for added, _ in sums), sum(int(removed) for _, removed in sums)


def text_of(before: Files, after: Files) -> str:
    with tempfile.TemporaryDirectory() as folder:
        text, utf8 = canonical(Scratch(Path(folder), before, after).raw())
    assert utf8
    return text


@settings(max_examples=25, derandomize=True, deadline=None)
@given(TREES, TREES)
def test_of_any_two_trees_the_patch_applies_and_is_counted_as_git_does(before: Files, after: Files) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder), before, after)
        text, utf8 = canonical(scratch.raw())
        assert utf8
        assert text.encode() == scratch.git("diff", "--abbrev=7", scratch.before, scratch.after)
        added, removed = scratch.counted()
        read = structure(text, added, removed)
        assert (read.additions, read.deletions) == (added, removed)
        if text:
            scratch.git("read-tree", scratch.before)
            scratch.git("apply", "--cached", "--whitespace=nowarn", "-", given=text.encode())
            assert scratch.git("write-tree").decode().strip() == scratch.after
        plus, others = changed_lines(text)
        assert len(plus) == added
        assert len(others) >= removed


def test_a_patch_that_lost_a_line_does_not_apply() -> None:
    # The control of the test above: git apply does refuse.
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder), {"a": b"1\n2\n3\n"}, {"a": b"1\n2\n3\n4\n"})
        broken = scratch.raw().replace(b" 2\n", b"")
        scratch.git("read-tree", scratch.before)
        with pytest.raises(AssertionError, match=r"corrupt patch|does not apply"):
            scratch.git("apply", "--cached", "-", given=broken)


@pytest.mark.parametrize(
    "setting",
    [
        "diff.noprefix=true",
        "diff.mnemonicPrefix=true",
        "diff.algorithm=patience",
        "diff.context=9",
        "diff.interHunkContext=50",
        "diff.renames=false",
        "diff.renameLimit=1",
        "diff.indentHeuristic=false",
        "diff.submodule=log",
        "color.ui=always",
        "core.abbrev=40",
        "diff.external=false",
    ],
)
def test_a_users_settings_do_not_change_the_patch(tmp_path: Path, setting: str) -> None:
    lines = [f"line {at}\n" for at in range(60)]
    before = {"old name": "".join(lines).encode(), "b": b"x\n}\n\nx\n}\n"}
    after = {
        "new name": "".join([*lines[:9], "new\n", *lines[9:30], *lines[31:]]).encode(),
        "b": b"x\n}\n\ny\n}\n\nx\n}\n",
    }
    scratch = Scratch(tmp_path, before, after)
    plain = canonical(scratch.raw())
    key, _, value = setting.partition("=")
    scratch.git("config", key, value)
    assert canonical(scratch.raw()) == plain
    assert "rename from old name" in plain[0]


def test_index_lines_are_seven_digits_whatever_git_printed() -> None:
    long, longer = "0123456789abcdef" * 2 + "01234567", "f" * 64
    for one in (long, longer, long[:7], long[:12]):
        raw = f"diff --git a/x b/x\nindex {one}..{one} 100644\n--- a/x\n".encode()
        assert canonical(raw)[0] == f"diff --git a/x b/x\nindex {one[:7]}..{one[:7]} 100644\n--- a/x\n"


def test_index_lines_within_a_file_are_left_alone() -> None:
    line = b"index 1234567890..1234567890\n"
    assert canonical(b"+" + line + b" " + line + b"-" + line)[0].count("1234567890..1234567890") == 3
    text = text_of({"a": b"x\n"}, {"a": b"x\n" + line})
    assert "+index 1234567890..1234567890\n" in text


def test_a_carriage_return_before_an_index_line_does_not_make_it_a_header() -> None:
    assert canonical(b"+x\rindex 1234567890..1234567890\n")[0] == "+x\rindex 1234567890..1234567890\n"


def test_bytes_that_are_not_utf8_are_replaced_and_told() -> None:
    assert canonical(b"+caf\xe9\n") == ("+caf\ufffd\n", False)
    assert canonical("+café \ufffd\n".encode()) == ("+café \ufffd\n", True)


def test_a_cut_of_the_index_line_also_holds_where_bytes_are_not_utf8() -> None:
    assert canonical(b"index 1234567890..1234567890\n+\xff\n")[0].startswith("index 1234567..1234567\n")


def test_hunks_are_counted_over_all_files() -> None:
    lines = [f"{at}\n" for at in range(40)]
    changed = ["first\n", *lines[1:20], "middle\n", *lines[21:]]
    text = text_of({"a": "".join(lines).encode(), "b": b"x\n"}, {"a": "".join(changed).encode(), "b": b"y\n"})
    assert structure(text, 3, 3) == Structure(hunks=3, additions=3, deletions=3)


def test_a_rename_alone_has_no_hunk() -> None:
    text = text_of({"a": b"1\n2\n3\n"}, {"b": b"1\n2\n3\n"})
    assert "similarity index 100%" in text
    assert structure(text, 0, 0) == Structure(0, 0, 0)


def test_an_empty_patch_has_no_hunk() -> None:
    assert structure("", 0, 0) == Structure(0, 0, 0)


@pytest.mark.parametrize(("added", "removed"), [(2, 1), (1, 0), (0, 1), (1, 2)])
def test_a_patch_that_git_counted_otherwise_is_unreadable(added: int, removed: int) -> None:
    text = text_of({"a": b"x\n"}, {"a": b"y\n"})
    assert structure(text, 1, 1).hunks == 1
    with pytest.raises(PatchUnreadableError, match=rf"unidiff read \+1 -1, git counted \+{added} -{removed}"):
        structure(text, added, removed)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("@@ -1,3", "@@ -1,2"),
        lambda text: text.replace("@@ -1,3", "@@ -1,9"),
        lambda text: text.replace(" 2\n", "?2\n"),
        lambda text: text[: text.index("@@")] + text[text.index("-1\n") :],
    ],
    ids=["too long", "too short", "unknown line", "no hunk header"],
)
def test_a_damaged_patch_is_unreadable(change: object) -> None:
    text = text_of({"a": b"1\n2\n3\n"}, {"a": b"0\n2\n3\n"})
    assert change(text) != text
    with pytest.raises(PatchUnreadableError):
        structure(change(text), 1, 1)


def test_added_lines_are_told_from_the_others() -> None:
    text = text_of({"a": b"keep\nold\n-- gone\n"}, {"a": b"keep\nnew\n++ come\n"})
    assert changed_lines(text) == (["new", "++ come"], ["keep", "old", "-- gone"])


def test_headers_are_no_lines_even_after_a_hunk() -> None:
    text = text_of({"a": b"1\n", "b": b"1\n"}, {"a": b"2\n", "b": b"2\n"})
    assert changed_lines(text) == (["2", "2"], ["1", "1"])


def test_a_carriage_return_is_part_of_a_line() -> None:
    text = text_of({"a": b"x\n"}, {"a": b"x\ny\rz\r\n"})
    assert changed_lines(text)[0] == ["y\rz\r"]
    assert structure(text, 1, 0).additions == 1


def test_the_missing_newline_at_the_end_is_no_line() -> None:
    text = text_of({"a": b"x"}, {"a": b"y"})
    assert text.count("\\ No newline at end of file") == 2
    assert changed_lines(text) == (["y"], ["x"])


def test_text_that_is_no_patch_holds_no_lines() -> None:
    assert changed_lines("+ not\n- a\n patch\n") == ([], [])
    assert changed_lines("") == ([], [])
    assert io.StringIO("a\rb\n", newline="\n").readlines() == ["a\rb\n"]
