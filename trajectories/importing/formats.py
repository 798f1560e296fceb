"""Read a file that another program recorded: which format it is, and the sessions in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from trajectories.archive.session import Session
from trajectories.importing import claude_code, codex, gemini, limi, mini_swe_agent, openhands, sii
from trajectories.importing.given import Given, GivenOf
from trajectories.importing.reading import NO_JSON, Recording

_LOOKED_AT = 50  # lines, until one tells the format

FORMATS: dict[str, Callable[[Recording, Any], Iterator[Session]]] = {
    "claude-code": claude_code.sessions_of,
    "codex": codex.sessions_of,
    "gemini-cli": gemini.sessions_of,
    "limi": limi.sessions_of,
    "mini-swe-agent": mini_swe_agent.sessions_of,
    "openhands": openhands.sessions_of,
    "sii-cli": sii.sessions_of,
}


def import_file(
    path: Path,
    format: str | None = None,  # noqa: A002
    *,
    given: Given | GivenOf,
    leave_out_cut_line: bool = False,
) -> Iterator[Session]:
    """The sessions of a file, or of a folder of OpenHands' events, one at a time.

    `format` is a key of FORMATS; without it the content decides. `given` is the provenance that no file has; a LIMI file of several rows
    needs it for each row. `leave_out_cut_line` takes a JSON lines file whose recorder was killed while it wrote the last line; the session
    then states it. Raises UserError with file, line or step, and field.
    """
    recording = Recording(path, leave_out_cut_line)
    chosen = format or detect(path)
    if chosen not in FORMATS:
        raise UserError(f"{chosen} is no format of recordings; known are {', '.join(FORMATS)}")
    if chosen != "limi" and not isinstance(given, Given):
        only = given(1, {})
        if only is None:
            raise UserError(f"{path} holds one session and no rows; it is row 1")
        given = only
    return FORMATS[chosen](recording, given)


def detect(path: Path) -> str:
    """The format of a file by its content, never by its name. Raises UserError if none is recognised."""
    recording = Recording(path)
    if path.is_dir():
        return "openhands"
    if recording.begins_with(b"PAR1"):
        return "limi"
    for value in _first(recording):
        found = _format_of(value)
        if found:
            return found
    raise UserError(f"{path}: its format is not recognised; name it, one of {', '.join(FORMATS)}")


def _first(recording: Recording) -> Iterator[Any]:
    """The document's value, or those of the first lines."""
    seen = 0
    try:
        for _, value in recording.lines():
            yield value
            seen += 1
            if seen == _LOOKED_AT:
                return
    except UserError as error:
        # The line that broke off may be the last of many, or the first of a document of many lines.
        if NO_JSON not in str(error):
            raise
        if not seen:
            document = recording.document()
            yield document[0] if isinstance(document, list) and document else document


def _format_of(value: Any) -> str | None:
    """What a document, or one line, tells."""
    if isinstance(value, list):
        return _format_of(value[0]) if value and not isinstance(value[0], list) else None
    if not isinstance(value, dict):
        return None
    kind = value.get("type")
    if str(value.get("trajectory_format", "")).startswith("mini-swe-agent"):
        return "mini-swe-agent"
    if "payload" in value and isinstance(kind, str) and kind in codex.LINES:
        return "codex"
    if "kind" in value and "source" in value:
        return "openhands"
    if "sessionId" in value and "projectHash" in value:
        return "gemini-cli"
    if isinstance(value.get("events"), list):
        return "sii-cli"
    if isinstance(kind, str) and ("sessionId" in value or "leafUuid" in value) and "payload" not in value:
        return "claude-code"
    return "limi" if "messages" in value else None
