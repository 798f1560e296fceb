"""A name such as `password` says that a secret may follow; this tells a literal secret from a placeholder, a word or code."""

import math
import re
from collections import Counter

_TEMPLATE = re.compile(
    r"\$\{|\$\(|\{\{|#\{|%\(|%[sdvqr]\b|<[^>]{0,80}>|^[$%@&:.{<~]|\{\w{0,40}\}|\[\w{1,40}_\d{1,9}\]|\\\(|\.\.\."
)
_PLACEHOLDER = re.compile(
    r"change[_-]?(?:me|it|this)|replace[_-]?(?:me|with|this)|place[_-]?holder|redacted|x{4,}|\*{3,}|\byour[_-]?|insert[_-]",
    re.IGNORECASE,
)
_VALIDATION = re.compile(r"[a-z_]+(?::[^|]*)?(?:\|[a-z_]+(?::[^|]*)?)+")  # such as Laravel's `required|min:8`
_PATH = re.compile(
    r"^[a-z_.-]+(?:/[a-z_.-]+)+$|^\.{0,2}/"
    r"|://|^[\w-]+(?:/[\w.-]+)+\.\w{1,5}$|\.(?:pem|key|crt|txt|json|ya?ml|html?|php|py|rb|js|ts)$"
)
# Words that stand in for a secret, and those that name one. What is left of a value without them decides.
_STAND_IN = re.compile(
    r"dummy|example|sample|fake|postgres(?:ql)?|mysql|mariadb|redis|mongo(?:db)?|rabbitmq|guest|docker|demo|todo"
    r"|foo(?:bar)?|bar|baz|qux|lorem|ipsum|none|null|nil|undefined|true|false|default|required|optional|invalid|valid"
    r"|password|passwd|passphrase|pass|pwd|secret|token|api|key|auth|access|private|public|client|account|credentials?|user(?:name)?"
    r"|login|admin|root|test(?:ing)?|my|your|our|the|some|new|old|wrong|bad|good|correct|another|other|name|value|string|text|field"
    r"|hidden|confirm(?:ation)?|current|reset|csrf|xsrf|refresh|session|bearer|basic|oauth\d?|id|remember|hash(?:ed)?|plain|email",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\W_]+")
# Types and algorithms that end in digits, and identifiers with parts.
_CODE = re.compile(
    r"(?:[ui]|u?int|float|f|uint8|big|v)\d{1,3}|[A-Za-z]\w*Array\w*|base\d\d\w*|sha-?\d{1,3}\w*|md5\w*|utf-?\d{1,2}|hs\d{3}|rs\d{3}|es\d{3}"
    r"|argon2\w*|bcrypt\w*|pbkdf2\w*|aes\w*|ed25519\w*|x?509\w*|oauth2\w*|[A-Za-z_]\w*(?:(?:\.|::|->|\\)[A-Za-z_]\w*)+",
    re.IGNORECASE,
)
_SNAKE = re.compile(r"[a-z]+(?:[_-][a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+|[A-Z]?[a-z]+(?:[A-Z][a-z]+){1,6}\d{0,2}")
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")  # the name of a variable, as in `getenv("DB_PASS_2")`
_NUMBER = re.compile(r"[\d.,:+\-/ ]+|0x[0-9a-fA-F]+")
_CHECKSUM = re.compile(r"sha\d{3}-.*", re.IGNORECASE)
# 32, 40 or 64 digits, or a UUID: a hash or a key, which the name alone can tell.
_HEXADECIMAL = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)
_FEWEST_DIGITS = 6  # different ones; `12341234-1234-...` is an example
_LEFT_OVER = 3  # characters that must remain without stand-in words
_SHORTEST_PASSWORD = 6
_SHORTEST_TOKEN = 8  # where no quotes tell that it is a literal
_OWN_SHARE = 0.6  # of the letters of such a password; `password_required` is a message
_SHORTEST_WORD = 8  # a password of letters only
_RANDOM_LETTERS = (20, 3.7)  # length, and bits of entropy in each letter, of a token without digits
_LONGEST_NUMBER = 12  # digits; a longer number is not a count


def is_literal_secret(value: str, password: bool, quoted: bool) -> bool:
    """Whether a value that is given to a name such as `password` or `token` looks like the secret itself.

    `password` says that the name asks for one, so that a word can be it; `quoted` that it is a literal for certain.
    """
    if len(value) < (_SHORTEST_PASSWORD if password or quoted else _SHORTEST_TOKEN) or len(set(value)) < 4:
        return False
    if any(sign.isspace() for sign in value) or any(rule.search(value) for rule in (_TEMPLATE, _PLACEHOLDER, _PATH)):
        return False
    if any(rule.fullmatch(value) for rule in (_CODE, _VALIDATION, _ENVIRONMENT)):
        return False
    if _NUMBER.fullmatch(value) and len(value) < _LONGEST_NUMBER:
        return False
    if is_hexadecimal(value):
        return len(set(value.lower())) >= _FEWEST_DIGITS
    if not quoted and (_CHECKSUM.fullmatch(value) or _SNAKE.fullmatch(value)):
        return False
    left = _SEPARATORS.sub("", _STAND_IN.sub("", value))
    if len(left) < _LEFT_OVER:
        return False
    if _has_digit_and_letter(value):
        # `step-2` or `AccessToken2` are names; a secret is more than words and a number at their end
        return password or not _SNAKE.fullmatch(value) or entropy(value) > _RANDOM_LETTERS[1]
    if value.isalpha() or _SNAKE.fullmatch(value) or not any(sign.isalpha() for sign in value):
        if password and quoted and value.isascii():
            return len(left) >= max(_SHORTEST_WORD, _OWN_SHARE * len(_SEPARATORS.sub("", value)))
        return len(value) >= _RANDOM_LETTERS[0] and entropy(value) > _RANDOM_LETTERS[1] and not _SNAKE.fullmatch(value)
    return password and quoted and len(left) >= _SHORTEST_PASSWORD


def is_hexadecimal(value: str) -> bool:
    """Whether a value has the form of a hash, which is that of many keys too: 32, 40 or 64 digits, or a UUID."""
    return _HEXADECIMAL.fullmatch(value) is not None


def entropy(value: str) -> float:
    """Shannon's entropy of the value's characters, in bits for each."""
    return -sum(times / len(value) * math.log2(times / len(value)) for times in Counter(value).values())


def _has_digit_and_letter(value: str) -> bool:
    return any(sign.isdigit() for sign in value) and any(sign.isalpha() for sign in value)
