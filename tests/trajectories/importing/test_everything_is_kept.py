"""Whatever a recording holds that nobody knows is in the session, at every place, and what it says stands there in full."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.importing.samples import imported, sample, sample_names
from trajectories.archive.file import text_of_session

# A call's arguments are the model's own words, and an unknown field in them would change them.
_NOT_THERE = {"arguments", "args", "input", "action", "parameters"}
# Words that say how a recording is built; the archive says the same in its own.
_FORM = re.compile(
    r"(system|user|assistant|agent|model|tool|exit|developer|function|message|reasoning|text|thinking|tool_use|tool_result|environment|gemini|"
    r"(in|out)put_text|summary_text|function_call(_output)?|custom_tool_call_output|[A-Z][A-Za-z]*(Event|Observation)|"
    r"mini-swe-agent-1.1|api_request_full|session_meta|OBJECT|STRING|response_item|UserRejection|UserNewTask|UserInterruption|Submitted)"
)


def _objects(value: Any, name: str = "") -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and name not in _NOT_THERE:
        yield value
        for inner, part in value.items():
            yield from _objects(part, inner)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part, name)


def _places(value: Any, above: tuple[int | str, ...] = ()) -> Iterator[tuple[Any, int | str, tuple[int | str, ...]]]:
    """What holds each value, its name there, and the names on the way to it."""
    for name, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, name, (*above, name)
        yield from _places(part, (*above, name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


@pytest.mark.parametrize("name", sample_names())
def test_an_unknown_field_is_kept_wherever_it_stands(name: str, tmp_path: Path) -> None:
    recording = sample(name)
    again: list[dict[str, Any]] = []
    for number, one in enumerate(list(_objects(recording))):
        if one not in again:  # a line that stands twice must stay the same
            again.append(copy.deepcopy(one))
            one[f"unknown{number}"] = f"kept {number}."
    wanted = set(re.findall(r"kept \d+\.", json.dumps(recording)))
    assert wanted
    assert wanted - set(re.findall(r"kept \d+\.", text_of_session(imported(tmp_path, recording)))) == set()


@pytest.mark.parametrize("name", sample_names())
def test_every_text_of_a_recording_is_in_the_session(name: str, tmp_path: Path) -> None:
    recording = sample(name)
    if name == "mini-swe-agent":
        recording["info"]["config"]["model"]["model_kwargs"] = {}  # its key is left out, which another test wants
    session = json.loads(text_of_session(imported(tmp_path, recording)))
    held = "\n".join(_texts(session)) + "\n" + json.dumps(session)
    lost = {text for text in _texts(recording) if text not in held and not _FORM.fullmatch(text)}
    arguments = {text for text in lost if text.startswith("{") and json.dumps(json.loads(text)) in json.dumps(session)}
    assert lost - arguments == set()


# Another value than the format has, at a place that it has.
_OTHERS: tuple[Any, ...] = ("other.", ["other."], {"x": "other."})
_MEANT_TO_GO = {
    ("mini-swe-agent", "api_key"),  # a key never reaches the archive
    ("gemini-cli", "timestamp"),  # of an earlier state of a message, in whose place a later line stands
}


@pytest.mark.parametrize("name", sample_names())
def test_another_value_at_a_known_place_is_kept_or_refused(name: str, tmp_path: Path) -> None:
    recording = sample(name)
    lost = set()
    for number, (holder, at, names) in enumerate(list(_places(recording))):
        before, holder[at] = holder[at], _OTHERS[number % len(_OTHERS)]
        try:
            kept = "other." in text_of_session(imported(tmp_path, recording))
        except UserError:
            kept = True
        holder[at] = before
        if not kept and (name, at) not in _MEANT_TO_GO:
            lost.add(names)
    assert lost == set()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("claude-code", lambda lines: lines[4]["message"]["usage"].update(input_tokens=7919)),
        ("openhands", lambda events: events[8].update(source="hook")),
        ("sii-cli", lambda log: log["events"][-1]["data"]["full_request"].update(system_instruction={"x": "7919"})),
    ],
)
def test_what_differs_from_what_the_archive_says_is_kept_beside_it(name: str, changed: Any, tmp_path: Path) -> None:
    recording = sample(name)
    changed(recording)
    text = text_of_session(imported(tmp_path, recording))
    assert "7919" in text or '"source": "hook"' in text
