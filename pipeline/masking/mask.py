"""A pull request without its secrets and personal data, in the shape it had; the original stays in the raw store alone."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from pipeline.masking.diff_lines import marks_and_text
from pipeline.masking.found import Found, Kind
from pipeline.masking.mentions import mentions, mentions_in_code
from pipeline.masking.personal import emails, ip_addresses, named_versions, phones
from pipeline.masking.placeholders import Placeholders, Values, outside_placeholders, replaced
from pipeline.masking.secrets import secrets

KINDS: tuple[Kind, ...] = get_args(Kind)
_SHORTEST_SOUGHT = 6  # characters; a shorter value is masked only where it was found
_MOST_ROUNDS = 8


@dataclass(frozen=True)
class Masked:
    """The texts with placeholders, and how many different values of each wanted kind were masked."""

    title: str
    body: str
    others: tuple[str, ...]
    patch: str
    counts: dict[str, int]


def mask(title: str, body: str, patch: str, kinds: Collection[Kind], others: Sequence[str] = ()) -> Masked:
    """Replace every value of the wanted kinds by `[SECRET_1]`, `[EMAIL_1]`, `[IP_1]`, `[PHONE_1]` or `@[HANDLE_1]`.

    `others` are further texts in prose, such as the issues that it closes. A value has one number in all texts, in order of first
    appearance, and is masked wherever it stands in them; a handle only where it names a person. Only the lines' text of the patch
    changes: its signs, headers and paths stay. To mask what is masked already changes nothing. Raises ValueError on an unknown kind.
    """
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"{sorted(unknown)} cannot be masked; the kinds are {', '.join(KINDS)}")
    marks, lines = marks_and_text(patch)
    texts = [title, body, *others, "\n".join(lines)]
    placeholders = Placeholders(texts)
    # What a placeholder stands next to can look like a value in turn, so that one round is not always enough.
    for _ in range(_MOST_ROUNDS):
        after = _masked_once(texts, kinds, placeholders)
        if after == texts:
            break
        texts = after
    lines = texts[-1].split("\n")
    counts = placeholders.counts()
    return Masked(
        texts[0],
        texts[1],
        tuple(texts[2:-1]),
        "\n".join(mark + line for mark, line in zip(marks, lines, strict=True)),
        {kind: counts.get(kind, 0) for kind in KINDS if kind in kinds},
    )


def _masked_once(texts: list[str], kinds: Collection[Kind], placeholders: Placeholders) -> list[str]:
    versions = {version for text in texts for version in named_versions(text)}
    found = [
        outside_placeholders(
            [
                place
                for place in _found(_without_returns(text), kinds, is_code=at == len(texts) - 1)
                if place.end > place.start and not (place.kind == "ip" and place.label in versions)
            ],
            text,
        )
        for at, text in enumerate(texts)
    ]
    sought: dict[str, tuple[Kind, str]] = {}
    for text, places in zip(texts, found, strict=True):
        for place in places:
            value = text[place.start : place.end]
            if place.everywhere and len(value) >= _SHORTEST_SOUGHT:
                sought.setdefault(value, (place.kind, place.label))
    values = Values(sought)
    return [
        replaced(text, [*places, *outside_placeholders(list(values.places(text)), text)], placeholders)
        for text, places in zip(texts, found, strict=True)
    ]


def _without_returns(text: str) -> str:
    """The text with its lines ended by newlines alone, every place where it was: what ends a line ends a value."""
    return text.replace("\r\n", " \n").removesuffix("\r")


def _found(text: str, kinds: Collection[Kind], is_code: bool) -> Iterable[Found]:
    finders: dict[Kind, Callable[[str], Iterable[Found]]] = {
        "secret": secrets,
        "email": emails,
        "ip": ip_addresses,
        "phone": phones,
        "handle": mentions_in_code if is_code else mentions,
    }
    for kind in KINDS:
        if kind in kinds:
            yield from finders[kind](text)
