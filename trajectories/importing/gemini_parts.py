"""Gemini's parts: what a message of text, thoughts, function calls and their responses holds."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from trajectories.importing.fields import Fields, joined, kind_of

# What gemini-cli puts before a command that the human ran with `!` (useExecutionLifecycle.ts); backticks and backslashes are escaped.
_BEFORE = "I ran the following shell command:\n```sh\n"
_BETWEEN = "\n```\n\nThis produced the following result:\n```\n"
_AFTER = "\n```"
_ESCAPED = re.compile(r"\\([\\`])")


@dataclass
class Parts:
    """The parts of one message, sorted by what they are."""

    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    calls: list[Fields] = field(default_factory=list)
    responses: list[Fields] = field(default_factory=list)
    aside: list[Any] = field(default_factory=list)  # images and the like, whole

    @property
    def content(self) -> str | list[dict[str, str]]:
        """The texts as a content of the archive."""
        return joined(self.texts)


def parts_of(value: Any, place: str) -> Parts:
    """A PartListUnion: a text, a part, or a list of both."""
    found = Parts()
    for number, part in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        if isinstance(part, str):
            found.texts.append(part)
            continue
        one = Fields(part, f"{place}[{number}]")
        if isinstance(one.left.get("functionCall"), dict):
            found.calls.append(one.object("functionCall"))
        elif isinstance(one.left.get("functionResponse"), dict):
            found.responses.append(one.object("functionResponse"))
        elif isinstance(one.left.get("text"), str):
            (found.thoughts if one.take("thought") is True else found.texts).append(one.text("text"))
        if one.left:
            found.aside.append(one.left)
    return found


def output_of(response: Fields) -> tuple[str, Any]:
    """What a function's response says, and the response itself where that is more than one text.

    gemini-cli writes `{"output": TEXT}` or `{"error": TEXT}`; anything else is shown to the model as it is, and stands here as JSON.
    """
    said = response.take("response")
    if isinstance(said, dict) and len(said) == 1:
        (name, text), *_ = said.items()
        if name in ("output", "error") and isinstance(text, str):
            return text, None if name == "output" else {"error": True}
    if said is not None and not isinstance(said, dict):
        raise response.fault("response", f"it must be an object, not {kind_of(said)}")
    return json.dumps(said, ensure_ascii=False) if said is not None else "", said


def other_name(response: Fields, step: dict[str, Any], call: str) -> dict[str, Any]:
    """The tool that a response names, where it is another one than that of the call it answers."""
    names = [one["function_name"] for one in step.get("tool_calls", ()) if one["tool_call_id"] == call]
    said = response.left.get("name")
    return {} if said is None or said in names else {"name": said}


def own_command(text: str) -> tuple[str, str] | None:
    """Command and output, where the human ran one by hand."""
    if not text.startswith(_BEFORE) or not text.endswith(_AFTER):
        return None
    command, between, output = text.removeprefix(_BEFORE).removesuffix(_AFTER).partition(_BETWEEN)
    return (_ESCAPED.sub(r"\1", command), _ESCAPED.sub(r"\1", output)) if between else None
