"""What every finder of this package returns: one place in a text that must not be seen."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["secret", "email", "ip", "phone", "handle"]


@dataclass(frozen=True)
class Found:
    """A place `text[start:end]`, which holds no line break.

    Places of one kind with the same `label` get the same number. A value that stands `everywhere` is also masked wherever else
    it is written; a handle or the short last line of a key is masked only where it was found.
    """

    kind: Kind
    start: int
    end: int
    label: str
    everywhere: bool = True
