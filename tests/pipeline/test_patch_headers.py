"""What `headers` reads of a diff is what git itself says of the same two trees in `--raw --numstat -z`."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from pipeline.patch import DIFF_OPTIONS, FileHeader, canonical, headers

Tree = dict[str, tuple[str, bytes]]  # path -> (mode, content; of a submodule its commit)
FILE, PROGRAM, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
TEN = b"".join(b"line %d of ten\n" % at for at in range(10))
ELEVEN = TEN + b"one more\n"
IMAGE = b"\x89PNG\0" + bytes(range(256))
OTHER_IMAGE = IMAGE + b"\0more"


def text(content: bytes = TEN) -> tuple[str, bytes]:
    return FILE, content


class Trees:
    """A repository of pairs of trees, written in one go."""

    def __init__(self, folder: Path, pairs: list[tuple[Tree, Tree]]) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--bare")
        self.git("fast-import", "--quiet", given=b"".join(self._commits(at, pair) for at, pair in enumerate(pairs)))

    def git(self, *arguments: str, given: bytes = b"") -> bytes:
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, input=given, capture_output=True, env={**os.environ, **isolated}
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def diff(self, at: int, *more: str) -> str:
        return canonical(self.git("diff-tree", *DIFF_OPTIONS, *more, f"before-{at}", f"after-{at}"))[0]

    def told(self, at: int, *more: str) -> dict[str, FileHeader]:
        """What git says of a pair, without a diff to parse; of a file that was only renamed no diff says whether it is binary."""
        options = ["-r", "-M50%", "-l1000", "--raw", "--numstat", "-z", "--ignore-submodules=none", *more]
        tokens = iter(self.git("diff-tree", *options, f"before-{at}", f"after-{at}").split(b"\0")[:-1])
        status: dict[str, tuple[str, str]] = {}
        only_renamed: set[str] = set()
        found: dict[str, FileHeader] = {}
        for token in tokens:
            if token.startswith(b":"):
                said = token.rsplit(b" ", 1)[1].decode()
                letter = said[:1]
                old = next(tokens).decode("utf-8", "replace")
                new = next(tokens).decode("utf-8", "replace") if letter in "RC" else old
                status[new] = (old, letter)
                if said[1:] == "100":
                    only_renamed.add(new)
                continue
            added, removed, name = token.split(b"\t", 2)
            if not name:
                next(tokens)
                name = next(tokens)
            path = name.decode("utf-8", "replace")
            lines = (0, 0) if added == b"-" else (int(added), int(removed))
            found[path] = FileHeader(*status[path], added == b"-" and path not in only_renamed, *lines)
        return found

    def _commits(self, at: int, pair: tuple[Tree, Tree]) -> bytes:
        said = b""
        for name, tree in zip(("before", "after"), pair, strict=True):
            said += b"commit refs/heads/%s-%d\ncommitter A <a@b> 1700000000 +0000\ndata 0\n" % (name.encode(), at)
            for path, (mode, content) in tree.items():
                quoted = b"".join(b"\\%03o" % byte for byte in path.encode("utf-8", "surrogateescape"))
                if mode == SUBMODULE:
                    said += b'M 160000 %s "%s"\n' % (content, quoted)
                else:
                    said += b'M %s inline "%s"\ndata %d\n%s\n' % (mode.encode(), quoted, len(content), content)
        return said


STRANGE = [
    "plain.py",
    "with space.py",
    " leading and trailing ",
    "a/b b/a",
    "x b/x b/x",
    "a b/a b/b",
    " b/ b",
    "b/ b/b",
    "tab\there",
    "new\nline",
    "carriage\rreturn",
    'quo"te',
    '"wholly quoted"',
    "back\\slash",
    "\\101",
    "octal é ü 漢字",
    "bell\a and \x7f and \x01",
    "-dash",
    "diff --git a/x b/x",
    "rename to y",
    "--- a",
    "@@ -1 +1 @@",
    "Binary files",
    "not utf-8 \udcff",
]

CASES: dict[str, tuple[Tree, Tree]] = {
    "an empty file is added": ({}, {"e": text(b"")}),
    "an empty file is removed": ({"e": text(b""), "k": text()}, {"k": text()}),
    "a file becomes empty": ({"e": text()}, {"e": text(b"")}),
    "an empty file is renamed": ({"e": text(b"")}, {"f": text(b"")}),
    "no newline at the end": ({"e": text(b"a\nb")}, {"e": text(b"a\nc")}),
    "the newline at the end alone": ({"e": text(b"a\nb")}, {"e": text(b"a\nb\n")}),
    "only the mode": ({"e": text()}, {"e": (PROGRAM, TEN)}),
    "mode and lines": ({"e": text()}, {"e": (PROGRAM, ELEVEN)}),
    "mode, name and lines": ({"e": text()}, {"with space": (PROGRAM, ELEVEN)}),
    "a program is added": ({}, {"e": (PROGRAM, TEN)}),
    "a link is added": ({}, {"l": (LINK, b"target")}),
    "a link leads elsewhere": ({"l": (LINK, b"target")}, {"l": (LINK, b"else\\where")}),
    "an image is added": ({}, {"i.png": text(IMAGE)}),
    "an image is removed": ({"i.png": text(IMAGE)}, {}),
    "an image changes": ({"i b/i.png": text(IMAGE)}, {"i b/i.png": text(OTHER_IMAGE)}),
    "an image is renamed": ({"i.png": text(IMAGE)}, {"é.png": text(IMAGE)}),
    "an image is renamed and changes": ({"i.png": text(IMAGE * 9)}, {"é.png": text(IMAGE * 9 + b"x")}),
    "an image beside text": ({"i.png": text(IMAGE), "t": text()}, {"i.png": text(OTHER_IMAGE), "t": text(ELEVEN)}),
    "a submodule is added": ({}, {"s": (SUBMODULE, b"1" * 40)}),
    "a submodule moves on": ({"s b/s": (SUBMODULE, b"1" * 40)}, {"s b/s": (SUBMODULE, b"2" * 40)}),
    "a submodule is removed": ({"s": (SUBMODULE, b"1" * 40)}, {}),
    "renamed, the new name quoted": ({"old": text()}, {"né w": text(ELEVEN)}),
    "renamed, the old name quoted": ({'o"ld': text()}, {"new": text(ELEVEN)}),
    "renamed, both quoted": ({"o\tld": text()}, {"ne\nw": text()}),
    "renamed into a folder b": ({"x": text()}, {"x b/x": text()}),
    "renamed to a name with spaces at its ends": ({"x": text()}, {" x ": text()}),
    "names swapped": ({"x": text(), "y": text(TEN * 3)}, {"y": text(), "x": text(TEN * 3)}),
    "carriage returns": ({"e": text(b"a\r\nb\r\n")}, {"e": text(b"a\r\nc\r\n\r\n")}),
    "a lone carriage return": ({"e": text(b"a\rdiff --git a/x b/x\rb\n")}, {"e": text(b"a\rdiff --git a/y b/y\n")}),
    "lines that look like headers": (
        {"e": text(b"-- a/x\n++ b/x\n@@ -1 +1 @@\n" + TEN)},
        {"e": text(b"-- a/y\n++ b/y\n@@ -9 +9,4 @@\ndiff --git a/q b/q\nrename to z\nindex 1..2\n" + TEN)},
    ),
    "added lines that look like hunks": ({"e": text(TEN)}, {"e": text(b"@@ -1,3 +1,3 @@\n-x\n+y\n\\ No\n" * 4)}),
    "several hunks": ({"e": text(TEN * 9)}, {"e": text(b"first\n" + TEN * 4 + b"mid\n" + TEN * 5 + b"last")}),
    "bytes that are not UTF-8": ({"e": text(b"caf\xe9\n")}, {"e": text(b"caf\xe8\nx\n")}),
    "line separators of Unicode": (
        {"e": text("a\u2028b\x85c\x0bd\x0c\n".encode())},
        {"e": text("a\u2028+b\x85-c\x0bd\x0c\n\n".encode())},
    ),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    return Trees(tmp_path_factory.mktemp("cases") / "r.git", list(CASES.values()))


@pytest.mark.parametrize("case", CASES)
def test_headers_say_what_git_says(cases: Trees, case: str) -> None:
    at = list(CASES).index(case)
    assert cases.told(at), "the case must change something"
    assert headers(cases.diff(at)) == cases.told(at)


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """For each strange name: added, changed, removed, renamed from and to the next one, and its mode changed."""
    pairs: list[tuple[Tree, Tree]] = []
    for name, following in zip(STRANGE, STRANGE[1:] + STRANGE[:1], strict=True):
        pairs += [
            ({}, {name: text()}),
            ({name: text()}, {name: text(ELEVEN)}),
            ({name: text()}, {}),
            ({name: text()}, {following: text(ELEVEN)}),
            ({name: text()}, {name: (PROGRAM, TEN)}),
            ({name: text(IMAGE)}, {name: text(OTHER_IMAGE)}),
        ]
    return Trees(tmp_path_factory.mktemp("strange") / "r.git", pairs)


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_a_strange_name_is_read_as_git_has_it(strange: Trees, name: str) -> None:
    first = STRANGE.index(name) * 6
    for at in range(first, first + 6):
        assert headers(strange.diff(at)) == strange.told(at)


def random_tree(choice: random.Random) -> Tree:
    alphabet = ["a", "b", " ", "/", '"', "\\", "\t", "\n", "é", "-", "a/", " b/", "b/a", "\udcfe"]
    tree: Tree = {}
    for _ in range(choice.randrange(4)):
        parts = "".join(choice.choices(alphabet, k=choice.randrange(1, 7))).split("/")
        path = "/".join(part for part in parts if part) or "x"
        if any(known.startswith(f"{path}/") or path.startswith(f"{known}/") for known in tree):
            continue  # a file cannot be a folder as well
        lines = choice.choices([*TEN.splitlines(True), b"\n", b"+\n", b"-- x\n", b"@@ -1 +1 @@\n", b"\r\n"], k=9)
        content = choice.choice([b"".join(lines), TEN, TEN[:-1], ELEVEN, IMAGE, b""])
        tree[path] = (choice.choice([FILE, FILE, FILE, PROGRAM]), content)
    return tree


def test_headers_say_what_git_says_of_any_two_trees(tmp_path: Path) -> None:
    choice = random.Random(7)  # noqa: S311
    pairs = [(random_tree(choice), random_tree(choice)) for _ in range(150)]
    trees = Trees(tmp_path / "r.git", pairs)
    seen: set[str] = set()
    for at in range(len(pairs)):
        told = trees.told(at)
        assert headers(trees.diff(at)) == told, pairs[at]
        seen |= {header.status for header in told.values()}
    assert seen == set("AMDR")


@pytest.mark.parametrize("name", STRANGE, ids=ascii)
def test_a_copy_is_read_as_git_has_it(tmp_path: Path, name: str) -> None:
    trees = Trees(tmp_path / "r.git", [({name: text(), "k": text(IMAGE)}, {name: text(), "copy é": text(ELEVEN)})])
    found = headers(trees.diff(0, "--find-copies-harder"))
    assert found == trees.told(0, "--find-copies-harder")
    assert found["copy é"].status == "C"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"t": text()}, {"t": (LINK, b"target")}),
        ({"t": (LINK, b"target")}, {"t": text()}),
        ({"t": text()}, {"t": (SUBMODULE, b"1" * 40)}),
    ],
    ids=["file to link", "link to file", "file to submodule"],
)
def test_a_change_of_type_keeps_its_added_and_its_removed_lines(tmp_path: Path, before: Tree, after: Tree) -> None:
    trees = Trees(tmp_path / "r.git", [(before, after)])
    assert headers(trees.diff(0)) == trees.told(0)


def test_no_change_has_no_header() -> None:
    assert headers("") == {}
