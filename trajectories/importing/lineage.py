"""Which of a recording's lines are the session, where it was taken up again at an earlier point and went another way."""

from collections.abc import Mapping


def main_line(parents: Mapping[str, str | None], leaf: str) -> list[str]:
    """The ids from the first to `leaf`, each the parent of the next. Ends at an id without a parent among these, or at a circle."""
    line: list[str] = []
    seen: set[str] = set()
    at: str | None = leaf
    while at is not None and at in parents and at not in seen:
        seen.add(at)
        line.append(at)
        at = parents[at]
    return line[::-1]
