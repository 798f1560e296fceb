"""E-mail, IP addresses and phone numbers lead to a person; this finds them and leaves what only looks like them."""

import ipaddress
import re
from collections.abc import Iterator

from phonenumbers import Leniency, PhoneNumberMatcher

from pipeline.masking.found import Found

# RFC 5321 section 4.5.3.1 bounds a local part to 64 characters and a domain's label to 63.
_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_NOBODY = re.compile(
    # RFC 2606 and RFC 6761 reserve these domains; `git@` is a protocol's user.
    r"(?:git|hg|noreply|no-reply)@.*|.*[@.]example\.(?:com|org|net)|.*\.(?:test|example|invalid|localhost|local|internal)"
    # `icon@2x.png` is a file, `name@module.method` code
    r"|.*\.(?:png|jpe?g|gif|svg|webp|css|scss|less|html?|m?js|jsx|tsx?|py|rb|go|rs|php|java|json|ya?ml|toml|md|txt|service|mount)",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"://[^\s/@]{0,200}$")
_IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d|-[A-Za-z])")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::|(?::?[0-9A-Fa-f]{1,4}){1,7})(?![\w:])")
_VERSION_BEFORE = re.compile(
    r"(?:\b(?:versions?|release|v|gem|rails|upgrade[sd]?|bump(?:ed|s)?|since|ruby)[\"'\s:=(]{0,4}|[A-Za-z)]/|[A-Za-z]-"
    r"|~>\s?|[<>=~^!]=\s?|[<>^]\s?|[A-Za-z]@|\(=?\s?|[A-Za-z][\w.-]{0,40}:[A-Za-z][\w.-]{0,40}:"
    r"|\b(?:up(?:date|grade)d?|bump(?:ed|s)?)[^\n]{0,50}\s(?:from|to)\s)$",
    re.IGNORECASE,
)
_CONTEXT = 90  # characters before an address; enough for the coordinates of a Maven package
_ALLOCATED = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out of IPv6
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ().\-]{6,30}")


def emails(text: str) -> Iterator[Found]:
    """Addresses of people: not those of reserved domains, of git itself, or of nobody."""
    for match in _EMAIL.finditer(text):
        before = text[max(0, match.start() - 200) : match.start()]
        if not _NOBODY.fullmatch(match[0]) and not _IN_ADDRESS.search(before):
            yield Found("email", match.start(), match.end(), match[0].lower())


def ip_addresses(text: str) -> Iterator[Found]:
    """Global addresses, by the standard library: not private, loopback or documentation ones, nor versions of four numbers."""
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - _CONTEXT) : match.start()]
            if _is_global(match[0]) and not _VERSION_BEFORE.search(before):
                yield Found("ip", match.start(), match.end(), match[0].lower())


def _is_global(written: str) -> bool:
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address.is_global and address in _ALLOCATED
    return address.is_global and not address.is_multicast


def phones(text: str) -> Iterator[Found]:
    """Phone numbers written with `+` and a country's code, valid by the numbering plan that phonenumbers keeps."""
    for candidate in _PHONE.finditer(text):
        for match in PhoneNumberMatcher(candidate[0], None, leniency=Leniency.VALID):
            start = candidate.start() + match.start
            yield Found("phone", start, start + len(match.raw_string), match.raw_string)
