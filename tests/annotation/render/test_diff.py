"""A diff shows each line once, under git's own number, and says what it does not show."""

import re
import subprocess
from pathlib import Path
from random import Random

import pytest

from annotation.render.diff import MOST_FILES, MOST_OPEN_FILE, MOST_ROWS, render_diff
from annotation.render.rows import MOST_LINE
from pipeline.patch import DIFF_OPTIONS
from tests.annotation.render.page import Page, read

HEADER = "diff --git a/x b/x\nindex 1234567..89abcde 100644\n--- a/x\n+++ b/x\n"
Line = tuple[str, str | None, str | None, str]


def lines_of(page: Page) -> list[Line]:
    """Kind, old number, new number and text of each line shown."""
    found = []
    for at, element in enumerate(page.elements):
        if element.tag == "tr" and element.kind in ("added", "removed", "context"):
            old, new, code = page.elements[at + 1 : at + 4]
            found.append((element.kind, old.attributes.get("data-line"), new.attributes.get("data-line"), code.text))
    return found


def shown(patch: str) -> list[Line]:
    page = read(render_diff(patch))
    assert page.problems == []
    return lines_of(page)


def summaries(patch: str) -> list[str]:
    return [element.text for element in read(render_diff(patch)).elements if element.tag == "summary"]


def test_each_line_has_its_number_on_its_side() -> None:
    assert shown(f"{HEADER}@@ -3,3 +3,2 @@ def a():\n one\n-two\n-three\n+four\n@@ -9 +8,2 @@\n nine\n+ten\n") == [
        ("context", "3", "3", " one"),
        ("removed", "4", None, "-two"),
        ("removed", "5", None, "-three"),
        ("added", None, "4", "+four"),
        ("context", "9", "8", " nine"),
        ("added", None, "9", "+ten"),
    ]


@pytest.mark.parametrize("context", [0, 1, 3])
def test_numbers_are_those_of_the_files_that_git_compared(tmp_path: Path, context: int) -> None:
    random = Random(context)  # noqa: S311 - an example, no secret
    old = [f"line {random.randrange(9)}\t{number}" for number in range(400)]
    new = [line for line in old if random.random() > 0.1]
    for _ in range(40):
        new.insert(random.randrange(len(new)), f"new {random.randrange(9)} \r")
    for name, lines in (("old", old), ("new", new)):
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8", newline="")
    command = ["git", "diff", "--no-index", *DIFF_OPTIONS[1:], f"--unified={context}", "old", "new"]
    patch = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
    rows = shown(patch)
    assert len(rows) > 70
    for kind, old_number, new_number, code in rows:
        text = code[1:].replace("␍", "\r")
        assert kind == "added" or old[int(old_number or 0) - 1] == text
        assert kind == "removed" or new[int(new_number or 0) - 1] == text
    # What git wrote is all there, in its order: heads and lines.
    page = read(render_diff(patch))
    heads = [re.findall(r"^@@ .* @@", element.text) for element in page.of_kind("code")]
    assert [re.sub(r",1(?= )", "", head) for found in heads for head in found] == re.findall(r"(?m)^@@ .* @@", patch)
    signed = [
        line.replace("\r", "␍")
        for line in patch.split("\n")
        if line[:1] in ("+", "-", " ") and line[:4] not in ("--- ", "+++ ")
    ]
    assert [row[3] for row in rows] == signed


@pytest.mark.parametrize(
    ("header", "summary"),
    [
        ("index 1234567..89abcde 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "x +1 -1"),
        (
            "new file mode 100644\nindex 0000000..89abcde\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n",
            "x new file +1 -0",
        ),
        (
            "deleted file mode 100644\nindex 89abcde..0000000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n",
            "x deleted +0 -1",
        ),
        ("old mode 100644\nnew mode 100755\n", "x mode 100644 → 100755, no line changes"),
        ("index 1234567..89abcde 100644\nBinary files a/x and b/x differ\n", "x binary, not shown"),
        (
            "new file mode 100644\nindex 0000000..89abcde\nGIT binary patch\nliteral 4\nLc$@",
            "x new file, binary, not shown",
        ),
        (
            "new file mode 120000\nindex 0000000..89abcde\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n",
            "x new file, symbolic link +1 -0",
        ),
        ("index 1234567..89abcde 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "x submodule +1 -1"),
    ],
)
def test_a_file_says_what_became_of_it(header: str, summary: str) -> None:
    assert summaries(f"diff --git a/x b/x\n{header}") == [summary]


def test_a_renamed_file_says_from_where() -> None:
    patch = 'diff --git a/x "b/\\303\\251"\nsimilarity index 100%\nrename from x\nrename to "\\303\\251"\n'
    assert summaries(patch) == ["é renamed from x, no line changes"]


def test_changed_words_are_marked_on_both_sides() -> None:
    page = read(render_diff(f"{HEADER}@@ -1 +1 @@\n-total = sum(first, second)\n+total = sum(first, third)\n"))
    assert [element.text for element in page.elements if element.tag == "mark"] == ["second", "third"]


def test_tabs_and_blanks_at_the_end_are_marked_and_stay() -> None:
    page = read(render_diff(f"{HEADER}@@ -1 +1,2 @@\n \ta\n+b \t\n"))
    assert [row[3] for row in lines_of(page)] == [" \ta", "+b \t"]
    assert [element.text for element in page.of_kind("tab")] == ["\t", "\t"]
    assert [element.text for element in page.of_kind("blank")] == [" \t"]


def test_a_line_feed_that_came_at_the_end_is_said() -> None:
    lines = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"
    assert read(render_diff(HEADER + lines)).of_kind("remark")[0].text.startswith("The removed and the added line")
    assert read(render_diff(HEADER + lines.replace("+a", "+b"))).of_kind("remark") == []
    assert read(render_diff(HEADER + lines.replace("\\ No newline at end of file\n", ""))).of_kind("remark") == []


def test_a_hunk_that_is_not_as_its_head_says_is_told() -> None:
    assert "not as its head says" in read(render_diff(f"{HEADER}@@ -1,9 +1,9 @@\n a\n")).text
    assert "not as its head says" not in read(render_diff(f"{HEADER}@@ -1 +1 @@\n a\n")).text


def test_what_is_no_diff_is_shown_as_text() -> None:
    assert read(render_diff("first\nsecond")).text == "1 file, +0 -0firstsecond"
    assert "second" in read(render_diff(f"{HEADER}@@ -1 +1 @@\n a\nsecond\n")).text
    assert read(render_diff("")).text == "0 files, +0 -0"


def big(name: str, added: int) -> str:
    lines = "".join(f"+{name} {number}\n" for number in range(added))
    return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -0,0 +1,{added} @@\n{lines}"


def test_large_files_are_folded_and_small_ones_open() -> None:
    page = read(render_diff(big("a", 10) + big("b", MOST_OPEN_FILE) + big("c", 10)))
    assert ["open" in element.attributes for element in page.of_kind("file")] == [True, False, True]


def test_the_first_file_is_open_however_large() -> None:
    (file,) = read(render_diff(big("a", MOST_OPEN_FILE + 50))).of_kind("file")
    assert "open" in file.attributes


def test_so_many_files_are_shown_and_no_more() -> None:
    page = read(render_diff("".join(big(f"f{number}", 1) for number in range(MOST_FILES + 7))))
    assert len(page.of_kind("file")) == MOST_FILES
    assert (
        page.of_kind("left-out")[0].text
        == "Left out, to keep this readable: 7 whole files; with them, of all files, +7 -0"
    )


@pytest.mark.parametrize(
    ("patch", "added"),
    [
        (big("a", 3 * MOST_ROWS), 3 * MOST_ROWS),
        ("".join(big(f"f{number}", 20) for number in range(MOST_FILES + 50)), 20 * (MOST_FILES + 50)),
        (HEADER + "@@ -0,0 +1,900 @@\n" + ("+" + "x" * 5_000 + "\n") * 900, 900),
        (HEADER + "@@ -0,0 +1 @@\n+a\n" * 4_000, 4_000),
    ],
    ids=["one long file", "many files", "long lines", "many pieces"],
)
def test_every_line_is_shown_or_counted(patch: str, added: int) -> None:
    html = render_diff(patch)
    page = read(html)
    said = re.search(r"\+([\d,]+) -0$", page.of_kind("left-out")[0].text)
    assert said is not None
    assert len(lines_of(page)) + int(said[1].replace(",", "")) == added
    assert len(lines_of(page)) <= MOST_ROWS
    assert len(html) < 1_500_000


def test_a_long_line_says_how_much_is_left_out() -> None:
    ((_, _, _, code),) = shown(f"{HEADER}@@ -0,0 +1 @@\n+{'x' * (MOST_LINE + 5_000)}\n")
    assert code == "+" + "x" * MOST_LINE + " … 5,000 more characters"
