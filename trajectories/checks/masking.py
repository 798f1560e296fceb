"""A session without its secrets and personal data: a value has one placeholder wherever it is found, in JSON escapes too.

What is a secret or leads to a person is decided by pipeline/masking. Sessions bring what pull requests do not: output of git with the names
of authors, and home folders with the names of users; those are handles too.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pipeline.masking.found import Found, Kind
from pipeline.masking.mask import KINDS
from pipeline.masking.mentions import mentions, mentions_in_code
from pipeline.masking.personal import emails, ip_addresses, named_versions, phones
from pipeline.masking.placeholders import Placeholders, Values, outside_placeholders, replaced
from pipeline.masking.secrets import secrets
from trajectories.archive.session import Session, json_of, session_of
from trajectories.checks.escapes import readings
from trajectories.checks.texts import Path, changed, is_prose, texts_of

_SHORTEST_SOUGHT = 6  # characters; a shorter value is masked only where it was found
_MOST_ROUNDS = 8
_AUTHOR = re.compile(
    r"^[ \t]{0,8}(?:Author|Commit|author|committer|Tagger):?[ \t]{1,8}([^\s<\[][^<\n\[]{0,80}?)[ \t]{1,4}<",
    re.MULTILINE,
)
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)([A-Za-z0-9][\w.-]{0,38})(?![\w.@-])")
# Accounts of images, runners and systems, which are nobody's.
_NO_ONE = frozenset(
    """
    admin agent app build builder circleci codespace default dev developer docker git gitpod guest jenkins jovyan linuxbrew node
    nobody openhands public root runner sandbox shared site swe test ubuntu user username vagrant vscode work workspace you your
    """.split()
)


@dataclass(frozen=True)
class Masked:
    """The session with placeholders, and how many different values of each wanted kind were masked."""

    session: Session
    counts: dict[Kind, int]


def mask(session: Session, kinds: Collection[Kind] = KINDS) -> Masked:
    """Replace every value of the wanted kinds by `[SECRET_1]`, `[EMAIL_1]`, `[IP_1]`, `[PHONE_1]` or `@[HANDLE_1]`, the same everywhere.

    All texts of the session: what everyone wrote, reasoning, arguments with their keys, outputs, tools, checks, and what was kept aside.
    Ids, hashes, times and the query's names stay. A value that goes on from one text part into the next makes them one. To mask what
    is masked already changes nothing. Raises ValueError on an unknown kind.
    """
    engine = _Engine(session, kinds)
    if not engine.changes:
        return Masked(session, engine.counts)
    parts_made_one = session_of(_whole_parts(json_of(session), engine), session.trajectory_id)
    return Masked(changed(parts_made_one, engine.after), engine.counts)


def unmasked(session: Session, kinds: Collection[Kind] = KINDS) -> Iterator[tuple[Path, dict[Kind, int]]]:
    """Where `mask` would change something: the path of each such text, and in how many places values of each kind stand in it."""
    engine = _Engine(session, kinds)
    if engine.changes:
        for path, text in engine.texts:
            if places := engine.places.get((text, is_prose(path))):
                yield path, dict(places)
        for path, whole, parts in engine.wholes:
            if engine.after(path, whole) != "".join(engine.after(path, part) for part in parts):
                yield path, dict(engine.places[whole, is_prose(path)])


class _Engine:
    """Finds all values of a session and what each of its texts becomes. A text that stands twice is read once."""

    def __init__(self, session: Session, kinds: Collection[Kind]) -> None:
        if unknown := set(kinds) - set(KINDS):
            raise ValueError(f"{sorted(unknown)} cannot be masked; the kinds are {', '.join(KINDS)}")
        data = json_of(session)
        self.texts = list(texts_of(data))
        self._kinds = kinds
        self.places: dict[tuple[str, bool], Counter[Kind]] = {}
        self._now = {(text, is_prose(path)): text for path, text in self.texts}
        # Parts of a message are read as one text, so a value can go on from one into the next.
        self.wholes = list(_wholes(data))
        self._now |= {(whole, is_prose(path)): whole for path, whole, _ in self.wholes}
        placeholders = Placeholders(list(self._now.values()))
        waiting = set(self._now)
        # What a placeholder stands next to can look like a value in turn, so that one round is not always enough.
        for _ in range(_MOST_ROUNDS):
            waiting = self._mask_once(waiting, placeholders)
            if not waiting:
                break
        found = placeholders.counts()
        self.counts: dict[Kind, int] = {kind: found.get(kind, 0) for kind in KINDS if kind in kinds}
        self.changes = any(text != after for (text, _), after in self._now.items())

    def after(self, path: Path, text: str) -> str:
        """What a text becomes at its place."""
        return self._now[text, is_prose(path)]

    def _mask_once(self, waiting: set[tuple[str, bool]], placeholders: Placeholders) -> set[tuple[str, bool]]:
        """Mask what is found in the waiting texts, everywhere; return the texts that it changed."""
        found: dict[tuple[str, bool], list[Found]] = {}
        versions = {version for key in waiting for version in named_versions(self._now[key])}
        sought: dict[str, tuple[Kind, str]] = {}
        for key in self._now:
            if key in waiting:
                text = self._now[key]
                found[key] = _outermost(text, partial(_found, kinds=self._kinds, prose=key[1], versions=versions))
                for place in found[key]:
                    if place.everywhere:
                        for reading in readings(text[place.start : place.end]):
                            if len(reading.text) >= _SHORTEST_SOUGHT:
                                sought.setdefault(reading.text, (place.kind, place.label))
        values = Values(sought)
        touched = set()
        for key, text in self._now.items():
            again = _outermost(text, values.places) if sought else []
            if places := [*found.get(key, []), *again]:
                after = replaced(text, places, placeholders)
                self.places.setdefault(key, Counter()).update(_apart(places))
                self._now[key] = after
                touched.add(key)
        return touched


def _outermost(text: str, finder: Callable[[str], Iterable[Found]]) -> list[Found]:
    """What is found in a text and in its readings without JSON escapes, at their places in the text, outside placeholders.

    A place that begins or ends where a later reading has the middle of an escape (`n` of `\\n` before a name) gives way to what is
    found there.
    """
    levels = readings(text)
    kept: list[Found] = []
    for level in reversed(range(len(levels))):
        reading, later = levels[level], levels[level + 1 :]
        taken = _merged(kept)
        for place in outside_placeholders([one for one in finder(reading.text) if one.end > one.start], reading.text):
            start, end = reading.span(place.start, place.end)
            cuts = not all(one.parts_at(start) and one.parts_at(end) for one in later)
            if not (cuts and _touches(taken, start, end)):
                kept.append(replace(place, start=start, end=end, label=readings(place.label)[-1].text))
    return kept


def _merged(places: list[Found]) -> list[tuple[int, int]]:
    """What the places cover, in order and without overlaps."""
    spans: list[tuple[int, int]] = []
    for place in sorted(places, key=lambda place: place.start):
        if spans and place.start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], place.end)
        else:
            spans.append((place.start, place.end))
    return spans


def _touches(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    at = bisect_right(spans, start, key=lambda span: span[1])
    return at < len(spans) and spans[at][0] < end


def _found(text: str, kinds: Collection[Kind], prose: bool, versions: set[str]) -> Iterator[Found]:
    finders: dict[Kind, Callable[[str], Iterable[Found]]] = {
        "secret": secrets,
        "email": emails,
        "ip": ip_addresses,
        "phone": phones,
        "handle": mentions if prose else mentions_in_code,
    }
    # What ends a line ends a value.
    bare = text.replace("\r\n", " \n").removesuffix("\r")
    for kind in KINDS:
        if kind in kinds:
            for place in finders[kind](bare):
                if not (kind == "ip" and place.label in versions):
                    yield place
    if "handle" in kinds:
        for match in _AUTHOR.finditer(bare):
            yield Found("handle", *match.span(1), match[1].lower(), everywhere=False)
        for match in _HOME.finditer(bare):
            if match[1].lower() not in _NO_ONE:
                yield Found("handle", *match.span(1), match[1].lower(), everywhere=False)


def _apart(places: list[Found]) -> Iterator[Kind]:
    """The kind of each place that is left when places that overlap become one."""
    end = -1
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if place.start >= end:
            yield place.kind
        end = max(end, place.end)


def _wholes(value: Any, path: Path = ()) -> Iterator[tuple[Path, str, list[str]]]:
    """Messages and results that have several text parts, each as the one text it is read as, and its parts."""
    if _is_parts(path, value):
        parts = [part["text"] for part in value]
        yield (*path, "text"), "".join(parts), parts
    elif isinstance(value, dict):
        for name in ("steps", "message", "observation", "results", "content"):
            if name in value:
                yield from _wholes(value[name], (*path, name))
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from _wholes(one, (*path, at))


def _is_parts(path: Path, value: Any) -> bool:
    return path[-1:] in (("message",), ("content",)) and isinstance(value, list | tuple) and len(value) > 1


def _whole_parts(value: Any, engine: _Engine, path: Path = ()) -> Any:
    """The JSON value, in which parts of a message that share a value have become one part."""
    if _is_parts(path, value):
        whole = "".join(part["text"] for part in value)
        place = (*path, "text")
        if engine.after(place, whole) != "".join(engine.after(place, part["text"]) for part in value):
            return [{"type": "text", "text": whole}]
        return value
    if isinstance(value, dict):
        within = {name: (*path, name) for name in ("steps", "message", "observation", "results", "content")}
        return {name: _whole_parts(one, engine, within[name]) if name in within else one for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_parts(one, engine, path) for one in value]
    return value
