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

from collections import Counter

from pipeline.files import sha256_text
from pipeline.hunks import FileChange, file_changes

WHITESPACE = " \t\r\v\f"


def changed_files(patch: str) -> list[FileChange]:
    """The files of a unified diff in which lines were added or removed, in the diff's order. Never raises on a broken diff."""
    return [file for file in file_changes(patch) if file.changed]


def said(file: FileChange) -> list[str]:
    """A file's changed lines, normalised: stripped, and without blank ones."""
    return [line[0] + text for line in file.changed if (text := line[1:].strip(WHITESPACE))]


def normalised(patch: str) -> str:
    """The normalised diff of a patch, by the recipe above; empty if it says nothing."""
    return normalised_text(changed_files(patch))


def normalised_text(files: list[FileChange]) -> str:
    """The normalised diff of files that `changed_files` has read already."""
    return "\n\n".join(sorted(text for file in files if (text := "\n".join(said(file)))))


def diff_hash(patch: str) -> str:
    """The diff hash of a patch, by the recipe above: 64 hex digits, or nothing for a change that says nothing."""
    text = normalised(patch)
    return sha256_text(text) if text else ""


def same_when_reverted(text: str) -> bool:
    """Whether a change, given by its normalised diff, adds the lines it removes and no others, such as a move or a new indentation.

    It cannot be told from its revert.
    """
    lines = text.split("\n")
    added = Counter(line[1:] for line in lines if line[:1] == "+")
    removed = Counter(line[1:] for line in lines if line[:1] == "-")
    return added == removed
