"""Put other people's text into a prompt so that it stays text: between fences that it cannot close, bounded, with nothing hidden.

A fence is a pair of lines, `<title 3f9c2a1b5d6e7f80>` and `</title 3f9c2a1b5d6e7f80>`. Its mark is derived from all texts of a
prompt together and shown not to occur in any of them, so no text can close its own fence or another's; and the same texts
always give the same prompt, which is what a reply is stored under.
"""

import hashlib
import re
from collections.abc import Mapping

from pipeline.llm.visible import visible

_MARK_DIGITS = 16
_LABEL = re.compile(r"[a-z]+(?:-[a-z]+)*")


def fenced(texts: Mapping[str, str], limits: Mapping[str, int]) -> tuple[str, dict[str, str]]:
    """`(mark, label -> fenced text)` of a prompt's texts, each made visible and cut to its limit in characters.

    The opening line says what was cut, since what stands inside can be anybody's. Raises ValueError for a label that is not made
    of small letters and hyphens.
    """
    for label in texts:
        if not _LABEL.fullmatch(label):
            raise ValueError(f"a fence's label is made of small letters and hyphens, not {label!r}")
    # Cut before and after: a hidden character is longer when it is seen, and the first cut bounds the work.
    kept = {label: visible(text[: limits[label]])[: limits[label]] for label, text in texts.items()}
    mark = mark_of(kept)
    return mark, {
        label: f"<{label} {mark}{_cut_note(text, kept[label], limits[label])}>\n{kept[label]}\n</{label} {mark}>"
        for label, text in texts.items()
    }


def mark_of(texts: Mapping[str, str]) -> str:
    """The mark for the fences of these texts: hex digits that none of them holds, the same for the same texts."""
    digest = hashlib.sha256()
    for label, text in texts.items():
        digest.update(f"{label}\0{len(text)}\0".encode() + text.encode())
    while any(digest.hexdigest()[:_MARK_DIGITS] in text for text in texts.values()):
        digest.update(b"again")
    return digest.hexdigest()[:_MARK_DIGITS]


def _cut_note(text: str, kept: str, limit: int) -> str:
    if len(text) > limit:
        return f", the first {limit} of {len(text)} characters"
    return ", not all of it" if len(visible(text)) > len(kept) else ""
