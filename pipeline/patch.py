"""The one canonical form of a patch, whatever its source, and what its structure says.

The same change can be printed in many ways, and the index lines alone move 3 % of the size verdicts. The canonical form is git's
unified diff, `base..merge` of the whole tree, with three lines of context, prefixes a/ and b/, renames found at 50 % similarity
(limit 1,000), the default Myers algorithm with the indent heuristic, quoted non-ASCII paths, no attributes, no text
conversion, and index lines cut to exactly seven digits. Bytes that are not UTF-8 become U+FFFD, and a flag says so.
"""

import io
import re
from dataclasses import dataclass

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from pipeline.hunks import file_changes, unquoted

# For `git diff-tree`; --full-index because an abbreviation grows with the number of objects in the clone.
DIFF_OPTIONS = (
    "-r",
    "-p",
    "--full-index",
    "-M50%",
    "-l1000",
    "--unified=3",
    "--inter-hunk-context=0",
    "--diff-algorithm=myers",
    "--indent-heuristic",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=none",
    "--submodule=short",
)
_INDEX_LINE = re.compile(rb"^index ([0-9a-f]{7})[0-9a-f]*\.\.([0-9a-f]{7})[0-9a-f]*", re.MULTILINE)


_HEADER_LINE = re.compile(
    r"^(rename from|rename to|copy from|copy to|new file mode|deleted file mode|old mode|Binary files) (.*)$",
    re.MULTILINE,
)
_STATUS_OF = (("new file mode", "A"), ("deleted file mode", "D"), ("rename to", "R"), ("copy to", "C"))
# Without a rename both names are the same, so the line can be halved though names may hold spaces.
_NAMES = re.compile(r'diff --git (?:a/(?P<old>.*) b/(?P=old)|"a/(?P<inner>.*)" "b/(?P=inner)")$', re.MULTILINE)


class PatchUnreadableError(Exception):
    """unidiff could not read a patch, or read it otherwise than git; the message says how."""


@dataclass(frozen=True)
class Structure:
    """What unidiff reads of a patch: hunks, and the added and removed lines."""

    hunks: int
    additions: int
    deletions: int


@dataclass(frozen=True)
class FileHeader:
    """What a diff says of one file: its old path, its status (A, D, M, R, C), whether it is binary, and its lines."""

    old_path: str
    status: str
    binary: bool
    additions: int
    deletions: int


def with_short_index_lines(raw: bytes) -> bytes:
    """A diff printed with DIFF_OPTIONS, or whole lines of one, with index lines of seven digits."""
    # Lines of a file's content begin with ' ', '+', '-' or '\\', so only a header can begin with "index ".
    return _INDEX_LINE.sub(rb"index \1..\2", raw)


def canonical(raw: bytes) -> tuple[str, bool]:
    """The canonical text of a diff printed with DIFF_OPTIONS, and whether all of it was UTF-8."""
    short = with_short_index_lines(raw)
    try:
        return short.decode("utf-8"), True
    except UnicodeDecodeError:
        return short.decode("utf-8", "replace"), False


def structure(patch: str, additions: int, deletions: int) -> Structure:
    """Read a patch with unidiff and hold it against git's numstat. Raises PatchUnreadableError."""
    try:
        # newline="\n": a carriage return inside a line is content, not the end of a line.
        files = PatchSet(io.StringIO(patch, newline="\n"))
    except UnidiffParseError as error:
        raise PatchUnreadableError(f"unidiff: {error}") from None
    if (files.added, files.removed) != (additions, deletions):
        raise PatchUnreadableError(
            f"unidiff read +{files.added} -{files.removed}, git counted +{additions} -{deletions}"
        )
    return Structure(sum(len(file) for file in files), files.added, files.removed)


def headers(patch: str) -> dict[str, FileHeader]:
    """`new path -> FileHeader` of every file of a diff, read without unidiff, which does not undo git's quoting."""
    found: dict[str, FileHeader] = {}
    for file in file_changes(patch):
        head = "\n".join(file.header)
        said = dict(_HEADER_LINE.findall(head))
        names = _NAMES.match(head)
        old = (
            said.get("rename from")
            or said.get("copy from")
            or (names and (names["old"] or f'"{names["inner"]}"'))
            or ""
        )
        new = said.get("rename to") or said.get("copy to") or old
        status = next((letter for words, letter in _STATUS_OF if words in said), "M")
        added, removed = file.counts
        binary = "Binary files" in said or "GIT binary patch" in head
        name = unquoted(new)
        if (first := found.get(name)) is not None:
            # A change of type, such as from a file to a link: git prints a deletion and an addition of one path.
            status, binary = "T", binary or first.binary
            added, removed = added + first.additions, removed + first.deletions
        found[name] = FileHeader(unquoted(old), status, binary, added, removed)
    return found


def changed_lines(patch: str) -> tuple[list[str], list[str]]:
    """The added lines, and all the others of the hunks (removed and context), without their first character."""
    lines = [line for file in file_changes(patch) for hunk in file.hunks for line in hunk.lines]
    return [line[1:] for line in lines if line[0] == "+"], [line[1:] for line in lines if line[0] != "+"]
