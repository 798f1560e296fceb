"""A page of a list as GraphQL shows it: a connection with its nodes, edges, cursors and page information."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.servers.github.graphql_cost import problem

Arguments = dict[str, Any]


@dataclass
class Thing:
    """One object: a field is a value, or a function of the field's arguments."""

    typename: str
    fields: dict[str, Any]


def connection(
    kind: str, items: Sequence[Any], arguments: Arguments, key: Callable[[Any], str], make: Callable[[Any], Thing]
) -> Thing:
    """A page of a list. A cursor carries the place and the key of its item, and is worth nothing once they do not agree."""
    total = len(items)
    start = _place(arguments["after"], items, key) if arguments.get("after") else 0
    end = _place(arguments["before"], items, key) - 1 if arguments.get("before") else total
    if arguments.get("first") is not None:
        end = min(end, start + arguments["first"])
    elif arguments.get("last") is not None:
        start = max(start, end - arguments["last"])
    else:
        end = start
    page = list(items[start:end])
    cursors = [_cursor(start + at, key(item)) for at, item in enumerate(page)]
    made: list[Thing] = []

    def things(_: Arguments) -> list[Thing]:
        if not made:
            made.extend(make(item) for item in page)
        return made

    def edges(_: Arguments) -> list[Thing]:
        name = f"{kind}Edge"
        return [Thing(name, {"cursor": cursor, "node": node}) for cursor, node in zip(cursors, things({}), strict=True)]

    return Thing(
        f"{kind}Connection",
        {
            "totalCount": total,
            "nodes": things,
            "edges": edges,
            "pageInfo": Thing(
                "PageInfo",
                {
                    "hasNextPage": end < total,
                    "hasPreviousPage": start > 0,
                    "startCursor": cursors[0] if cursors else None,
                    "endCursor": cursors[-1] if cursors else None,
                },
            ),
        },
    )


def _cursor(place: int, key: str) -> str:
    return base64.b64encode(f"cursor:v2:{place}:{key}".encode()).decode()


def _place(cursor: str, items: Sequence[Any], key: Callable[[Any], str]) -> int:
    """The place after the cursor's item."""
    try:
        found = re.fullmatch(r"cursor:v2:(\d+):(.*)", base64.b64decode(cursor, validate=True).decode(), re.DOTALL)
    except (binascii.Error, ValueError):
        found = None
    if not found:
        raise problem("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.")
    place = int(found[1])
    if place < len(items) and key(items[place]) == found[2]:
        return place + 1
    return next((at + 1 for at, item in enumerate(items) if key(item) == found[2]), len(items))
