"""Read a unified diff as its files and their hunks, for everyone who looks into a patch.

The counts of a hunk's head (`@@ -a,b +c,d @@`; a missing count is 1) say where it ends, so that a removed line `-- x` is no header.
Whether a patch may be judged by its lines alone is said here as well: a file that comes, goes, moves, changes its mode or is binary is
a change of its own, which the rules on content (pipeline/comments.py, pipeline/trivial.py) leave be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import polars as pl

# Nine digits at most: longer numbers are nobody's line counts, and Python refuses to read very long ones.
_HEAD = re.compile(r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@")
# A hunk's lines begin with ' ', '+', '-' or '\\', so these stand only in headers.
_NOT_PLAIN = r"(?m)^(?:new file mode|deleted file mode|old mode|rename from|copy from|similarity index|Binary files|GIT binary patch)"
_INDEX = re.compile(r"index [0-9a-f]+\.\.[0-9a-f]+(?: [0-7]{6})?$")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


class Hunk(NamedTuple):
    """One hunk: its first line in the old file, counted from 1, the line above it that git shows as a heading, and its signed lines.

    It is `exact` if it is as long as its head says and holds no line without a sign; such lines are left out.
    """

    old_start: int
    heading: str
    lines: tuple[str, ...]
    exact: bool

    @property
    def old(self) -> str:
        """What the hunk shows of the old file."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[0] != "+")

    @property
    def new(self) -> str:
        """What the hunk shows of the new file."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[0] != "-")


@dataclass(frozen=True)
class FileChange:
    """One file of a diff: its lines outside of hunks, of which the first names it, and its hunks."""

    header: tuple[str, ...]
    hunks: tuple[Hunk, ...]

    @cached_property
    def changed(self) -> list[str]:
        """Its added and removed lines in their order, with their signs."""
        return [line for hunk in self.hunks for line in hunk.lines if line[0] != " "]

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines are added and removed."""
        added = sum(line[0] == "+" for line in self.changed)
        return added, len(self.changed) - added

    @cached_property
    def path(self) -> str:
        """The path of a text file that stays where it is, if no more is said of it than that its lines change; else empty."""
        indexed = len(self.header) > 1 and _INDEX.match(self.header[1])
        # git ends a name that holds a space with a tab.
        names = [line.rstrip("\t") for line in self.header[2 if indexed else 1 :]]
        if len(names) != 2 or not all(map(str.startswith, (self.header[0], *names), ("diff --git ", "--- ", "+++ "))):
            return ""
        old, new = (unquoted(line[4:]) for line in names)
        return new[2:] if old.startswith("a/") and new == f"b/{old[2:]}" else ""


def file_changes(patch: str) -> Iterator[FileChange]:
    """The files of a unified diff, in its order. Never raises on a broken diff: what stands in no hunk is a header.

    A file begins with a line `diff `, or `--- ` after another file's hunk.
    """
    lines = tuple(patch.removesuffix("\n").split("\n")) if patch else ()
    signs = "".join([line[0] if line else "\n" for line in lines])  # one of each line, so that many are counted at once
    header: list[str] = []
    hunks: list[Hunk] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if signs[at] == "@" and (head := _HEAD.match(line)):
            hunk, at = _hunk(head, lines, signs, at + 1)
            hunks.append(hunk)
            continue
        if (header or hunks) and (line.startswith("diff ") or (hunks and line.startswith("--- "))):
            yield FileChange(tuple(header), tuple(hunks))
            header, hunks = [], []
        header.append(line)
        at += 1
    if header or hunks:
        yield FileChange(tuple(header), tuple(hunks))


def _hunk(head: re.Match[str], lines: tuple[str, ...], signs: str, at: int) -> tuple[Hunk, int]:
    """The hunk whose lines begin at a place, and the place after it."""
    start, signed, old_left, new_left = at, 0, int(head[2] or 1), int(head[4] or 1)
    # A line takes one from each count at most, so as many lines as the larger count belong to the hunk for certain.
    while (old_left > 0 or new_left > 0) and at < len(signs):
        sure = signs[at : at + max(old_left, new_left)]
        added, removed, both = sure.count("+"), sure.count("-"), len(sure) - sure.count("\\")
        signed += added + removed + sure.count(" ")
        old_left -= both - added
        new_left -= both - removed
        at += len(sure)
    of_hunk = lines[start:at]
    exact = old_left == new_left == 0
    if signed < len(of_hunk):
        exact = exact and signed + signs.count("\\", start, at) == len(of_hunk)
        of_hunk = tuple(line for line in of_hunk if line[:1] in (" ", "+", "-"))
    while signs[at : at + 1] == "\\":
        at += 1
    return Hunk(int(head[1]), head.string[head.end() :].strip(), of_hunk, exact), at


def plain(patch: pl.Expr) -> pl.Expr:
    """Whether `plain_changes` could read a patch, for every patch of a text column; false for null. Only headers are looked at."""
    return ~patch.str.contains(_NOT_PLAIN).fill_null(True)


def plain_changes(patch: str) -> list[FileChange]:
    """The files of a canonical patch; none at all where one has no `path`, or a hunk is not exact."""
    files = []
    for file in file_changes(patch):
        if not (file.path and all(hunk.exact for hunk in file.hunks)):
            return []
        files.append(file)
    return files


def unquoted(name: str) -> str:
    """A path without git's quotes and escapes."""
    if not (len(name) > 1 and name[0] == name[-1] == '"'):
        return name
    raw = _ESCAPE.sub(_escaped, name[1:-1].encode())
    return raw.decode("utf-8", "replace")


def _escaped(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([int(said, 8)]) if len(said) == 3 else _LETTERS.get(said, said)
