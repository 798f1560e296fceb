"""A patch as a page for reading: folded by file, numbered on both sides, and never larger than a browser takes with ease."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from annotation.render.markup import Html, element, joined, note, text
from annotation.render.rows import MOST_LINE, growth, head_row, hunk_rows, line_row
from pipeline.hunks import FileChange, file_changes
from pipeline.patch import FileHeader, headers

# A browser opens 900 rows in two seconds and 3,300 in seven (Label Studio 1.23.2). What the filter keeps is far below all of these.
MOST_ROWS = 2_000
MOST_CHARACTERS = 200_000
MOST_FILES = 300
MOST_OPEN_ROWS = 600  # rows of open files; the files after them are folded
MOST_OPEN_FILE = 300  # rows of a file that is open from the start
_HEADER_LINES = (
    *("diff --git ", "index ", "--- ", "+++ ", "new file mode ", "deleted file mode ", "old mode ", "new mode "),
    *("similarity index ", "dissimilarity index ", "rename ", "copy ", "Binary files ", "GIT binary patch"),
)
_STATUS = {"A": "new file", "D": "deleted", "R": "renamed from", "C": "copied from"}
_KINDS = {"120000": "symbolic link", "160000": "submodule"}


@dataclass
class _Room:
    """How much may still be shown, what was left out, and whether any file has no line feed at its end."""

    rows: int = MOST_ROWS
    characters: int = MOST_CHARACTERS
    open_rows: int = MOST_OPEN_ROWS
    files: int = MOST_FILES
    line_end_changed: bool = False
    files_left: int = 0
    added_left: int = 0
    removed_left: int = 0

    def take(self, line: str) -> bool:
        """Whether a line still fits, which is then taken off."""
        if self.rows <= 0 or self.characters <= 0:
            return False
        self.rows -= 1
        self.characters -= min(len(line), MOST_LINE)
        return True

    def leave_out(self, added: int, removed: int) -> None:
        """Remember lines that are not shown."""
        self.added_left += added
        self.removed_left += removed


def render_diff(patch: str) -> str:
    """Safe HTML of a unified diff: `<div class="limi-diff">…</div>`, one `<details>` for each file.

    Each line is shown once with its numbers, or is counted in a note on what is left out: 2,000 lines, 200,000 characters and 300
    files are shown at most, and 2,000 characters of a line. Anything can come in; what is no diff is shown as text.
    """
    files = list(file_changes(patch))
    counts = [file.counts for file in files]
    added, removed = sum(count[0] for count in counts), sum(count[1] for count in counts)
    room = _Room(line_end_changed="\n\\ " in patch)
    sections = [_file(file, count, room) for file, count in zip(files, counts, strict=True)]
    total = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
    parts = [element("p", note(f"{total},"), *_counts(added, removed)), *sections]
    if room.files_left or room.added_left or room.removed_left:
        said = f"Left out, to keep this readable: {room.files_left:,} whole files; with them, of all files,"
        parts.append(element("p", note(said), *_counts(room.added_left, room.removed_left), class_="left-out"))
    return element("div", joined(parts), class_="limi-diff")


def _file(file: FileChange, counts: tuple[int, int], room: _Room) -> Html:
    if room.files <= 0:
        room.files_left += 1
        room.leave_out(*counts)
        return Html("")
    room.files -= 1
    name, header = _header(file)
    before = room.rows
    rows = list(_rows(file, room)) + list(_stray(file, header, room))
    used = before - room.rows
    summary = element("summary", *_title(file, name, header), *(_counts(*counts) if file.hunks else []))
    table = [element("table", element("tbody", *rows), class_="lines")] if rows else []
    first = room.files == MOST_FILES - 1
    if first or used <= min(MOST_OPEN_FILE, room.open_rows):
        room.open_rows -= used
        return element("details", summary, *table, class_="file", open="open")
    return element("details", summary, *table, class_="file")


def _rows(file: FileChange, room: _Room) -> Iterator[Html]:
    moved = 0
    rest: list[str] = []
    for hunk in file.hunks:
        fitting = 0
        if room.take(hunk.heading):
            yield head_row(hunk, moved)
            fitting = next((at for at, line in enumerate(hunk.lines) if not room.take(line)), len(hunk.lines))
            yield from map(line_row, islice(hunk_rows(hunk, moved), fitting))
        rest += hunk.lines[fitting:]
        moved += growth(hunk)
    if rest:
        yield _remark(f"… {len(rest):,} more lines of this file are left out.")
        room.leave_out(sum(line[0] == "+" for line in rest), sum(line[0] == "-" for line in rest))
    elif file.hunks and room.line_end_changed and _looks_the_same(file.hunks[-1].lines):
        yield _remark(
            "The removed and the added line that look the same differ in the line end, which one of them lacks."
        )


def _looks_the_same(lines: tuple[str, ...]) -> bool:
    """Whether the last lines of a file are removed and added as they were: git shows so that the last line feed came or went."""
    added = [line[1:] for line in takewhile(lambda line: line[0] == "+", reversed(lines))]
    removed = [line[1:] for line in takewhile(lambda line: line[0] == "-", reversed(lines[: len(lines) - len(added)]))]
    return bool(added and removed) and (added[0] in removed or removed[0] in added)


def _header(file: FileChange) -> tuple[str, FileHeader | None]:
    """A file's name and what its header says; no header where the lines are not git's."""
    if not (file.header and file.header[0].startswith("diff --git ")):
        return "", None
    # No path is longer, and a header has few lines; a made-up one could take long to read.
    head = "\n".join(line[: 2 * 4_096 + 16] for line in file.header[:20])
    return next(iter(headers(head).items()), ("", None))


def _title(file: FileChange, name: str, header: FileHeader | None) -> list[Html]:
    shown = name or next(iter(file.header), "") or "(a change without a name)"
    parts = [element("span", text(shown[:MOST_LINE]), class_="path")]
    if header is None:
        return parts
    said = [_STATUS.get(header.status, "")]
    if header.status in ("R", "C"):
        said[0] += f" {header.old_path[:MOST_LINE]}"
    modes = {
        words: line[len(words) :]
        for line in file.header
        for words in ("old mode ", "new mode ")
        if line.startswith(words)
    }
    if len(modes) == 2:
        said.append(f"mode {modes['old mode '][:6]} → {modes['new mode '][:6]}")
    for line in file.header:
        if line.startswith(("new file mode ", "deleted file mode ", "index ")):
            said.append(_KINDS.get(line[-6:], ""))
    if header.binary:
        said.append("binary, not shown")
    elif not file.hunks:
        said.append("no line changes")
    words = list(dict.fromkeys(filter(None, said)))
    return [*parts, element("span", text(f" {', '.join(words)}"), class_="status")] if words else parts


def _stray(file: FileChange, header: FileHeader | None, room: _Room) -> Iterator[Html]:
    """The lines that stand in no hunk and are not git's; those of a binary patch say nothing to a reader."""
    if header is not None and header.binary:
        return
    # The first line is the file's name where it has no other.
    strays = [line for line in file.header[header is None :] if header is None or not line.startswith(_HEADER_LINES)]
    for at, line in enumerate(strays):
        if not room.take(line):
            yield _remark(f"… {len(strays) - at:,} more lines that are not of a diff are left out.")
            return
        cut = note(f" … {len(line) - MOST_LINE:,} more characters") if len(line) > MOST_LINE else Html("")
        yield _wide(joined([text(line[:MOST_LINE]), cut]), "stray")


def _remark(said: str) -> Html:
    return _wide(note(said), "remark")


def _wide(content: Html, kind: str) -> Html:
    empty = element("td", class_="number")
    return element("tr", empty, empty, element("td", content, class_="code"), class_=kind)


def _counts(added: int, removed: int) -> list[Html]:
    return [
        text(" "),
        element("span", text(f"+{added:,}"), class_="plus"),
        text(" "),
        element("span", text(f"-{removed:,}"), class_="minus"),
    ]
