"""One value has one placeholder, whichever text it stands in; this numbers the values and writes the placeholders."""

import re
from collections.abc import Iterator

from pipeline.masking.found import Found, Kind

PLACEHOLDER = re.compile(r"@?\[(SECRET|EMAIL|IP|PHONE|HANDLE)_(\d{1,9})\]")
# A value inside a longer word is another word, unless it is as long as a token.
_LONG = 16
_ESCAPED_LETTERS = "nrt"  # in "\\nhunter2" the letter before the value belongs to the escape


class Placeholders:
    """The numbers given so far. They go on after the highest one that stands in the texts already."""

    def __init__(self, texts: list[str]) -> None:
        self._next: dict[str, int] = {}
        self._numbers: dict[tuple[Kind, str], int] = {}
        for text in texts:
            for there in PLACEHOLDER.finditer(text):
                self._next[there[1]] = max(self._next.get(there[1], 1), int(there[2]) + 1)

    def of(self, kind: Kind, label: str) -> str:
        """The placeholder of a value, with the next number of its kind if it has none yet."""
        name = kind.upper()
        number = self._numbers.get((kind, label))
        if number is None:
            number = self._numbers[kind, label] = self._next.get(name, 1)
            self._next[name] = number + 1
        return f"@[{name}_{number}]" if kind == "handle" else f"[{name}_{number}]"

    def counts(self) -> dict[Kind, int]:
        """How many different values of each kind have a number."""
        counts: dict[Kind, int] = {}
        for kind, _ in self._numbers:
            counts[kind] = counts.get(kind, 0) + 1
        return counts


def outside_placeholders(found: list[Found], text: str) -> list[Found]:
    """Those places that share no character with a placeholder, so that masking again finds nothing in what it wrote."""
    taken = [there.span() for there in PLACEHOLDER.finditer(text)]
    kept, at = [], 0
    for place in sorted(found, key=lambda place: place.start):
        while at < len(taken) and taken[at][1] <= place.start:
            at += 1
        if at == len(taken) or taken[at][0] >= place.end:
            kept.append(place)
    return kept


class Values:
    """Values to be found again wherever they stand, in time that grows with the text and not with the number of values."""

    def __init__(self, labels: dict[str, tuple[Kind, str]]) -> None:
        """`value -> (kind, label)`."""
        self._labels = labels
        self._width = min(map(len, labels), default=0)
        self._lengths: dict[str, list[int]] = {}
        for head, length in sorted({(value[: self._width], len(value)) for value in labels}, reverse=True):
            self._lengths.setdefault(head, []).append(length)  # longest first

    def places(self, text: str) -> Iterator[Found]:
        """Every place of a value, the longest one where several begin."""
        if not self._labels:
            return
        at, width = 0, self._width
        while at <= len(text) - width:
            for length in self._lengths.get(text[at : at + width], ()):
                known = self._labels.get(text[at : at + length])
                if known and _stands_alone(text, at, at + length):
                    yield Found(known[0], at, at + length, known[1])
                    at += length - 1
                    break
            at += 1


def _stands_alone(text: str, start: int, end: int) -> bool:
    if end - start >= _LONG:
        return True
    escaped = text[start - 2 : start - 1] == "\\" and text[start - 1] in _ESCAPED_LETTERS if start > 1 else False
    joined_before = start > 0 and text[start - 1].isalnum() and text[start].isalnum() and not escaped
    joined_after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not (joined_before or joined_after)


def replaced(text: str, places: list[Found], placeholders: Placeholders) -> str:
    """The text with every place replaced. Places that overlap become one, with the placeholder of the first."""
    pieces, at = [], 0
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= at:
            pieces += [text[at : place.start], placeholders.of(place.kind, place.label)]
        at = max(at, place.end)
    return "".join([*pieces, text[at:]])
