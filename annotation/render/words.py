"""Which words of a changed line changed, in linear time whatever the lines hold."""

import re
from typing import NamedTuple

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
LONGEST = 1_000  # characters of a line that is looked into
_MOST_COMPARED = (
    60  # words of each line between what they begin and end with; more are marked as a whole, as GitHub does
)
_LEAST_KEPT = 0.4  # share of a line's characters without blanks; below it the lines are two different ones, and marks would be noise


class Piece(NamedTuple):
    """A part of a line, and whether it changed."""

    text: str
    changed: bool


def word_changes(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """A removed and an added line as pieces that give each line again; one unchanged piece each where too little is the same."""
    whole = ([Piece(old, changed=False)], [Piece(new, changed=False)])
    if max(len(old), len(new)) > LONGEST:
        return whole
    before, after = _WORD.findall(old), _WORD.findall(new)
    kept_before, kept_after = _kept(before, after)
    for words, kept in ((before, kept_before), (after, kept_after)):
        same = sum(len(word) for word, keep in zip(words, kept, strict=True) if keep and not word.isspace())
        if same < _LEAST_KEPT * sum(len(word) for word in words if not word.isspace()):
            return whole
    return _pieces(before, kept_before), _pieces(after, kept_after)


def _kept(before: list[str], after: list[str]) -> tuple[list[bool], list[bool]]:
    """Which words of each line are in the other as well, in the same order."""
    shorter = min(len(before), len(after))
    first = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    rest = shorter - first
    last = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    middle_before, middle_after = before[first : len(before) - last], after[first : len(after) - last]
    same_before, same_after = _longest_common(middle_before, middle_after)
    return (
        [True] * first + same_before + [True] * last,
        [True] * first + same_after + [True] * last,
    )


def _longest_common(before: list[str], after: list[str]) -> tuple[list[bool], list[bool]]:
    same_before, same_after = [False] * len(before), [False] * len(after)
    if max(len(before), len(after)) > _MOST_COMPARED:
        return same_before, same_after
    lengths = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            if before[i] == after[j]:
                lengths[i][j] = lengths[i + 1][j + 1] + 1
            else:
                lengths[i][j] = max(lengths[i + 1][j], lengths[i][j + 1])
    i = j = 0
    while i < len(before) and j < len(after):
        if before[i] == after[j]:
            same_before[i] = same_after[j] = True
            i, j = i + 1, j + 1
        elif lengths[i + 1][j] >= lengths[i][j + 1]:
            i += 1
        else:
            j += 1
    return same_before, same_after


def _pieces(words: list[str], kept: list[bool]) -> list[Piece]:
    pieces: list[Piece] = []
    for at, word in enumerate(words):
        changed = not kept[at]
        if word.isspace() and 0 < at < len(words) - 1 and not kept[at - 1] and not kept[at + 1]:
            changed = True  # a blank between two changed words: one mark reads better than two
        if pieces and pieces[-1].changed == changed:
            pieces[-1] = Piece(pieces[-1].text + word, changed)
        else:
            pieces.append(Piece(word, changed))
    return pieces
