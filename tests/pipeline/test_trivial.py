"""A change of whitespace alone, and one of version numbers alone, are found; whatever is more is neither."""

import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.trivial import could_be_only_whitespace, could_be_version_bump, only_whitespace, version_bump
from tests.pipeline.test_comments import diff, in_the_middle

WHITESPACE = [
    ("a.c", "int a;\n", "int  a;\n"),
    ("a.c", "if (a) {\nb();\n}\n", "if (a) {\n    b();\n}\n"),
    ("a.c", "f(a,b);\n", "f(a, b);\n"),
    ("a.py", "x = 1 \n", "x = 1\n"),
    ("a.py", "x=1\n", "x = 1\n"),
    ("a.py", "x = 1\ny = 2\n", "x = 1\n\n\ny = 2\n"),
    ("a.py", "x = 1\r\n", "x = 1\n"),
    ("a.py", "x = 1", "x = 1\n"),
    ("a.go", "\ta := 1\n", "    a := 1\n"),
    ("a.sql", "-- a \nx\n", "-- a\nx\n"),  # removed, it prints as `--- a `
]
NOT_WHITESPACE = [
    ("README.md", "some  text\n", "some text\n"),
    ("bin/run", "rm -rf / tmp\n", "rm -rf /tmp\n"),
    ("bin/tool", "a:\n  return x\n", "a:\n    return x\n"),
    ("a.yml.tmpl", "a:\n  b: 1\n", "a:\n    b: 1\n"),
    ("a.css", ".a .b {}\n", ".a.b {}\n"),
    ("a.h", "#define F(x) x\n", "#define F (x) x\n"),
    ("a.js", "return\n  x;\n", "return x;\n"),
    ("a.sh", "if [ -z $a]; then\n", "if [ -z $a ]; then\n"),
    ("a.c", "int a;\n", "inta;\n"),
    ("a.c", "else if (a)\n", "elseif (a)\n"),
    ("a.js", "x = 'a b';\n", "x = 'ab';\n"),
    ("a.js", "x = 'a  b';\n", "x = 'a b';\n"),
    ("a.py", "for a in b:\n    c()\nd()\n", "for a in b:\n    c()\n    d()\n"),
    ("a.yaml", "a:\n  b: c\n", "a:\nb: c\n"),
    ("a.sh", "a = 1\n", "a=1\n"),
    ("a.c", "int a;\n", "int b;\n"),
    ("a.c", "a();\nb();\nc();\n", "b();\nc();\na();\n"),
    ("a.py", "x = 1\u00a0\n", "x = 1\n"),
]
BUMP = [
    ("package.json", '  "vite": "^2.6.2",\n', '  "vite": "^2.6.3",\n'),
    ("Cargo.toml", 'version = "1.2.3"\n', 'version = "1.2.4-beta.1"\n'),
    ("setup.py", "'kombu>=5.3.0b2',\n", "'kombu>=5.3.0b3',\n"),
    ("build.gradle", "implementation 'a.b:c:1.2.3'\n", "implementation 'a.b:c:1.3.0'\n"),
    ("Dockerfile", "FROM golang:1.20-alpine\n", "FROM golang:1.21-alpine\n"),
    ("Dockerfile", "ARG COMMIT=0123456789abcdef\n", "ARG COMMIT=fedcba9876543210\n"),
    (".github/workflows/ci.yml", "- uses: actions/cache@v3\n", "- uses: actions/cache@v4\n"),
    ("go.mod", "\tgolang.org/x/net v0.37.0\n", "\tgolang.org/x/net v0.38.0\n"),
    ("celery/__init__.py", "__version__ = '5.2.0'\n", "__version__ = '5.2.1'\n"),
    (
        "src/Kernel.php",
        "const VERSION = '5.4.1-DEV';\nconst VERSION_ID = 50401;\n",
        "const VERSION = '5.4.1';\nconst VERSION_ID = 50402;\n",
    ),
    ("src/version.h", '#define REDIS_VERSION "7.0.1"\n', '#define REDIS_VERSION "7.0.2"\n'),
    ("VERSION", "1.2.3\n", "1.3.0\n"),
]
NOT_BUMP = [
    ("package.json", '"timeout": 1.5\n', '"timeout": 2.5\n'),
    (".github/workflows/ci.yml", "timeout-minutes: 1.5\n", "timeout-minutes: 2.5\n"),
    (".gitlab-ci.yml", "host: 10.0.0.1\n", "host: 10.0.0.2\n"),
    ("a.py", "timeout = 1.5\n", "timeout = 2.5\n"),
    ("a.py", "if version >= 2:\n", "if version >= 3:\n"),
    ("package.json", '  "vite": "^2.6.2",\n', '  "vitest": "^2.6.2",\n'),
    ("package.json", '  "a": "1.2.3",\n', '  "a": "1.2.4",\n  "b": "1.0.0",\n'),
    ("package.json", '  "a": "1.2.3",\n', ""),
    ("package.json", '  "timeout": 30,\n', '  "timeout": 60,\n'),
    ("Dockerfile", "FROM golang:1.20\n", "FROM node:1.20\n"),
    ("README.md", "Install 1.2.3\n", "Install 1.2.4\n"),
    ("CHANGELOG.md", "## 1.2.3\n", "## 1.2.4\n"),
    ("yarn.lock", "a@1.2.3\n", "a@1.2.4\n"),
]


def screens(patch: str | None) -> tuple[bool, bool]:
    column = pl.col("patch")
    frame = pl.DataFrame({"patch": [patch]}, schema={"patch": pl.String()})
    row = frame.select(whitespace=could_be_only_whitespace(column), bump=could_be_version_bump(column)).row(0)
    return bool(row[0]), bool(row[1])


@pytest.mark.parametrize(("path", "old", "new"), WHITESPACE)
def test_whitespace_alone_is_found_and_passes_the_screen(path: str, old: str, new: str) -> None:
    assert only_whitespace(diff(path, old, new))
    assert screens(diff(path, old, new))[0]


@pytest.mark.parametrize(("path", "old", "new"), NOT_WHITESPACE)
def test_what_means_another_thing_is_not_whitespace(path: str, old: str, new: str) -> None:
    assert not only_whitespace(diff(path, old, new))


@pytest.mark.parametrize(("path", "old", "new"), BUMP)
def test_a_version_bump_is_found_and_passes_the_screen(path: str, old: str, new: str) -> None:
    assert version_bump(diff(path, old, new))
    assert screens(diff(path, old, new))[1]


@pytest.mark.parametrize(("path", "old", "new"), NOT_BUMP)
def test_what_is_more_than_a_version_is_no_bump(path: str, old: str, new: str) -> None:
    assert not version_bump(diff(path, old, new))


def test_the_screens_stop_what_is_certain() -> None:
    assert screens(diff("a.c", "int a;\n", "int b;\n"))[1] is False
    assert screens(diff("a.c", "int a1;\n", "int a1;\nint b2;\n")) == (False, False)
    assert screens(diff("a.c", "int a1;\nint b2;\n", "int a1;\n"))[0] is False
    assert screens(None) == (False, False)


def test_beside_a_bump_lock_files_and_release_notes_may_change_as_they_like() -> None:
    bump = diff("package.json", '"version": "1.2.3"\n', '"version": "1.2.4"\n')
    lock = diff("yarn.lock", "a\n", "a\nb\n")
    notes = diff("CHANGELOG.md", "# Changes\n", "# Changes\n## New\nWords.\n")
    for patch in (bump + lock + notes, notes + lock + bump):
        assert version_bump(patch)
        assert screens(patch)[1]
    assert not version_bump(lock + notes)


def test_a_page_may_name_the_new_version_but_say_nothing_else() -> None:
    bump = diff("Cargo.toml", 'version = "1.2.3"\n', 'version = "1.2.4"\n')
    assert version_bump(bump + diff("README.md", 'tokio = "1.2.3"\n', 'tokio = "1.2.4"\n'))
    assert not version_bump(bump + diff("README.md", "Old 1.2.3\n", "New 1.2.4\n"))


@pytest.mark.parametrize(
    "header", ["new file mode 100644", "deleted file mode 100644", "old mode 100644\nnew mode 100755"]
)
def test_a_file_that_comes_goes_or_changes_its_mode_is_neither(header: str) -> None:
    space = diff("a.c", "f(a,b);\n", "f(a, b);\n").replace("index ", f"{header}\nindex ")
    bump = diff("VERSION", "1.2.3\n", "1.3.0\n").replace("index ", f"{header}\nindex ")
    assert not only_whitespace(space)
    assert not version_bump(bump)
    assert (screens(space)[0], screens(bump)[1]) == (False, False)


@pytest.mark.parametrize(
    "patch", ["", "no patch", "@@ -1 +1 @@\n-a\n+ a\n", diff("a.c", "a\n", " a\n").replace("-1 ", "-1,9 ")]
)
def test_a_broken_patch_is_neither(patch: str) -> None:
    assert not only_whitespace(patch)
    assert not version_bump(patch)


@pytest.mark.parametrize(
    "unit", [" ", "a ", "1.", "version", "'", '"', "a1b2c3", "-1", "v1", "sha256-", "0", "\t\r", "x="]
)
def test_no_repeated_unit_is_slow(unit: str) -> None:
    long = (unit * 1_000_000)[:1_000_000]
    started = time.process_time()
    for path in ("package.json", "a.py", "a.sh"):
        for text in (long, long[:1900]):
            patch = in_the_middle(path, [f"-{text}", f"+ {text}"])
            only_whitespace(patch)
            version_bump(patch)
            screens(patch)
    assert time.process_time() - started < 5.0


PIECES = st.sampled_from(
    [" ", "  ", "\t", "\n", "a", "b", "1.2.3", "1.3", "version = ", '"', "-- a", "++ b", "\r\n", "@@ -1 +1 @@", "é"]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(["a.c", "a.py", "package.json", "a.sh", "CHANGELOG.md"]), TEXTS, TEXTS)
def test_the_screens_never_stop_what_a_rule_says_yes_to(path: str, old: str, new: str) -> None:
    patch = diff(path, f"{old}\n", f"{new}\n")
    whitespace, bump = screens(patch)
    assert whitespace or not only_whitespace(patch)
    assert bump or not version_bump(patch)
    if only_whitespace(patch):
        assert "".join(old.split()) == "".join(new.split())


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(["@@ -1 +1 @@\n", "diff --git a/a b/a\n", "--- a/a\n", "+++ b/a\n", "+", "-", "\\", "\n"])
    ).map("".join)
)
def test_no_text_makes_them_fail(patch: str) -> None:
    assert only_whitespace(patch) in (True, False)
    assert version_bump(patch) in (True, False)
