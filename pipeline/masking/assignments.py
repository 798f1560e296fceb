"""Most secrets in code have no form of their own: a name such as `password` or `api_key` is given a literal."""

import re
from collections.abc import Iterator

from pipeline.masking.found import Found
from pipeline.masking.literals import is_hexadecimal, is_literal_secret

_MAY_BE_A_WORD = r"pass(?:word|wd|phrase|code)|contrase(?:ñ|n)a|(?<![a-z])pwd|(?<![a-z])pass|(?<=db)pass|(?<![a-z])pw"
_IS_RANDOM = (
    r"(?:api|access|auth|account|private|encryption|signing|master|secret|service|license|app|shared|storage|hmac|webhook|consumer|client)"
    r"[_ -]?key|secret|token|credentials?|(?<![a-z])auth|bearer"
)
_SUFFIX = (
    r"(?:[_-]?(?:base|value|confirmation|confirm|repeat|text|string|str|literal|hash|prod|production|dev|staging|test"
    r"|default|\d{1,2}))?"
)
_NAME = rf"(?P<name>(?:(?P<password>{_MAY_BE_A_WORD})|(?:{_IS_RANDOM})(?:[_-]?key)?){_SUFFIX})"
# How a name is given a literal: `x = "y"`, `"x": "y"`, `x: String = "y"`, `X => 'y'`, `setX("y")`, `x # => "y"`, `define('X', 'y')`.
_GIVEN = (
    r"(?:\\{0,2}[\"'`])?(?:\[\w{0,20}\])?[\])]{0,2}[ \t]{0,8}"
    r"(?P<sign>:[ \t]{0,3}[A-Za-z&'<>\[\]|?. ]{1,30}=|(?:# |// )?=>|:=|={1,3}|!={1,2}|:{1,2}|,"
    r"|\.?(?:assign|equals|eq|to_?equal|with)?\(|<-|\bis\b|\beq\b|\bvalue=)\s{0,16}(?:\w{0,20}\()?\s{0,16}"
)
_QUOTED = re.compile(
    rf"(?i:{_NAME}){_GIVEN}[rbufL@N]{{0,2}}(?P<quote>\\{{0,2}}(?:\"\"\"|'''|[\"'`]))"
    r"(?!(?P=quote))(?P<value>(?:\\[^\n]|[^\n\\]){4,300}?)(?P=quote)"
)
_REVERSED = re.compile(
    rf"(?P<quote>[\"'])(?P<value>[^\n\"'\\]{{4,300}})(?P=quote)[ \t]{{0,4}}[!=]={{1,2}}[ \t]{{0,4}}[\w.$>-]{{0,60}}?(?i:{_NAME})\b"
)
# A hidden field of a form.
_FIELD = re.compile(
    rf"name=(?P<quote>[\"'])[\w.\[\]-]{{0,60}}?(?i:{_NAME})\]?(?P=quote)"
    r"[^\n<>]{0,80}?\bvalue=(?P=quote)(?P<value>[^\n\"'<>]{4,300})(?P=quote)"
)
# `name=value` as the shell, connection strings and queries of URLs write it, and `name: value` of YAML or headers.
_BARE = re.compile(
    rf"(?i:{_NAME})[\"']?(?:[ \t]{{0,4}}:=?[ \t]{{1,8}}|[ \t]{{1,8}}=[ \t]{{1,8}}|[ \t]is:?[ \t]|[=:])"
    r"(?P<value>[^\s\"'`,;&<>()\[\]{}|\\]{6,300})(?<!\.)(?=\.?[;&\"'`\s\\]|\.?$)",
    re.MULTILINE,
)
# `ENV NAME value`, as a Dockerfile writes it without a sign between.
_INSTRUCTION = re.compile(
    rf"\b(?i:ENV|ARG)[ \t]{{1,8}}\w{{0,60}}?(?i:{_NAME})[ \t]{{1,8}}[\"']?(?P<value>[^\s\"'`$;<>()\[\]{{}}|\\]{{6,300}})"
)
# Names that ask for what identifies a content, not for what opens a door: `commit_token`, `digest-auth`, `token_hash`. The hash of
# a password is a secret itself. Names such as `token_id` and `secret_sha` are no names of secrets in the first place.
_OF_CONTENT = re.compile(
    r"(?:sha\d{0,3}|commit|rev|revision|digest|checksum|etag|fingerprint|integrity)[_ -]?$", re.IGNORECASE
)
# What every name holds, and how many characters of a name may stand before it (`encryption_key`). K and s have odd forms.
_STEM = re.compile("[pPcCkKsStTaAbB\u017f\u212a](?=(?i:ass|wd|w|ontrase|ey|ecret|oken|redential|uth|earer))")
_BEFORE_STEM = len("encryption_")
_WORD_BEFORE = 20  # characters that are read before a name


def assigned_secrets(text: str) -> Iterator[Found]:
    """Literals that a name asking for a secret is given, compared with or called with, in any quotes, or bare."""
    for match in _by_stem(_QUOTED, text):
        # In a list such as `"password", "timeout"` the next word is no value; with digits it can be one, as in `define`.
        asks_password = match["password"] is not None and match["sign"] != ","
        if is_literal_secret(match["value"], asks_password, quoted=True) and not _identifies_content(match):
            yield Found("secret", *match.span("value"), match["value"])
    for pattern in (_REVERSED, _FIELD, _BARE, _INSTRUCTION):
        for match in _by_stem(pattern, text) if pattern is _BARE else pattern.finditer(text):
            asks_password, quoted = match["password"] is not None, pattern in (_REVERSED, _FIELD)
            if is_literal_secret(match["value"], asks_password, quoted) and not _identifies_content(match):
                yield Found("secret", *match.span("value"), match["value"])


def _by_stem(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The same as `pattern.finditer(text)` for a pattern that begins with a name, tried only where a name can begin."""
    at = 0
    for stem in _STEM.finditer(text):
        for start in range(max(at, stem.start() - _BEFORE_STEM), stem.start() + 1):
            at = start + 1
            if match := pattern.match(text, start):
                yield match
                at = match.end()
                break


def _identifies_content(match: re.Match[str]) -> bool:
    """Whether the value is hexadecimal and the name says that it is a hash of something public."""
    if match["password"] or not is_hexadecimal(match["value"]):
        return False
    start = match.start("name")
    said_before = _OF_CONTENT.search(match.string[max(0, start - _WORD_BEFORE) : start])
    return said_before is not None or match["name"].lower().endswith("hash")
