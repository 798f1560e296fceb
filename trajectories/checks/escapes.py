r"""A text as it reads once its JSON escapes are resolved, and where each of its characters came from.

Output of `cat config.json`, a script within an argument or arguments that are no JSON hold values in escapes: `\"`, `\/`, `\u0040`. A
value must be found there too, and under the same name.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass

# A character beyond U+FFFF takes two escapes, and half of one is no character.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|[\"\\/bfnrt])"
)
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
MOST_LEVELS = 3  # JSON in JSON in JSON; each level makes two backslashes of one


@dataclass(frozen=True)
class Reading:
    """A text without its escapes, made from another reading or the original itself (`before` is None)."""

    text: str
    before: "Reading | None" = None
    starts: tuple[int, ...] = (0,)  # where a run of characters begins that stand side by side in `before` too, and
    origins: tuple[int, ...] = (0,)  # where it begins there

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the reading stands in the original."""
        return self._origin(start), self._origin(end)

    def _origin(self, place: int) -> int:
        run = bisect_right(self.starts, place) - 1
        there = self.origins[run] + place - self.starts[run]
        return self.before._origin(there) if self.before else there

    def parts_at(self, origin: int) -> bool:
        """Whether a place in the original lies between two characters of the reading, and not within an escape that makes one."""
        return self._place(origin) is not None

    def _place(self, origin: int) -> int | None:
        there = self.before._place(origin) if self.before else origin
        if there is None:
            return None
        run = bisect_right(self.origins, there) - 1
        place = self.starts[run] + there - self.origins[run]
        # The first place after a run is the next run's own.
        return place if run + 1 == len(self.starts) or place < self.starts[run + 1] else None


def readings(text: str) -> list[Reading]:
    """The text itself, then without its escapes, and so on until it has none, or MOST_LEVELS."""
    found = [Reading(text)]
    while len(found) <= MOST_LEVELS and "\\" in found[-1].text and _ESCAPE.search(found[-1].text):
        found.append(_resolved(found[-1]))
    return found


def _resolved(before: Reading) -> Reading:
    pieces: list[str] = []
    starts, origins = [0], [0]
    at = length = 0
    for escape in _ESCAPE.finditer(before.text):
        pieces += [before.text[at : escape.start()], _sign(escape[0])]
        length += escape.start() - at
        starts += [length, length + 1]
        origins += [escape.start(), escape.end()]
        length += 1
        at = escape.end()
    return Reading("".join([*pieces, before.text[at:]]), before, tuple(starts), tuple(origins))


def _sign(escape: str) -> str:
    if escape[1] != "u":
        return _SIGNS.get(escape[1], escape[1])
    units = [int(unit, 16).to_bytes(2) for unit in escape[2:].split("\\u")]
    return b"".join(units).decode("utf-16-be")
