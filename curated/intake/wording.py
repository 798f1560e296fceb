"""Whether a text that somebody brings can be used as a query: the limits of queries of pull requests, and what only people's texts have.

What is measured refuses: too short or long, another language, nothing but addresses, characters that nobody sees, criteria that
nobody could check. What is told by turns of phrase is flagged alone: a person may well talk of a system prompt, or of work they did.
"""

import re
import unicodedata
from collections.abc import Iterator

from curated.intake.finding import Finding
from curated.intake.texts import Texts, place_of
from pipeline.masking.placeholders import PLACEHOLDER
from pipeline.real_world import DOMAINS, RealWorldQuery
from pipeline.sections import Checks
from pipeline.synthesis import checks
from pipeline.synthesis.likeness import similarity

_ADDRESS = re.compile(r"<?\b(?:https?://|www\.)\S+", re.IGNORECASE)
# A spreadsheet runs a cell that begins so; `- ` and `+ ` begin a list.
_FORMULA = re.compile(r"\s*(?:[=@]|[+-](?=\S))")
_FINE = "\n\t\u00a0\u202f\u200d"  # the last joins emoji
# check -> (column-free sentence, whether its value and limit say something to people)
_SAID = {
    "placeholder": ("a place in it seems to be left to fill in", False),
    "pr_speak": ("it talks of work that is done already, or of a pull request", False),
    "steering": ("it seems to be meant for a machine that reads it", False),
    "markup": ("it has the markup of a page; a message would do without", False),
    "too_short": ("it has too few words for checks.min_words", True),
    "too_long": ("it is too long for checks.max_words", True),
    "not_english": ("so large a share of it is in another language than English (checks.language)", True),
    "vague_criteria": (
        "a criterion that nobody could check; let it say what is to be seen when the work is done",
        False,
    ),
    "repeated_criteria": ("two criteria say nearly the same", True),
}


def wording(query: RealWorldQuery, texts: Texts, limits: Checks) -> Iterator[Finding]:
    """Everything about the words of a query and its criteria, refused ones first in each text."""
    yield from _domain(query)
    last = 1 + len(query.success_criteria)
    for at, (column, given, text) in enumerate(zip(texts.columns, texts.given, texts.quotable, strict=True)):
        hidden = list(_hidden(query.id, column, given))
        yield from hidden
        yield from _formula(query.id, column, text)
        if at < last:
            # A lone placeholder of the query's own stands in both texts; what masking put in place is the word of texts.STAND_IN.
            found = [check(text) for check in checks.OF_TEXT if not (hidden and check is checks.markup)]
            yield from (_flagged(query.id, column, one) for one in found if one)
    asked, told = texts.quotable[0], list(texts.quotable[1:last])
    measured = [checks.too_short(asked, limits), checks.too_long(asked, limits), checks.not_english(asked, limits)]
    yield from (_refused(query.id, "query", one) for one in measured if one)
    yield from _only_addresses(query.id, asked, limits)
    if vague := checks.vague_criteria(told):
        yield _refused(query.id, "success_criteria", vague)
    if repeated := checks.repeated_criteria(told, limits):
        yield _flagged(query.id, "success_criteria", repeated)
    yield from _copies(query.id, asked, told, limits)


def _domain(query: RealWorldQuery) -> Iterator[Finding]:
    if query.sub_domain not in DOMAINS[query.domain]:
        of = next(domain for domain, parts in DOMAINS.items() if query.sub_domain in parts)
        yield Finding(
            query.id,
            "sub_domain",
            "domain",
            True,
            f"{query.sub_domain} belongs to {of}, and its domain is {query.domain}",
        )


def _hidden(query_id: str, column: str, text: str) -> Iterator[Finding]:
    """Control characters, marks that turn the direction of writing, and others without a sign: each kind once, at its first place."""
    text = text.replace("\r\n", " \n")
    seen: dict[str, int] = {}
    for at, letter in enumerate(text):
        if letter not in _FINE and not letter.isprintable():
            seen.setdefault(letter, at)
    for letter, at in seen.items():
        line, character = place_of(text, at)
        yield Finding(
            query_id,
            column,
            "hidden",
            True,
            f"it holds U+{ord(letter):04X} ({unicodedata.name(letter, 'a control character').lower()}), which nobody sees; type the "
            "place anew",
            value=text.count(letter),
            line=line,
            character=character,
        )


def _formula(query_id: str, column: str, text: str) -> Iterator[Finding]:
    if _FORMULA.match(text):
        said = "it begins as a formula of a spreadsheet does, and would be run by whoever opens it in one"
        yield Finding(query_id, column, "formula", False, said)


def _only_addresses(query_id: str, text: str, limits: Checks) -> Iterator[Finding]:
    bare, addresses = _ADDRESS.subn(" ", text[: checks.MOST_READ])
    left = len(PLACEHOLDER.sub(" ", bare).split())
    if addresses and left < max(1, limits.min_words) and not checks.too_short(text, limits):
        said = "without the addresses in it too little is left; a query says itself what is wanted"
        yield Finding(query_id, "query", "only_addresses", True, said, left, limits.min_words)
    elif addresses and not left:
        said = "it is an address and nothing else; a query says itself what is wanted"
        yield Finding(query_id, "query", "only_addresses", True, said, left, 1)


def _copies(query_id: str, asked: str, told: list[str], limits: Checks) -> Iterator[Finding]:
    for at, criterion in enumerate(told):
        alike = similarity(asked, criterion)
        if alike >= limits.similarity:
            said = "it repeats the query; a criterion says by what one sees that it is done"
            yield Finding(
                query_id, f"success_criteria.{at}", "copied_criterion", True, said, round(alike, 6), limits.similarity
            )


def _refused(query_id: str, column: str, found: checks.Finding) -> Finding:
    return _finding(query_id, column, found, True)


def _flagged(query_id: str, column: str, found: checks.Finding) -> Finding:
    return _finding(query_id, column, found, False)


def _finding(query_id: str, column: str, found: checks.Finding, refused: bool) -> Finding:
    sentence, measured = _SAID[found.check]
    said = f"{sentence}: {found.value:g}, the limit is {found.limit:g}" if measured else sentence
    return Finding(query_id, column, found.check, refused, said, found.value, found.limit, found.evidence)
