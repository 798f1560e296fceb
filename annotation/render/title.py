"""A pull request's title in one line, with its pieces of code as GitHub shows them."""

import re

from annotation.render.markup import Html, element, joined, note, text

MOST_TITLE = 1_000  # characters; GitHub takes 256, a merge message may hold more
_CODE = re.compile(r"`([^`]+)`")


def render_title(title: str) -> str:
    """Safe HTML of a title: `<span class="limi-title">…</span>`. What is between backticks is code; line ends become blanks."""
    line = " ".join(title.split())
    shown = line[:MOST_TITLE]
    parts: list[Html] = []
    end = 0
    for match in _CODE.finditer(shown):
        parts += [text(shown[end : match.start()]), element("code", text(match[1]))]
        end = match.end()
    parts.append(text(shown[end:]))
    if len(line) > MOST_TITLE:
        parts.append(note(f" … {len(line) - MOST_TITLE:,} more characters"))
    return element("span", joined(parts), class_="limi-title")
