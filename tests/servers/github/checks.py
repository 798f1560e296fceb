"""What a client did wrong, found by brute force over the log: nothing here knows how the limits are enforced."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tests.servers.github.limits import Limits
from tests.servers.github.log import Record

_REST = ("core", "search", "rate_limit")


def over_limit(log: Iterable[Record], limits: Limits) -> list[str]:
    """Every breach of a documented limit: requests that a limit refused, and windows that hold too much."""
    records = [record for record in log if record.resource != "git"]
    found = [
        f"{record.refused} limit refused {_named(record)}" for record in records if record.refused and not record.fault
    ]
    found += [
        f"{record.concurrent} concurrent requests at {_named(record)}"
        for record in records
        if record.concurrent > limits.concurrent
    ]
    tokens: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        tokens[record.token].append(record)
    for token, own in tokens.items():
        for name, kinds, allowed in (
            ("REST", _REST, limits.rest_points),
            ("GraphQL", ("graphql",), limits.graphql_points),
        ):
            spent = [(record.arrived, record.points) for record in own if record.resource in kinds]
            found += _sliding(f"{name} points of {token!r}", spent, limits.points_seconds, allowed)
        for name, kinds, most in (
            ("seconds of answers", (*_REST, "graphql"), limits.answer_seconds),
            ("seconds of GraphQL's answers", ("graphql",), limits.graphql_answer_seconds),
        ):
            spent = [(record.answered, record.took) for record in own if record.resource in kinds]
            found += _sliding(f"{name} of {token!r}", spent, limits.points_seconds, most)
        for resource in ("core", "search", "graphql"):
            spent = [(record.arrived, record.cost) for record in own if record.resource == resource]
            found += _fixed(
                f"{resource} of {token!r}", spent, limits.seconds(resource), limits.primary(token, resource)
            )
    return found


def early_requests(log: Iterable[Record], grace: float = 0.0, slack: float = 0.0) -> list[str]:
    """Every request that arrived before a time at which an earlier answer had told its sender to come back.

    `grace` (real seconds) forgives requests that were on their way when that answer was sent; `slack` (the clock's
    seconds) forgives rounding.
    """
    records = sorted(log, key=lambda record: record.arrived_order)
    found = []
    for answer in records:
        until, everywhere = _not_before(answer)
        if until is None:
            continue
        for record in records:
            if record.arrived_order <= answer.answered_order or record.arrived >= until - slack:
                continue
            if record.arrived_real <= answer.answered_real + grace and grace:
                continue
            if answer.resource == "git":
                concerned = record.resource == "git"
            elif record.token != answer.token or record.resource == "git":
                concerned = False
            else:
                concerned = everywhere or record.resource == answer.resource
            if concerned:
                found.append(
                    f"{_named(record)} came {until - record.arrived:.1f} s early: {_named(answer)} had said so"
                )
    return found


def _not_before(record: Record) -> tuple[float | None, bool]:
    """The clock's time until which this answer asks for quiet, and whether that is for all resources of the token."""
    if record.answered_order < 0 or not record.status:
        return None, False
    if record.retry_after is not None:
        return record.answered + record.retry_after, record.refused != "primary"
    if record.remaining == 0 and record.reset is not None and record.resource != "rate_limit":
        return record.reset - record.skew, False
    if record.refused == "secondary" or record.status == 429:
        return record.answered + 60, True
    return None, False


def _sliding(what: str, spent: Sequence[tuple[float, float]], seconds: int, allowed: float) -> list[str]:
    """Every window (t - seconds, t] that ends with a request and holds more than is allowed."""
    spent = sorted(spent)
    found: list[str] = []
    first, total = 0, 0.0
    for when, amount in spent:
        total += amount
        while spent[first][0] <= when - seconds:
            total -= spent[first][1]
            first += 1
        if total > allowed + 1e-6 and amount:
            found.append(f"{total:g} {what} in the {seconds} s before {when:.1f}, {allowed} are allowed")
    return found


def _fixed(what: str, spent: list[tuple[float, int]], seconds: int, allowed: int) -> list[str]:
    """Every window that begins with the first request after the one before it ended, and holds more than is allowed."""
    found, start, total = [], -math.inf, 0
    for when, amount in sorted(spent):
        if not amount:
            continue
        if when >= start + seconds:
            start, total = math.floor(when), 0
        total += amount
        if total > allowed:
            found.append(f"{total} {what} in the {seconds} s from {start}, {allowed} are allowed")
    return found


def _named(record: Record) -> str:
    return f"{record.method} {record.path} ({record.resource}, token {record.token!r}, order {record.arrived_order})"
