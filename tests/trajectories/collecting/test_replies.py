"""Whatever an endpoint replies: it is refused before it is recorded, or the session can be archived."""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import ENVIRONMENT, OWN_QUERY, World
from trajectories.archive.file import read_session, text_of_session
from trajectories.collecting.inside import limi_reply
from trajectories.collecting.inside.limi_reply import MOST_REPLY, MOST_VALUES, checked
from trajectories.importing.formats import import_file
from trajectories.importing.given import Given

# As they stand in the body. The archive could not hold the unbounded ones anywhere.
STRANGE = ("null", "true", "-1", "1e308", '"\\ud800"', "[]", '{"a": 1}')
UNBOUNDED = (str(10**30), "1e999", "[" * 100 + "]" * 100)
WRONG_COMMANDS = ("5", "null", '["ls"]', '"ls", "command": "true"')
MARK = "the mark"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each place within a JSON value, and at each object a name that nobody knows."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in named:
        yield (*path, name)
        yield from places(part, (*path, name))


def marked(path: tuple[Any, ...]) -> str:
    """A reply's body with MARK at a place."""
    made: Any = copy.deepcopy(reply("Said.", "true", reasoning="Thought.", number=1))
    at = made
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = MARK
    return json.dumps(made)


def bodies() -> list[str]:
    """A reply with every strange value at every place, and at names that mini-swe-agent or the importer give a meaning of their own."""
    message, usage = ("choices", 0, "message"), ("usage",)
    named = [*((*message, name) for name in ("output", "extra", "reasoning", "refusal")), (*usage, "cost"), ("error",)]
    whole = [path for path in places(reply("Said.", "true", reasoning="Thought.")) if path]
    made = [marked(path).replace(f'"{MARK}"', strange) for path in [*whole, *named] for strange in STRANGE]
    arguments = (*message, "tool_calls", 0, "function", "arguments")
    made += [
        marked(path).replace(f'"{MARK}"', value) for path in (("created",), (*usage, "cost")) for value in UNBOUNDED
    ]
    texts = [json.dumps(f'{{"command": {command}}}') for command in WRONG_COMMANDS]
    return made + [marked(arguments).replace(f'"{MARK}"', text) for text in texts]


class ByModel(Endpoint):
    """Gives the body whose number the model is named by, and then hands in."""

    def __init__(self, given: list[str]) -> None:
        super().__init__()
        self.given: list[str | None] = list(given)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any] | tuple[int, str] | None:
        body, self.given[int(asked["model"])] = self.given[int(asked["model"])], None
        return (200, body) if body is not None else reply("Done.", HAND_IN, number=9)


def recorded(endpoint: Endpoint, folder: Path, count: int, seconds: float = 20) -> None:
    """Make recordings against an endpoint (many_replies.py)."""
    program, python = Path(__file__).with_name("many_replies.py"), ENVIRONMENT / "environment/bin/python"
    inside = Path(limi_reply.__file__).parent
    arguments = [inside, folder, endpoint.url, count, seconds]
    subprocess.run([python, program, *map(str, arguments)], check=True, capture_output=True, timeout=120)


def test_no_reply_makes_a_recording_that_cannot_be_archived(tmp_path: Path) -> None:
    given = bodies()
    with ByModel(given) as endpoint:
        recorded(endpoint, tmp_path, len(given))
    refused = 0
    wrong: list[tuple[str, str]] = []
    for number, body in enumerate(given):
        stopped = tmp_path / f"{number}.refused"
        told = stopped.read_text(encoding="utf-8") if stopped.exists() else ""
        if "is no chat completion that can be recorded" in told:
            refused += 1
            continue
        try:
            provenance = Given(query_id="real-001", query_sha256="0" * 64, recorded=True)
            (session,) = import_file(tmp_path / f"{number}.json", given=provenance)
            text_of_session(session)
        except UserError as error:
            told += str(error)
        wrong += [(body, told)] if told else []
    assert wrong == []
    assert len(given) / 4 < refused < len(given) * 2 / 3


def test_a_reply_that_is_too_large_or_too_long_is_refused() -> None:
    assert checked(json.dumps(reply("a" * (MOST_REPLY - 1000))))["choices"]
    with pytest.raises(ValueError, match="characters"):
        checked(json.dumps(reply("a" * MOST_REPLY)))
    with pytest.raises(ValueError, match="values"):
        checked(json.dumps(reply("a") | {"more": [1] * MOST_VALUES}))
    with pytest.raises(ValueError, match="it is no JSON"):
        checked("{" + '"a":{' * 100_000)


def test_a_recording_that_the_archive_could_not_hold_ends_before(world: World) -> None:
    large = "head -c 1000000 /dev/zero"  # six characters each as JSON
    with Endpoint(reply("A lot.", *[large] * 6, number=1)) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "is not finished (RecordingFull)" in done.stdout, done.stderr
        assert world.run(endpoint.url, OWN_QUERY, {"give_up": True}, mode="yolo").returncode == 0
    results = read_session(world.archive / f"{OWN_QUERY}-1.json").steps[2].results
    left_out = ["was not run: the recording is full" in str(result.content) for result in results]
    assert left_out == [False] * 5 + [True]


def test_a_recording_of_too_many_values_ends_before(tmp_path: Path) -> None:
    many = [reply("Many.", "true", number=number) | {"more": [1] * (MOST_VALUES - 100)} for number in range(30)]
    with Endpoint(*many) as endpoint:
        recorded(endpoint, tmp_path, 1)
        assert len(endpoint.asked) == 21  # of 10,000 values each, and the archive takes half a million
    assert json.loads((tmp_path / "0.json").read_text(encoding="utf-8"))["info"]["exit_status"] == "RecordingFull"


def test_an_odd_reply_is_asked_for_again_and_the_session_goes_on(world: World) -> None:
    odd = reply("Odd.", "ls", number=1)
    odd["choices"][0]["message"]["reasoning_content"] = {"a": 1}
    with Endpoint(odd, reply("Done.", HAND_IN, number=2)) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "ARCHIVED" in done.stdout, done.stderr
    assert [step.text for step in read_session(world.archive / f"{OWN_QUERY}-1.json").steps[2:]] == ["Done."]


def test_a_reply_that_comes_little_by_little_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with Endpoint(reply("Slow.", HAND_IN)) as endpoint:
        endpoint.pause = 0.1
        recorded(endpoint, tmp_path, 1, seconds=0.5)
    assert "the endpoint's reply took too long" in (tmp_path / "0.refused").read_text(encoding="utf-8")
