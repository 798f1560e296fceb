"""A patch must still apply to its own counts after masking, so this tells the text of its lines from the diff's own marks."""

import re

_HUNK = re.compile(r"(@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@)(.*)", re.DOTALL)
# What git writes before the hunks of a file. Hashes and paths are no secrets.
_HEADERS = (
    "diff --git ",
    "index ",
    "--- ",
    "+++ ",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "similarity index ",
    "dissimilarity index ",
    "rename from ",
    "rename to ",
    "copy from ",
    "copy to ",
    "Binary files ",
    "GIT binary patch",
    "\\ ",
)


def marks_and_text(patch: str) -> tuple[list[str], list[str]]:
    """For each line of a patch, its mark, which must stay, and its text, which may be masked; joined they are the line.

    The mark is the sign of a line of a hunk, the whole of a header, or a hunk's header up to the second `@@`: what git writes
    after it is a line of the file. The counts of the hunk's header say where it ends, so that a removed line `-- x` is no header.
    """
    marks: list[str] = []
    texts: list[str] = []
    old_left = new_left = 0
    for line in patch.split("\n"):
        cut = 1
        if old_left > 0 or new_left > 0:
            if line[:1] == "+":
                new_left -= 1
            elif line[:1] == "-":
                old_left -= 1
            elif line[:1] == "\\":
                cut = len(line)
            else:
                old_left, new_left = old_left - 1, new_left - 1
        elif hunk := _HUNK.fullmatch(line):
            old_left, new_left = int(hunk[2] or 1), int(hunk[3] or 1)
            cut = len(hunk[1])
        elif line.startswith(_HEADERS):
            cut = len(line)
        marks.append(line[:cut])
        texts.append(line[cut:])
    return marks, texts
