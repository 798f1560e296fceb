"""GitHub's repository search: qualifiers, sorting, and the first 1,000 results only."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tests.servers.github.facts import RepositoryFacts, stable_number

REACHABLE = 1_000

_TERM = re.compile(r'(-?)(?:(\w[\w-]*):)?("[^"]*"|\S+)')
_RANGE = re.compile(r"(>=|<=|>|<|)(.+)")
Value = TypeVar("Value", int, datetime)
Test = Callable[[RepositoryFacts], bool]


class BadQueryError(ValueError):
    """A query that GitHub answers with 422."""


def matching(repositories: Sequence[RepositoryFacts], query: str) -> list[RepositoryFacts]:
    """All that fit the query, unsorted."""
    tests = _tests(query)
    return [facts for facts in repositories if all(test(facts) for test in tests)]


def ordered(found: list[RepositoryFacts], sort: str | None, order: str | None) -> list[RepositoryFacts]:
    """Best first. Ties have an order that means nothing, as on GitHub, but always the same one."""
    found = sorted(found, key=lambda facts: stable_number(f"tie {facts.number}"))
    backwards = order != "asc"
    if sort == "updated":
        return sorted(found, key=lambda facts: facts.pushed, reverse=backwards)
    if sort == "forks":
        return sorted(found, key=lambda facts: facts.stars // 12, reverse=backwards)
    return sorted(found, key=lambda facts: facts.stars, reverse=backwards)


def _tests(query: str) -> list[Test]:
    tests: list[Test] = []
    forks = "false"
    for minus, name, raw in _TERM.findall(query):
        value = raw.strip('"')
        if name == "fork":
            forks = value
            continue
        test = _test(name, value)
        tests.append(_not(test) if minus else test)
    if forks not in ("true", "only", "false"):
        raise BadQueryError(f"fork:{forks} is not a search that GitHub knows")
    if forks != "true":
        tests.append(lambda facts: facts.fork == (forks == "only"))
    return tests


def _not(test: Test) -> Test:
    return lambda facts: not test(facts)


def _test(name: str, value: str) -> Test:
    lower = value.lower()
    if not name:
        return lambda facts: lower in facts.name.lower() or lower in facts.description.lower() or lower in facts.topics
    if name == "stars":
        inside = _range(value, _whole)
        return lambda facts: inside(facts.stars)
    if name == "created":
        when = _range(value, _moment)
        return lambda facts: when(facts.created)
    if name in ("pushed", "updated"):
        when = _range(value, _moment)
        return lambda facts: when(facts.pushed)
    if name == "archived" and value in ("true", "false"):
        return lambda facts: facts.archived == (value == "true")
    if name == "is" and value == "public":
        return lambda facts: True
    tests: dict[str, Test] = {
        "language": lambda facts: facts.language.lower() == lower,
        "license": lambda facts: facts.licence.lower() == lower,
        "topic": lambda facts: lower in facts.topics,
        "user": lambda facts: facts.owner.lower() == lower,
        "org": lambda facts: facts.owner.lower() == lower,
        "repo": lambda facts: facts.full_name.lower() == lower,
    }
    if name not in tests:
        raise BadQueryError(f"{name}:{value} is not a search that this server knows")
    return tests[name]


def _range(text: str, read: Callable[[str], tuple[Value, Value]]) -> Callable[[Value], bool]:
    """`A..B`, `A..*`, `*..B`, `>=A`, `A`. A value is read as the first and the last that it can mean (a date is a day)."""
    if ".." in text:
        low, high = text.split("..", 1)
        least = None if low == "*" else read(low)[0]
        most = None if high == "*" else read(high)[1]
        return lambda value: (least is None or value >= least) and (most is None or value <= most)
    sign, rest = _RANGE.fullmatch(text).groups()  # type: ignore[union-attr]
    first, last = read(rest)
    return {
        ">=": lambda value: value >= first,
        "<=": lambda value: value <= last,
        ">": lambda value: value > last,
        "<": lambda value: value < first,
        "": lambda value: first <= value <= last,
    }[sign]


def _whole(text: str) -> tuple[int, int]:
    if not text.isdigit():
        raise BadQueryError(f"{text} is not a number")
    return int(text), int(text)


def _moment(text: str) -> tuple[datetime, datetime]:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise BadQueryError(f"{text} is not a date") from None
    length = timedelta(days=1) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else timedelta(seconds=1)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found, found + length - timedelta(microseconds=1)
