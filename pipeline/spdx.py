"""Whether a text names a licence: sources of facts have many words for none."""

import re

# What sources of facts write where they know of none (SPDX: NOASSERTION, NONE; GitHub: other).
_NO_LICENCE = frozenset({"", "NOASSERTION", "NONE", "NULL", "OTHER", "UNKNOWN", "UNLICENSED", "N/A", "-", "?"})
# An SPDX expression: ids joined by AND, OR and WITH (SPDX specification 2.3, annex D), without its brackets.
_EXPRESSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]{0,63}){0,8}")


def is_licence(text: str) -> bool:
    """Whether a text names a licence, in the form of an SPDX expression. Which ids SPDX knows is not asked."""
    return text.strip().upper() not in _NO_LICENCE and _EXPRESSION.fullmatch(text) is not None
