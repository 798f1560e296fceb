"""Which lines of a Claude Code file are the session: each line names the one before it, and the file keeps every way that was begun.

- A line that stands twice (a session that was taken up again) counts once.
- Lines of sub-agents (`isSidechain`) are no steps of this session.
- The session is the way to the last line of the human or the agent. Results of calls that were made side by side hang beside the way, as
  each names its own call as the line before it; they belong to it, and so do the pieces of one reply. A result whose call is nowhere
  belongs to it as well, so that the file is refused as not whole.
- A compaction starts anew and names the line before it as `logicalParentUuid`.
- A line whose predecessor is not in the file (known to happen) follows the line before it in the file.
"""

from dataclasses import dataclass
from typing import Any

from trajectories.importing.fields import Fields
from trajectories.importing.lineage import main_line


@dataclass(frozen=True)
class Line:
    """A line of the file, its place and its value."""

    place: str
    value: dict[str, Any]

    @property
    def uuid(self) -> str | None:
        """Its name; None for lines that are no part of the chain."""
        name = self.value.get("uuid")
        return name if isinstance(name, str) else None

    @property
    def speaks(self) -> bool:
        """Whether it is of the human or the agent."""
        return self.value.get("type") in ("user", "assistant") or self.queued is not None

    @property
    def queued(self) -> str | None:
        """What the human, or a task, said while the agent worked; the model was shown it between two calls."""
        held = self.value.get("attachment")
        said = held.get("prompt") if isinstance(held, dict) and held.get("type") == "queued_command" else None
        return said if isinstance(said, str) else None


@dataclass(frozen=True)
class Chain:
    """The lines of the session in the file's order, and those that are none of it."""

    lines: list[Line]
    sidechains: list[Line]
    branches: list[Line]
    repeated: list[Line]  # with the uuid of an earlier line and something else in them


def chain_of(lines: list[Line]) -> Chain:
    """Sort the lines of a file."""
    first: dict[str, Line] = {}
    repeated: list[Line] = []
    once: list[Line] = []
    for line in lines:
        before = first.get(line.uuid) if line.uuid is not None else None
        if before is None:
            once.append(line)
            if line.uuid is not None:
                first[line.uuid] = line
        elif before.value != line.value:
            repeated.append(line)
    sidechains = [line for line in once if line.value.get("isSidechain") is True]
    own = [line for line in once if line.value.get("isSidechain") is not True]
    kept = _kept(own)
    return Chain(
        [line for line in own if id(line) in kept],
        sidechains,
        [line for line in own if id(line) not in kept],
        repeated,
    )


def _kept(own: list[Line]) -> set[int]:
    """The lines of the session, as ids of the objects."""
    named = [line for line in own if line.uuid is not None]
    linked = any(_parent(line) is not None for line in named)
    last = next((line for line in reversed(named) if line.speaks), None)
    if not linked or last is None or last.uuid is None:
        return {id(line) for line in own}
    known = {line.uuid for line in named}
    parents: dict[str, str | None] = {}
    before: str | None = None
    for line in named:
        parent = _parent(line)
        parents[str(line.uuid)] = before if parent is not None and parent not in known else parent
        before = line.uuid
    way = set(main_line(parents, last.uuid))
    replies = {reply for line in named if line.uuid in way and (reply := _reply(line)) is not None}
    way |= {str(line.uuid) for line in named if _reply(line) in replies and _reply(line) is not None}
    calls = {name for line in named if line.uuid in way for name in _names(line, "tool_use", "id")}
    every_call = {name for line in named for name in _names(line, "tool_use", "id")}
    answered = {name for line in named if line.uuid in way for name in _names(line, "tool_result", "tool_use_id")}
    for line in named:
        results = _names(line, "tool_result", "tool_use_id")
        belongs = (results <= calls and not results & answered) or not results <= every_call
        if line.uuid not in way and results and belongs:
            way.add(str(line.uuid))
            answered |= results
    # What is not of the chain, and what only tells something beside it, belongs to the session, wherever it hangs.
    return {id(line) for line in own if line.uuid is None or line.uuid in way or not line.speaks}


def _parent(line: Line) -> str | None:
    for name in ("parentUuid", "logicalParentUuid"):
        parent = line.value.get(name)
        if isinstance(parent, str):
            return parent
    return None


def _reply(line: Line) -> str | None:
    message = line.value.get("message")
    name = message.get("id") if isinstance(message, dict) and line.value.get("type") == "assistant" else None
    return name if isinstance(name, str) else None


def _names(line: Line, kind: str, field: str) -> set[str]:
    message = line.value.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return {
        name
        for block in (content if isinstance(content, list) else [])
        if isinstance(block, dict) and block.get("type") == kind and isinstance(name := block.get(field), str)
    }


def fields_of(line: Line) -> Fields:
    """The line's fields."""
    return Fields(line.value, line.place)
