"""Secrets and personal data in what people bring. A pull request's are masked; a contributor's text is not edited, so it is refused.

The finders are those of pipeline/masking. A finding names line, character and kind, and quotes the line as masking would write it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from curated.intake.finding import Finding
from curated.intake.texts import Texts, place_of, quoted
from pipeline.masking.found import Found, Kind
from pipeline.masking.mentions import mentions
from pipeline.masking.personal import emails, ip_addresses, named_versions, phones
from pipeline.masking.placeholders import outside_placeholders
from pipeline.masking.secrets import secrets

MOST_PLACES = 20  # that are told of one text
_FINDERS: dict[Kind, Callable[[str], Iterable[Found]]] = {
    "secret": secrets,
    "email": emails,
    "ip": ip_addresses,
    "phone": phones,
    "handle": mentions,
}
_NAMES: dict[Kind, str] = {
    "secret": "a secret, or what looks like one; whoever brought it makes it void and writes a stand-in",
    "email": "an e-mail address; let the contributor take it out, or make one up under example.org",
    "ip": "the address of a machine; let the contributor take it out, or take one that is kept for examples (192.0.2.1)",
    "phone": "a telephone number; let the contributor take it out",
    "handle": "somebody's login; let the contributor take it out (what is no login may stand in `backticks`, as code)",
}


def personal(query_id: str, texts: Texts, kinds: Sequence[Kind]) -> Iterator[Finding]:
    """A refused finding for each place of a value of the wanted kinds, in the order of the texts; of one text the first MOST_PLACES."""
    versions = {version for text in texts.given for version in named_versions(text)}
    for column, text, masked in zip(texts.columns, texts.given, texts.masked, strict=True):
        if text == masked:
            continue
        lines = masked.split("\n")
        places = _places(text, kinds, versions)
        for number, found in enumerate(places[:MOST_PLACES], 1):
            more = len(places) - number if number == MOST_PLACES else 0
            line, character = place_of(text, found.start)
            yield Finding(
                query_id,
                column,
                found.kind,
                True,
                f"it holds {_NAMES[found.kind]}{f'; and {more} more such places' if more else ''}",
                evidence=_excerpt(lines[line - 1], found.kind),
                line=line,
                character=character,
            )


def _places(text: str, kinds: Sequence[Kind], versions: set[str]) -> list[Found]:
    # As in pipeline/masking/mask.py: what ends a line ends a value, and the letters keep their places.
    read = text.replace("\r\n", " \n").removesuffix("\r")
    found = [
        one
        for kind in kinds
        for one in _FINDERS[kind](read)
        if one.end > one.start and not (one.kind == "ip" and one.label in versions)
    ]
    # Two finders may know the same place; it is told once.
    once: list[Found] = []
    for one in sorted(outside_placeholders(found, text), key=lambda one: (one.start, -one.end)):
        if not once or one.start >= once[-1].end:
            once.append(one)
    return once


def _excerpt(line: str, kind: Kind) -> str:
    """The masked line around the first placeholder of a kind."""
    at = max(0, line.find(f"[{kind.upper()}_"))
    return quoted(line, at, line.find("]", at) + 1 or at)
