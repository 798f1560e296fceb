"""A private key is a block of lines; every line of it is masked, also where a hunk shows only a part of the block."""

import re
from collections.abc import Iterator

from pipeline.masking.found import Found

# PEM (RFC 7468), OpenPGP (RFC 9580 section 6.2), SSH2 (RFC 4716) and PuTTY's own form.
_BEGIN = re.compile(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-{4,5}|Private-Lines: \d{1,4}")
_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-{4,5}|Private-MAC:")
_OTHER_MARK = re.compile(r"-{4,5} ?(?:BEGIN|END) ")
# One line of a block, bare or in a comment, or as a string of a language; stripped before.
_LINE = re.compile(
    r"(?:(?:#|//|\*|>)[ \t]*)?[\"'`]?(?:\\[nr])*(=?[A-Za-z0-9+/]+={0,2})(?:\\{1,2}[nr])*[\"'`]?[ \t]*[+.,;)\\]{0,3}"
)
_HEADER = re.compile(r"[A-Za-z][A-Za-z-]{2,30}: .{0,200}")  # such as `DEK-Info: AES-128-CBC,...`
_RUN = re.compile(r"\\{1,2}[nrt]|([A-Za-z0-9+/]+={0,2})")
_LONGEST_LINE = 20_000  # a key of 16,384 bits in one line has 12,000 characters
_SURELY_KEY = 32  # shorter lines could be a word of code; only an end mark makes them part of the key
_WIDTH = 64  # of a line of PEM
_LINES_WITHOUT_MARKS = 3
_MARK_BESIDE = 8  # lines; headers stand between a mark and the lines of the key
_SEARCHED_EVERYWHERE = 16


def key_lines(text: str) -> list[Found]:
    """The places of all lines of private keys. The lines of one block share a label; the marks BEGIN and END stay."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    spans: dict[int, list[tuple[int, int]]] = {}
    block_of: dict[int, int] = {}
    for block, wanted in _blocks(lines):
        for number, begin, end in wanted:
            spans.setdefault(number, []).append((begin, end))
            block_of.setdefault(number, block)
    found = []
    labels: dict[int, str] = {}
    for number in sorted(spans):
        for begin, end in spans[number]:
            value = lines[number][begin:end]
            label = labels.setdefault(block_of[number], value)
            everywhere = len(value) >= _SEARCHED_EVERYWHERE
            found.append(Found("secret", starts[number] + begin, starts[number] + end, label, everywhere))
    return found


_Spans = list[tuple[int, int, int]]  # line number, begin and end in the line


def _blocks(lines: list[str]) -> Iterator[tuple[int, _Spans]]:
    until = 0  # lines before it belong to a block that has been told
    for number, line in enumerate(lines):
        if "PRIVATE KEY" not in line and "Private-" not in line:
            continue
        begin, end = _BEGIN.search(line), _END.search(line)
        if begin:
            yield number, _in_line(line, number, begin.end(), end.start() if end else len(line), end is not None)
            if not end:
                body, stop, closed = _body(lines, number + 1, 1)
                yield number, [span for span in body if closed or span[2] - span[1] >= _SURELY_KEY]
                until = stop
        elif end:
            yield number, _in_line(line, number, 0, end.start(), False)
            if number > until:
                body, _, _ = _body(lines, number - 1, -1)
                yield number, [span for span in body if span[0] >= until]
            until = number + 1
    yield from _without_marks(lines)


def _in_line(line: str, number: int, begin: int, end: int, closed: bool) -> _Spans:
    """The runs between two marks of one line, as in a string with `\\n` between the lines of the key."""
    return [
        (number, begin + run.start(1), begin + run.end(1))
        for run in _RUN.finditer(line[begin:end])
        if run[1] and (closed or len(run[1]) >= _SURELY_KEY)
    ]


def _body(lines: list[str], number: int, step: int) -> tuple[_Spans, int, bool]:
    """The lines of a key from a mark on, the number of the line where they stop, and whether the other mark stands there."""
    spans: _Spans = []
    while 0 <= number < len(lines):
        line = lines[number].strip()
        if step > 0 and (closing := _END.search(line)):
            return spans, number, closing is not None
        if _OTHER_MARK.search(line[:_SURELY_KEY]):
            break
        if core := _core(lines[number]):
            if step < 0 and core[1] - core[0] < _SURELY_KEY and spans and not _is_padded(lines[number], core):
                break  # upwards, only the line next to the end mark may be short
            spans.append((number, *core))
        elif line and not _HEADER.fullmatch(line):
            break
        number += step
    return spans, number, False


def _is_padded(line: str, core: tuple[int, int]) -> bool:
    return line[core[1] - 1] == "="


def _core(line: str) -> tuple[int, int] | None:
    if len(line) > _LONGEST_LINE:
        return None
    bare = line.strip()
    found = _LINE.fullmatch(bare)
    if not found:
        return None
    before = len(line) - len(line.lstrip())
    return before + found.start(1), before + found.end(1)


def _without_marks(lines: list[str]) -> Iterator[tuple[int, _Spans]]:
    """Runs of full PEM lines of which the hunk shows neither mark. A certificate's lines look alike, but its marks tell."""
    run: _Spans = []
    for number, line in enumerate([*lines, ""]):
        core = _core(line) if len(line) >= _WIDTH else None
        if core and core[1] - core[0] == _WIDTH:
            run.append((number, *core))
            continue
        if len(run) >= _LINES_WITHOUT_MARKS:
            first = run[0][0]
            beside = lines[max(0, first - _MARK_BESIDE) : first] + lines[number : number + _MARK_BESIDE]
            if not any(_OTHER_MARK.search(mark[:200]) for mark in beside) and _is_random(lines, run):
                yield first, run
        run = []


def _is_random(lines: list[str], run: _Spans) -> bool:
    """Whether the lines hold letters of both cases and digits; hexadecimal checksums do not."""
    joined = "".join(lines[number][begin:end] for number, begin, end in run)
    return joined.lower() != joined != joined.upper() and any(sign.isdigit() for sign in joined)
