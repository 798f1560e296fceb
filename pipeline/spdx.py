"""Whether a text names a licence: sources of facts have many words for none."""

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_MOST = 500  # characters of an expression


def is_licence(text: str) -> bool:
    """Whether a text is an SPDX expression of ids that SPDX knows (or of LicenseRef-…), spelled as SPDX does.

    The list is that of the library packaging; NOASSERTION, NONE and what GitHub calls `other` are no licence.
    """
    try:
        return len(text) <= _MOST and canonicalize_license_expression(text) == text
    except InvalidLicenseExpression:
        return False
