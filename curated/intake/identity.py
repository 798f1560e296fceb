"""The id of a query that comes without one: from its text alone, so it is the same wherever it is made, and names nobody."""

from curated.intake.repeats import plain_text
from pipeline.files import sha256_text

PREFIX = "rw-"


def derived_id(text: str) -> str:
    """`rw-` and the first 12 hex digits of the sha256 of a text, whatever its case and blanks."""
    return f"{PREFIX}{sha256_text(plain_text(text))[:12]}"
