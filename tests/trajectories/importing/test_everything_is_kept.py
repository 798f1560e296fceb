"""Whatever a recording holds that nobody knows is in the session, at every place, and what it says stands there in full."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
