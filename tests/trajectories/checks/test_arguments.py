"""A tool's JSON schema decides on arguments, and a hostile one costs little and fetches nothing."""

import json
import time
from typing import Any

import pytest

from tests.trajectories import made
from tests.trajectories.checks.test_rules import ASKED, DONE, tool, works
from tests.trajectories.made import call
from trajectories.archive.session import session_of
from trajectories.checks.arguments import MOST_SCHEMA, Unusable, schema_of
from trajectories.checks.check import check

BASH = {
    "type": "object",
    "properties": {"command": {"type": "string"}, "seconds": {"type": "integer", "minimum": 1}},
    "required": ["command"],
    "additionalProperties": False,
}


def problems(schema: Any, arguments: dict[str, Any]) -> list[str] | Unusable:
    found = schema_of(json.dumps(schema))
    return found if isinstance(found, Unusable) else found.problems(arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"command": "ls"}, []),
        ({"command": "ls", "seconds": 3}, []),
        ({}, ["arguments: it lacks 1 of the arguments that the tool requires"]),
        ({"command": 3}, ["arguments.…: it is of another type than the tool takes"]),
        ({"command": "ls", "seconds": 0}, ["arguments.…: it breaks the schema's `minimum`"]),
        ({"command": "ls", "hunter2": 1}, ["arguments: it has arguments that the tool does not have"]),
    ],
)
def test_arguments_are_held_against_the_schema(arguments: dict[str, Any], expected: list[str]) -> None:
    assert problems(BASH, arguments) == expected


def test_a_reference_within_the_schema_is_followed() -> None:
    schema = {"$defs": {"x": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/x"}}}
    assert problems(schema, {"a": "x"}) == []
    assert problems(schema, {"a": 1}) == ["arguments.…: it is of another type than the tool takes"]


def test_an_older_dialect_is_read_as_it_says() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "properties": {"a": {"items": [{"type": "string"}]}},
    }
    assert problems(schema, {"a": ["x", 1]}) == []
    assert problems(schema, {"a": [1]}) == ["arguments.…[0]: it is of another type than the tool takes"]


DOUBLING = {f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(40)} | {"a40": {}}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "it refers to what is not in it"),
        ({"$ref": "file:///etc/passwd"}, "it refers to what is not in it"),
        ({"$ref": "#/$defs/none"}, "it refers to what is not in it"),
        ({"$ref": "#"}, "it refers to itself without end"),
        ({"$defs": DOUBLING, "$ref": "#/$defs/a0"}, "it takes too much work to evaluate"),
        ({"type": "STRING"}, "it is no JSON schema"),
        ({"properties": []}, "it is no JSON schema"),
        ({"$schema": 5}, "it is no JSON schema"),
        ({"title": "x" * MOST_SCHEMA}, f"it is longer than {MOST_SCHEMA} characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_schema_that_leads_nowhere_is_told_as_unusable(schema: Any, reason: str) -> None:
    assert problems(schema, {"a": 1}) == Unusable(reason)


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"properties": {"a": {"pattern": "(a+)+$"}}}, {"a": "a" * 60 + "b"}),
        ({"patternProperties": {"(a+)+$": {}}}, {"a" * 60 + "b": 1}),
        ({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"x": at} for at in range(20_000)]}),
        ({"properties": {"a": {"items": {"enum": list(range(8_000))}}}}, {"a": [-1] * 20_000}),
        ({"allOf": [{"not": {"type": "null"}}] * 2_000}, {"a": 1}),
    ],
    ids=["pattern", "names", "unique", "enum", "many"],
)
def test_a_hostile_schema_takes_little_time(schema: Any, arguments: dict[str, Any]) -> None:
    begin = time.process_time()
    problems(schema, arguments)
    assert time.process_time() - begin < 8


def test_no_value_and_no_name_of_the_arguments_is_quoted() -> None:
    told = problems({"additionalProperties": {"type": "integer", "const": 3}}, {"hunter2": "s3cret", "other": 4})
    assert told
    assert "hunter2" not in str(told)
    assert "s3cret" not in str(told)


def test_of_a_calls_many_problems_the_first_three_are_told() -> None:
    wanted: dict[str, Any] = {
        "properties": {"a": {"type": "string"}},
        "required": ["b"],
        "maxProperties": 0,
        "minProperties": 3,
    }
    step = works(1) | {"tool_calls": [call("c1", "ls") | {"arguments": {"a": 1}}]}
    value = made.value(ASKED, step, DONE)
    value["agent"]["tool_definitions"] = [tool("bash", wanted)]
    (one,) = [one for one in check(session_of(value, "made")) if one.rule == "other_arguments"]
    assert (one.said.count("; "), one.value) == (2, 4)
