"""A change of comments alone is found in many languages, and whatever is not surely one is not."""

import ast
import difflib
import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.comments import could_be_only_comments, only_comments


def diff(path: str, old: str, new: str, context: int = 3) -> str:
    """The patch of one file as git prints it, but for the line above a hunk."""
    lines = list(difflib.unified_diff(old.splitlines(True), new.splitlines(True), f"a/{path}", f"b/{path}", n=context))
    shown = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return f"diff --git a/{path} b/{path}\nindex 1234567..89abcde 100644\n{shown}"


def screened(patch: str | None) -> bool:
    frame = pl.DataFrame({"patch": [patch]}, schema={"patch": pl.String()})
    return bool(frame.select(could_be_only_comments(pl.col("patch"))).item())


COMMENT_ONLY = [
    ("a.py", "x = 1  # one\n", "x = 1  # two\n"),
    ("a.py", "#!/usr/bin/python\nx = 1\n", "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n"),
    ("a.py", "x = f(a)\n", "x = f(a)  # type: ignore\n"),
    ("a.py", 'def f(a):\n    """Old."""\n    return a\n', 'def f(a):\n    """New\n\n    longer."""\n    return a\n'),
    ("a.py", 'class A:\n    """Old."""\n    x = 1\n', "class A:\n    x = 1\n"),
    ("a.py", '"""Old."""\nimport a\n', '"""New."""\nimport a\n'),
    ("a.rs", "/// Old.\nfn a() {}\n", "/// New.\nfn a() {}\n"),
    ("a.go", "// Old.\nfunc a() {}\n", "// New.\nfunc a() {}\n"),
    ("A.java", "/**\n * Old.\n */\nclass A {}\n", "/**\n * New.\n */\nclass A {}\n"),
    ("a.js", "f(1); // old\n", "f(1); // new\n"),
    ("a.ts", "/* old */\nlet a = 1;\n", "/* new\n text */\nlet a = 1;\n"),
    ("a.kt", "val a = 1 // old\n", "val a = 1\n"),
    ("a.php", "/** @var int */\n$a = 1;\n", "/** @var string */\n$a = 1;\n"),
    ("a.rb", "# old\na = 1\n", "# new\na = 1\n"),
    ("a.rb", "=begin\nold\n=end\na = 1\n", "=begin\nnew\n=end\na = 1\n"),
    ("a.c", "int a; /* old */\n", "int a; /* new */\n"),
    ("a.cpp", "int a; // old\n", "int a; // new\n"),
    ("a.cs", "/// <summary>old</summary>\nint a;\n", "/// <summary>new</summary>\nint a;\n"),
    ("a.sh", "echo a # old\n", "echo a # new\n"),
    ("a.sql", "-- old\nselect 1;\n", "-- new\nselect 1;\n"),
    ("a.yaml", "a: b # old\n", "a: b # new\n"),
    ("a.toml", "# old\na = 1\n", "# new\na = 1\n"),
    ("a.html", "<!-- old -->\n<p>a</p>\n", "<!-- new -->\n<p>a</p>\n"),
    ("a.css", "/* old */\na { b: c }\n", "/* new */\na { b: c }\n"),
    ("a.vue", "<!-- old -->\n<p>a</p>\n", "<!-- new -->\n<p>a</p>\n"),
    ("a.sql", "-- a\nselect 1;\n", "select 1;\n"),  # removed, it prints as `--- a`
    ("a.py", "x = 1  # one\r\n", "x = 1  # two\r\n"),
    ("a.py", "x = 1\n# one", "x = 1\n# two"),
]
CONTENT = [
    ("a.sql", "SELECT /*+ INDEX(a) */ 1;\n", "SELECT /*+ INDEX(b) */ 1;\n"),
    ("a.sh", "cat <<EOF\n# a\n", "cat <<EOF\n# b\n"),
    ("a.php", "$x = <<<EOT\n# a\n", "$x = <<<EOT\n# b\n"),
    ("a.jsx", "<a>\n// x\n</a>\n", "<a>\n// y\n</a>\n"),
    ("a.ts", "// @ts-ignore\nlet a = 1;\n", "let a = 1;\n"),
    ("a.js", 'import(/* webpackChunkName: "a" */ x);\n', 'import(/* webpackChunkName: "b" */ x);\n'),
    ("a_test.go", "x()\n// Output: 1\n", "x()\n// Output: 2\n"),
    ("a.py", "# -*- coding: latin-1 -*-\nx = 1\n", "# -*- coding: utf-8 -*-\nx = 1\n"),
    ("a.py", "x = 1  # one\n", "x = 2  # one\n"),
    ("a.py", "x = '# one'\n", "x = '# two'\n"),
    ("a.py", 'x = """\n# one\n"""\n', 'x = """\n# two\n"""\n'),
    ("a.py", 'f(\n    """one""",\n)\n', 'f(\n    """two""",\n)\n'),
    ("a.py", 'def f():\n    """one""" % a\n', 'def f():\n    """two""" % a\n'),
    ("a.py", "if a:\n    b()\n    c()  # x\n", "if a:\n    b()\nc()  # y\n"),
    ("a.py", "description: some text here\n# one\n", "description: some text here\n# two\n"),
    ("a.c", "#define A 1\n", "#define A 2\n"),
    ("a.c", "#include <a.h>\n", "#include <b.h>\n"),
    ("a.c", "#if 0\nint a;\n#endif\n", "#if 0\nint b;\n#endif\n"),
    ("a.go", "//go:build linux\n\npackage a\n", "//go:build windows\n\npackage a\n"),
    ("a.go", "// #cgo CFLAGS: -O1\n\npackage a\n", "// #cgo CFLAGS: -O2\n\npackage a\n"),
    ("Makefile", "# one \\\nall:\n\ttrue\n", "# two\nall:\n\ttrue\n"),
    ("Dockerfile", "# check=skip=all\nFROM a\n", "# check=error=true\nFROM a\n"),
    ("a.php", "<?php\n// a ?>x\n", "<?php\n// b ?>y\n"),
    ("a.go", '// int a;\nimport "C"\n', '// int b;\nimport "C"\n'),
    ("a.rb", "# frozen_string_literal: true\na\n", "# frozen_string_literal: false\na\n"),
    ("a.js", "x = `\n// one\n`;\n", "x = `\n// two\n`;\n"),
    ("a.js", "x = 'http://a';\n", "x = 'http://b';\n"),
    ("a.php", "#[A]\nclass B {}\n", "#[C]\nclass B {}\n"),
    ("a.sh", "cat <<EOF\n# one\nEOF\n", "cat <<EOF\n# two\nEOF\n"),
    ("a.yaml", "a: |\n  # one\n  b\n", "a: |\n  # two\n  b\n"),
    ("a.css", "a { b: c }\n", "a { b: d }\n"),
    ("a.html", "<p>one</p>\n", "<p>two</p>\n"),
    ("a.js", "f(); // x\n", "// f(); x\n"),
    ("README.md", "# one\n", "# two\n"),
    ("notes.txt", "# one\n", "# two\n"),
    ("a.json", '{"a": "//1"}\n', '{"a": "//2"}\n'),
    ("a.unknown", "# one\n", "# two\n"),
]


@pytest.mark.parametrize(("path", "old", "new"), COMMENT_ONLY)
def test_a_change_of_comments_is_found_and_passes_the_screen(path: str, old: str, new: str) -> None:
    assert only_comments(diff(path, old, new))
    assert screened(diff(path, old, new))


@pytest.mark.parametrize(("path", "old", "new"), CONTENT)
def test_a_change_of_content_is_none(path: str, old: str, new: str) -> None:
    assert not only_comments(diff(path, old, new))


def test_the_screen_stops_a_line_of_code() -> None:
    assert not screened(diff("a.py", "x = 1\n", "x = 2\n"))
    assert not screened(diff("a.php", "<?php\n$a = '';\n", "<?php\n$a = 'b';\n"))
    assert not screened(None)


def test_every_file_must_be_of_comments() -> None:
    comment, code = diff("a.py", "# one\n", "# two\n"), diff("b.py", "x = 1\n", "x = 2\n")
    assert only_comments(comment + comment.replace("a.py", "c.py"))
    assert not only_comments(comment + code)
    assert not only_comments(code + comment)


@pytest.mark.parametrize(
    "header", ["new file mode 100644", "deleted file mode 100644", "old mode 100644\nnew mode 100755"]
)
def test_a_file_that_comes_goes_or_changes_its_mode_is_no_comment(header: str) -> None:
    patch = diff("a.py", "# one\n", "# two\n").replace("index ", f"{header}\nindex ")
    assert not only_comments(patch)
    assert not screened(patch)


def in_the_middle(path: str, lines: list[str], heading: str = "") -> str:
    """A patch with one hunk of these signed lines, far from the start of the file."""
    old, new = (sum(line[0] in signs for line in lines) for signs in (" -", " +"))
    head = f"diff --git a/{path} b/{path}\nindex 1234567..89abcde 100644\n--- a/{path}\n+++ b/{path}\n"
    return head + f"@@ -90,{old} +90,{new} @@{heading}\n" + "".join(f"{line}\n" for line in lines)


def test_the_end_of_a_starred_comment_is_known_by_its_stars() -> None:
    assert only_comments(in_the_middle("A.java", ["  * text", "- * old", "+ * new", "  */", " void a() {}"]))
    assert not only_comments(in_the_middle("A.java", ["  text", "- * old", "+ * new", "  */", " void a() {}"]))


def test_a_line_of_a_docstring_whose_quotes_are_not_shown_is_not_sure() -> None:
    assert not only_comments(in_the_middle("a.py", [" some text", "-old text", "+new text", " more text"]))
    assert not only_comments(in_the_middle("a.py", [" some text", "-old text", "+new text", '     """', " x = 1"]))


@pytest.mark.parametrize("heading", [" EXAMPLES = '''", " EXAMPLES: |", " cat <<EOF", " A=\\", " const a = `"])
def test_a_hunk_under_the_opening_of_a_text_is_not_sure(heading: str) -> None:
    lines = [" x()", "-# old", "+# new", " y()"]
    assert only_comments(in_the_middle("a.rb", lines, " def a"))
    assert not only_comments(in_the_middle("a.rb", lines, heading))


def test_blank_lines_alone_are_no_comments() -> None:
    assert not only_comments(diff("a.py", "x = 1\n", "\nx = 1\n"))


GOOD = diff("a.py", "# one\n", "# two\n")


@pytest.mark.parametrize(
    "patch",
    [
        "",
        "no patch",
        "@@ -1 +1 @@\n-a\n+b\n",
        GOOD.replace("@@ -1 +1 @@", "@@ -1,9 +1 @@"),
        GOOD.replace("+# two", "?# two"),
        GOOD[:40],
    ],
)
def test_a_broken_patch_is_no_change_of_comments(patch: str) -> None:
    assert only_comments(GOOD)
    assert not only_comments(patch)


@pytest.mark.parametrize("unit", ["# ", "/*", '"""', "a ", "`", "(", "\\", "*/", "<!--", "'", '"/', "@@ -1 +1 @@\n+"])
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.php"])
def test_no_repeated_unit_is_slow(path: str, unit: str) -> None:
    long = (unit * 1_000_000)[:1_000_000].replace("\n", " ")
    short = f"# {long[:7000]}"
    started = time.process_time()
    for text in (long, short):
        patch = in_the_middle(path, [f"-{text}", f"+{text}x"])
        only_comments(patch)
        screened(patch)
    assert time.process_time() - started < 5.0


def without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


PIECES = st.sampled_from(
    [
        *[
            "x = 1",
            "x = 2",
            "# one",
            "# two",
            '"""one"""',
            '"""two"""',
            "y = '# a'",
            "y = '# b'",
            "",
            "f(1)  # a",
            "f(1)  # b",
        ],
        *[
            'def f():\n    """one"""\n    return 1',
            'def f():\n    """two"""\n    return 1',
            "class A:\n    x = 1",
            'z = """\n# a\n"""',
        ],
        *[
            'z = """\n# b\n"""',
            'g(\n    """a""",\n)',
            'g(\n    """b""",\n)',
            "if x:\n    # a\n    f(2)",
            "if x:\n    # b\n    f(2)",
        ],
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=6), st.data())
def test_what_is_said_to_be_of_comments_leaves_the_program_as_it_was(pieces: list[str], data: st.DataObject) -> None:
    others = list(pieces)
    for at in data.draw(st.lists(st.integers(0, len(pieces)), max_size=2)):
        others[at : at + 1] = [data.draw(PIECES)]
    old, new = ("\n".join(lines) + "\n" for lines in (pieces, others))
    patch = diff("a.py", old, new)
    if only_comments(patch):
        assert screened(patch)
        assert without_docstrings(old) == without_docstrings(new)


SIGNS = st.sampled_from(
    ["#", "//", "/*", "*/", '"""', "'''", "`", "<!--", "-->", "=begin", "x", " ", "(", ")", ":", "\\", "--", "é", "*"]
)
LINES = st.lists(st.lists(SIGNS, max_size=5).map("".join), max_size=5).map("\n".join)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(["a.py", "a.rb", "a.js", "a.php", "a.sql", "a.html", "a.go"]), LINES, LINES)
def test_the_screen_never_stops_what_the_rule_says_yes_to(path: str, old: str, new: str) -> None:
    patch = diff(path, f"{old}\n", f"{new}\n")
    assert screened(patch) or not only_comments(patch)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(["@@ -1 +1 @@\n", "diff --git a/a.py b/a.py\n", "--- a/a.py\n", "+++ b/a.py\n", "+", "-", "\n"])
    ).map("".join)
)
def test_no_text_makes_it_fail(patch: str) -> None:
    assert only_comments(patch) in (True, False)
