"""Read a patch that only changes lines of files that stay where they are, as the old and the new text of each hunk.

The rules on a change's content (pipeline/comments.py, pipeline/trivial.py) judge such patches only: a file that comes, goes, moves,
changes its mode or is binary is a change of its own.
"""

import re
from dataclasses import dataclass

import polars as pl

from pipeline.patch import PatchUnreadableError, unquoted

# A hunk's lines begin with ' ', '+', '-' or '\\', so these stand only in headers.
_NOT_PLAIN = r"(?m)^(?:new file mode|deleted file mode|old mode|rename from|copy from|similarity index|Binary files|GIT binary patch)"
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_INDEX = re.compile(r"index [0-9a-f]+\.\.[0-9a-f]+(?: [0-7]{6})?$")


@dataclass(frozen=True)
class Hunk:
    """One hunk: its first line in the old file, counted from 1, the line above it that git shows as a heading, and its signed lines."""

    old_start: int
    heading: str
    lines: tuple[str, ...]

    @property
    def old(self) -> str:
        """What the hunk shows of the old file."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[0] in " -")

    @property
    def new(self) -> str:
        """What the hunk shows of the new file."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[0] in " +")


@dataclass(frozen=True)
class FileChange:
    """The hunks of one file, and its path."""

    path: str
    hunks: tuple[Hunk, ...]


def plain(patch: pl.Expr) -> pl.Expr:
    """Whether `file_changes` could read a patch, for every patch of a text column; false for null. Only headers are looked at."""
    return ~patch.str.contains(_NOT_PLAIN).fill_null(True)


def file_changes(patch: str) -> list[FileChange]:
    """The files of a canonical patch. Raises PatchUnreadableError where one is not plain, or a hunk is not as long as it says."""
    lines = patch.split("\n")
    if lines[-1] == "":
        lines.pop()
    files: list[FileChange] = []
    at = 0
    while at < len(lines):
        path, at = _header(lines, at)
        hunks: list[Hunk] = []
        while at < len(lines) and lines[at].startswith("@@ "):
            hunk, at = _hunk(lines, at)
            hunks.append(hunk)
        files.append(FileChange(path, tuple(hunks)))
    return files


def _header(lines: list[str], at: int) -> tuple[str, int]:
    if not lines[at].startswith("diff --git "):
        raise PatchUnreadableError(f"line {at + 1} begins neither a file nor a hunk")
    at += 1
    if at < len(lines) and _INDEX.match(lines[at]):
        at += 1
    # git ends a name that holds a space with a tab.
    names = [line.rstrip("\t") for line in lines[at : at + 2]]
    if len(names) < 2 or not names[0].startswith("--- ") or not names[1].startswith("+++ "):
        raise PatchUnreadableError(f"line {at + 1} is not a plain change of a file that stays where it is")
    old, new = (unquoted(name[4:]) for name in names)
    if not (old.startswith("a/") and new.startswith("b/") and old[2:] == new[2:]):
        raise PatchUnreadableError(f"line {at + 1} names another file before than after")
    return new[2:], at + 2


def _hunk(lines: list[str], at: int) -> tuple[Hunk, int]:
    span = _HUNK.match(lines[at])
    if not span:
        raise PatchUnreadableError(f"line {at + 1} is not the head of a hunk")
    heading = lines[at][span.end() :].strip()
    old_left, new_left = int(span[2] or 1), int(span[4] or 1)
    start = at = at + 1
    while at < len(lines) and (old_left > 0 or new_left > 0 or lines[at].startswith("\\")):
        sign = lines[at][:1]
        if sign not in (" ", "+", "-", "\\") or not sign:
            break
        old_left -= sign in (" ", "-")
        new_left -= sign in (" ", "+")
        at += 1
    if old_left or new_left:
        raise PatchUnreadableError(f"the hunk that begins on line {start} is not as long as it says")
    return Hunk(int(span[1]), heading, tuple(line for line in lines[start:at] if line[0] != "\\")), at
