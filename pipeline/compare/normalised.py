"""What a change says whatever its surroundings, so that the same change can be known again in a backport or a fork.

The recipe of a diff hash, for everyone who wants to compute one (the lists in curated/contamination hold such hashes):

1. Read the unified diff by its hunks' line counts (`@@ -a,b +c,d @@`; a missing count is 1). Lines end with a line feed. Outside a
   hunk a line that begins with `diff ` or `--- ` opens the next file.
2. Of each file keep the added and removed lines, in their order, with their `+` or `-`. All else goes: headers, paths, line
   numbers, index lines, context, `\\ No newline at end of file`.
3. After its sign, strip each line of spaces, tabs, carriage returns, vertical tabs and form feeds at both ends. Drop it if nothing
   is left.
4. Join a file's lines with one line feed. Drop a file that has none. Sort the files' texts by their UTF-8 bytes, and join them with
   two line feeds. That is the normalised diff; it has no line feed at its end.
5. The diff hash is the SHA-256 of its UTF-8 bytes, as 64 small hex digits. A change that says nothing has an empty hash.

Paths are left out on purpose: a file that was moved, in a fork or before a backport, carries the same change still.
"""

import re
from collections import Counter
from dataclasses import dataclass

from pipeline.files import sha256_text

WHITESPACE = " \t\r\v\f"
# Nine digits at most: longer numbers are nobody's line counts, and Python refuses to read very long ones.
_HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@")


@dataclass(frozen=True)
class FileChange:
    """One file of a diff: the header line that names it, and its added and removed lines as they stand, with their signs."""

    header: str
    lines: tuple[str, ...]

    @property
    def said(self) -> list[str]:
        """Its lines, normalised: stripped, and without blank ones."""
        stripped = (line[0] + line[1:].strip(WHITESPACE) for line in self.lines)
        return [line for line in stripped if len(line) > 1]


def file_changes(patch: str) -> list[FileChange]:
    """The files of a unified diff in which lines were added or removed, in the diff's order. Never raises on a broken diff."""
    found: list[FileChange] = []
    header, lines, old_left, new_left = "", [], 0, 0
    for line in patch.split("\n"):
        if old_left > 0 or new_left > 0:
            sign = line[:1]
            if sign in ("+", "-"):
                lines.append(line)
            if sign not in ("+", "\\"):
                old_left -= 1
            if sign not in ("-", "\\"):
                new_left -= 1
        elif span := _HUNK.match(line):
            old_left, new_left = int(span[1] or 1), int(span[2] or 1)
        elif line.startswith(("diff ", "--- ")):
            if lines:
                found.append(FileChange(header, tuple(lines)))
                lines = []
            # Git prints both lines for one file; only the first names it in every diff.
            header = line if line.startswith("diff ") or not header.startswith("diff ") else header
    return [*found, FileChange(header, tuple(lines))] if lines else found


def normalised(patch: str) -> str:
    """The normalised diff of a patch, by the recipe above; empty if it says nothing."""
    return normalised_text(file_changes(patch))


def normalised_text(files: list[FileChange]) -> str:
    """The normalised diff of files that `file_changes` has read already."""
    return "\n\n".join(sorted(text for file in files if (text := "\n".join(file.said))))


def diff_hash(patch: str) -> str:
    """The diff hash of a patch, by the recipe above: 64 hex digits, or nothing for a change that says nothing."""
    text = normalised(patch)
    return sha256_text(text) if text else ""


def same_when_reverted(files: list[FileChange]) -> bool:
    """Whether a change adds the lines it removes and no others, such as a move or a new indentation.

    Its normalised diff cannot be told from the one of its revert.
    """
    lines = [line for file in files for line in file.said]
    added = Counter(line[1:] for line in lines if line[0] == "+")
    removed = Counter(line[1:] for line in lines if line[0] == "-")
    return added == removed
