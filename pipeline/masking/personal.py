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
    # `icon@2x.png` is a file; py, rs and md are countries as well (Paraguay, Serbia, Moldova), the others are not
    r"|.*\.(?:png|jpe?g|gif|svg|webp|css|scss|less|html?|m?js|jsx|tsx?|rb|go|php|java|json|ya?ml|toml|txt|service|mount)"
    r"|.*@\d{1,2}x\..*",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"://[^\s/@?#&=]{0,200}$")  # a user, not a parameter
_IP4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d|-[A-Za-z])")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:){1,7}(?::|(?::?[0-9A-Fa-f]{1,4}){1,7})(?![\w:])")
_NAMED_VERSION = re.compile(
    r"(?:\b(?:versions?|release|v|gem|rails|\w{0,10}ruby)[\"'\s:=(]{0,4}|[A-Za-z]\d{0,2}-|~>\s?)$", re.IGNORECASE
)
_VERSION_BEFORE = re.compile(
    r"(?:\b(?:upgrade[sd]?|bump(?:ed|s)?|since)[\"'\s:=(]{0,4}|[A-Za-z)]/"
    r"|[<>=~^!]=\s?|[<>^]\s?|[A-Za-z][\w.-]{0,40}:[A-Za-z][\w.-]{0,40}:)$",
    re.IGNORECASE,
)
_CHANGED_FROM_TO = re.compile(r"\b(?:up(?:date|grade)d?|bump(?:ed|s)?)([^\n]{0,50})\s(?:from|to)\s$", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w-])(?:hosts?|hostname|servers?|ips?|address(?:es)?|nodes?|endpoint|nameserver|resolver|gateway|machine|dns)(?![\w-])",
    re.IGNORECASE,
)
# `name@1.2.3.4` is a package after these, and a user's machine otherwise; `(1.2.3.4)` stands after a package or a host.
_PACKAGE_BEFORE = re.compile(
    r"(?:\b(?:npm|npx|yarn|pnpm|bun|pip|brew|gem|go|cargo|install|add|require|package|uses)\b[^\n]{0,60}[\s\"'/]|[@\w]/)[\w.-]{1,50}@$",
    re.IGNORECASE,
)
_LARGEST_OF_VERSION = 99  # a larger number in four is rather an address
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
            if _is_global(match[0]) and not _is_version(text, *match.span()):
                yield Found("ip", match.start(), match.end(), match[0].lower())


def named_versions(text: str) -> set[str]:
    """Four numbers that a name stands right before, as in `jruby-9.1.15.0`; the same numbers are a version elsewhere too."""
    return {match[0] for match in _IP4.finditer(text) if _NAMED_VERSION.search(_before(text, match.start()))}


def _before(text: str, start: int) -> str:
    return text[max(0, start - _CONTEXT) : start]


def _is_version(text: str, start: int, end: int) -> bool:
    before = _before(text, start)
    if _NAMED_VERSION.search(before) or _VERSION_BEFORE.search(before):
        return True
    if changed := _CHANGED_FROM_TO.search(before):
        return not _HOST.search(changed[1])
    is_small = all(int(part) <= _LARGEST_OF_VERSION for part in text[start:end].split(".") if part.isdigit())
    if before.endswith("@"):
        return is_small and text[end : end + 1] not in (":", "/") and _PACKAGE_BEFORE.search(before) is not None
    return is_small and before.rstrip(" =").endswith("(")


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
