"""Every text of a session, at its place, and the session with each changed. Machine's own fields (ids, hashes, times) are not texts."""

from collections.abc import Callable, Iterator
from typing import Any

from trajectories.archive.session import Session, json_of, session_of

_MACHINE = frozenset(
    tuple(path.split("."))
    for path in """
    schema_version
    trajectory_id
    agent.tool_definitions.type
    steps.source
    steps.timestamp
    steps.message.type
    steps.tool_calls.tool_call_id
    steps.observation.results.source_call_id
    steps.observation.results.content.type
    steps.extra.limi.kind
    steps.extra.limi.rejects
    extra.limi.format
    extra.limi.query_id
    extra.limi.query_sha256
    extra.limi.pr_id
    extra.limi.base_commit
    extra.limi.environment.sandbox
    extra.limi.outcome.checks.at
    extra.limi.source.sha256
    """.split()
)
# Written as people write; what stands elsewhere is code, a command or its output, where `@name` is seldom a person.
_PROSE = frozenset(
    tuple(path.split("."))
    for path in """
    notes
    agent.tool_definitions.function.description
    steps.message
    steps.message.text
    steps.reasoning_content
    steps.extra.limi.comment
    """.split()
)
Path = tuple[str | int, ...]


def texts_of(data: Any) -> Iterator[tuple[Path, str]]:
    """Each text of a session's JSON value with its path, in its order; an object's own keys count where the archive did not name them."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if named(path) not in _MACHINE:
                yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, name), one) for name, one in reversed(value.items())]
            if recorded(path):
                waiting += [((*path, name, "(key)"), name) for name in reversed(value)]
        elif isinstance(value, list | tuple):
            waiting += [((*path, at), one) for at, one in reversed(list(enumerate(value)))]


Change = Callable[[Path, str], str]


def changed(session: Session, change: Change) -> Session:
    """The session with each of its texts changed by its path and itself. Raises UserError if it is none of the archive's any more."""
    return session_of(_changed(json_of(session), (), change), session.trajectory_id)


def is_prose(path: Path) -> bool:
    """Whether a text is written as people write."""
    return named(path) in _PROSE


def place_of_text(path: Path) -> tuple[int | None, str]:
    """Step and field of a text, as `(3, "tool_calls[0].arguments")`. Names that the session made up are left out: they may be secrets."""
    step, rest = (path[1] + 1, path[2:]) if path[0] == "steps" and isinstance(path[1], int) else (None, path)
    field = ""
    for name, after in zip(rest, (*rest[1:], ""), strict=True):
        field += f"[{name}]" if isinstance(name, int) else f".{name}" if field else name
        if name in ("arguments", "parameters", "kept_aside") or (name == "extra" and after != "limi"):
            break
    return step, field


def named(path: Path) -> tuple[str, ...]:
    """A path without its numbers."""
    return tuple(step for step in path if isinstance(step, str))


def recorded(path: Path) -> bool:
    """Whether an object's keys were made up by whoever recorded it, and not by the archive."""
    names = named(path)
    if "arguments" in names[:3] and names[:2] == ("steps", "tool_calls"):
        return True
    if names[:4] == ("agent", "tool_definitions", "function", "parameters"):
        return True
    if "extra" not in names:
        return False
    inside = names[names.index("extra") + 1 :]
    return bool(inside) and (inside[0] != "limi" or "kept_aside" in inside)


def _changed(value: Any, path: Path, change: Change) -> Any:
    if isinstance(value, str):
        return value if named(path) in _MACHINE else change(path, value)
    if isinstance(value, dict):
        if recorded(path):
            return _with_names(
                value, {name: _changed(one, (*path, name), change) for name, one in value.items()}, path, change
            )
        return {name: _changed(one, (*path, name), change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_changed(one, (*path, at), change) for at, one in enumerate(value)]
    return value


def _with_names(before: dict[str, Any], after: dict[str, Any], path: Path, change: Change) -> dict[str, Any]:
    """The values under their changed names. Two names that have become one are told apart, so that no value is lost."""
    made: dict[str, Any] = {}
    for name in before:
        wanted = new = change((*path, name, "(key)"), name)
        number = 1
        while new in made:
            number += 1
            new = f"{wanted} ({number})"
        made[new] = after[name]
    return made
