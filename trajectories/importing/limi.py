"""The published LIMI form, `{messages, tools}` rows, and our own export: one session for each row of JSON, JSON lines or parquet.

The published file's licence is "other", so none of its rows is in this repository: this reads a user's own copy. A row of our export has
more columns; the caller decides what they mean (`GivenOf`), and they are kept aside.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.errors import UserError
from trajectories.archive.session import Session
from trajectories.importing.draft import Draft
from trajectories.importing.fields import Fields, content_of, kind_of
from trajectories.importing.given import Given, GivenOf
from trajectories.importing.messages import agent_message, tools_of
from trajectories.importing.reading import Recording, parsed

FORMAT = "limi messages"
_ROWS = 8  # of a parquet file in memory at a time
_EVERYTHING = 2**62  # bytes: the file may hold any number of sessions; one line is one
_REASONS = {
    "steps.extra.limi.kind": (
        "the format has no more than roles: the first message of the user counts as the request, a later one as a further request if the "
        "agent had called no tool just before, else as a remark; rejections and commands of the human can't be told"
    ),
    "steps.timestamp": "the format has no times",
    "steps.metrics.prompt_tokens": "the format has no token counts",
    "steps.metrics.completion_tokens": "the format has no token counts",
    "steps.metrics.cached_tokens": "the format has no token counts",
    "steps.metrics.cost_usd": "the format has no costs",
}
_NULLS = (
    "parquet gives every struct of a column the same fields, so a null in it may be one that the model wrote or none: all were left out; "
    "import the JSON file instead if there is one"
)


def sessions_of(recording: Recording, given: Given | GivenOf) -> Iterator[Session]:
    """One session for each row. A single Given is refused where the file has more rows than one, as each needs its own query."""
    rows = _rows(recording)
    first = next(rows, None)
    if first is None:
        raise UserError(f"{recording.path}: it has no rows")
    second = next(rows, None)
    if second is not None and isinstance(given, Given):
        raise UserError(
            f"{recording.path}: it has several rows, and each is the work on a query of its own; say which row is "
            "meant (--row N), or give a file with a column query_id"
        )
    many = second is not None or not isinstance(given, Given)
    for number, row in enumerate(_after(first, second, rows), 1):
        fields = Fields(row[1], f"{recording.path}: row {number}")
        if session := _session(recording, given, fields, number, many, row[0]):
            yield session


def _after(first: Any, second: Any, rows: Iterator[Any]) -> Iterator[Any]:
    yield first
    if second is not None:
        yield second
        yield from rows


def _session(
    recording: Recording, given: Given | GivenOf, row: Fields, number: int, many: bool, structs: bool
) -> Session | None:
    """None if the caller leaves this row out."""
    draft = Draft("unknown", _REASONS)
    messages, tools = _listed(row, "messages", structs), _listed(row, "tools", structs)
    if structs:
        draft.stated.append(("steps.tool_calls.arguments", _NULLS))
    if tools:
        definitions, kept = tools_of(tools)
        draft.agent["tool_definitions"] = definitions
        if kept:
            draft.agent_kept["tools"] = kept
    for message in messages:
        _message(draft, message)
    if row.left:
        draft.kept["columns"] = row.left
    known = given if isinstance(given, Given) else given(number, dict(row.left))
    if known is None:
        return None
    return draft.finished(known, recording, FORMAT, number if many else None)


def _message(draft: Draft, message: Fields) -> None:
    role = message.text("role")
    if role == "assistant":
        step = agent_message(draft, message)
        if message.left.get("train") is False:
            message.take("train")
            step["notes"]["no_loss"] = True
        step["notes"]["kept_aside"].update(message.left)
        return
    if role not in ("system", "developer", "user", "tool"):
        raise message.fault("role", "it must be system, developer, user, assistant or tool")
    content, kept = content_of(message.take("content"), message.at("content"))
    recorded = message.maybe_text("tool_call_id") if role == "tool" else None
    aside = message.left if kept is None else message.left | {"content": kept}
    if role == "tool":
        draft.answer(recorded, content, message.at("tool_call_id"), kept=aside)
    elif role == "user":
        draft.human(content, kept=aside)
    else:
        draft.step("system", content, kind="prompt", kept=aside | ({} if role == "system" else {"role": role}))


def _listed(row: Fields, name: str, structs: bool) -> list[Fields]:
    """The objects of a column, which may be a list or its JSON text."""
    if isinstance(row.left.get(name), str):
        text = row.text(name)
        try:
            row.left[name] = parsed(text)
        except (ValueError, RecursionError) as error:
            said = (
                "it is nested too deep" if isinstance(error, RecursionError) else f"it is cut off or no JSON: {error}"
            )
            raise row.fault(name, said) from None
    elif structs:
        row.left[name] = _without_nulls(row.left.get(name))
    if name == "messages" and not isinstance(row.left.get(name), list):
        raise row.fault(name, f"it must be a list of messages, not {kind_of(row.left.get(name))}")
    return row.objects(name)


def _rows(recording: Recording) -> Iterator[tuple[bool, Any]]:
    """Each row, and whether it comes of parquet's structs."""
    if recording.begins_with(b"PAR1"):
        yield from _parquet_rows(recording)
    elif recording.begins_with(b"["):
        for _, row in recording.values():
            yield False, row
    else:
        try:
            for _, row in recording.lines(_EVERYTHING):
                yield False, row
        except UserError:
            if not recording.begins_with(b"{\n") and not recording.begins_with(b"{\r\n"):
                raise
            yield False, recording.document()


def _parquet_rows(recording: Recording) -> Iterator[tuple[bool, Any]]:
    try:
        frame = pl.scan_parquet(recording.path, glob=False)
        schema = frame.collect_schema()
        number = frame.select(pl.len()).collect().item()
        for at in range(0, number, _ROWS):
            for row in frame.slice(at, _ROWS).collect().to_dicts():
                yield schema.get("messages") != pl.String(), row
    except (pl.exceptions.PolarsError, OSError) as error:
        said = str(error).splitlines()
        raise UserError(f"{recording.path} is cut off or no parquet file: {said[0] if said else error}") from None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
