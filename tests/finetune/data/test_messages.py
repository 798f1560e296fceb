"""A row's messages are read whole, or refused with the row and the place."""

import json
from typing import Any

import pytest

from finetune.data.messages import messages_of, texts_of, tools_of
from pipeline.errors import UserError

ASKED = {"role": "user", "content": "a"}


def read(*messages: Any) -> list[dict[str, Any]]:
    return messages_of(json.dumps([ASKED, *messages]), "row-7")[1:]


def turn(**fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": "b", **fields}


def calling(**call: Any) -> dict[str, Any]:
    return turn(tool_calls=[call])


def test_arguments_are_objects_whether_they_came_as_an_object_or_as_its_text() -> None:
    given = {"path": "x", "n": 1.5, "list": [None, "é"]}
    for arguments in (given, json.dumps(given)):
        (message,) = read(calling(id="1", type="function", function={"name": "f", "arguments": arguments}))
        assert message["tool_calls"] == [{"id": "1", "function": {"name": "f", "arguments": given}}]


def test_calls_with_other_keys_stay_as_they_are() -> None:
    calls = [{"function": {"name": "f", "arguments": given}} for given in ({"a": 1}, {"b": "x"}, {"a": ["y"]}, {})]
    (message,) = read(turn(tool_calls=calls))
    assert [call["function"]["arguments"] for call in message["tool_calls"]] == [{"a": 1}, {"b": "x"}, {"a": ["y"]}, {}]


def test_null_is_nothing() -> None:
    (message,) = read(turn(content=None, reasoning_content=None, tool_calls=None, refusal=None))
    assert message == {"role": "assistant", "content": "", "reasoning_content": ""}


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_is_read_under_each_of_its_names(name: str) -> None:
    assert read(turn(**{name: "hm"}))[0]["reasoning_content"] == "hm"


@pytest.mark.parametrize("beside", [{}, {"reasoning_content": None}, {"reasoning_content": ""}, {"reasoning": ""}])
def test_reasoning_in_its_tags_in_the_content_is_reasoning(beside: dict[str, Any]) -> None:
    (message,) = read(turn(content="\n<think>\nhm\n</think>\n\nthe tag </think> ends it", **beside))
    assert message["reasoning_content"] == "hm"
    assert message["content"] == "the tag </think> ends it"


def test_a_tag_that_content_only_speaks_of_stays_where_it_is() -> None:
    (message,) = read(turn(content="write </think> and <think>"))
    assert (message["reasoning_content"], message["content"]) == ("", "write </think> and <think>")


def test_results_stand_in_the_order_of_their_calls() -> None:
    calls = [{"id": name, "function": {"name": "f", "arguments": {}}} for name in "abc"]
    results = [{"role": "tool", "tool_call_id": name, "content": name} for name in "cab"]
    assert [message["content"] for message in read(turn(tool_calls=calls), *results)[1:]] == ["a", "b", "c"]


@pytest.mark.parametrize(("called", "ids"), [("abc", "cax"), ("abc", "caa"), ("abb", "ba"), ("abb", "zyx"), ("", "ba")])
def test_results_that_cannot_be_told_apart_stay_as_they_came(called: str, ids: str) -> None:
    calls = [{"id": name, "function": {"name": "f", "arguments": {}}} for name in called]
    results = [{"role": "tool", "tool_call_id": name, "content": name} for name in ids]
    assert "".join(message["content"] for message in read(turn(tool_calls=calls), *results)[1:]) == ids


def test_a_turn_without_loss_says_so_and_no_other_does() -> None:
    assert [message.get("train", "-") for message in read(turn(train=False), turn(train=True), turn())] == [
        False,
        "-",
        "-",
    ]


@pytest.mark.parametrize(
    ("message", "refusal"),
    [
        ("text", "is no message"),
        ({"role": "developer", "content": "x"}, "the role 'developer' is unknown, so it would not be rendered"),
        ({"role": ["user"], "content": "x"}, "is unknown"),
        ({"role": "user", "content": [{"type": "text", "text": "x"}]}, "content: is no text"),
        ({"role": "user", "content": "x", "name": "Ada"}, "user messages have no 'name'"),
        ({"role": "tool", "content": 3}, "content: is no text"),
        (turn(function_call={"name": "f"}), "no 'function_call' that a chat template renders, so it would be lost"),
        (turn(reasoning="a", thinking="b"), "has reasoning and thinking"),
        (turn(reasoning_content="a</think>b"), "its reasoning holds <think> or </think>"),
        (turn(content="<think>never closed"), "has no </think>"),
        (turn(train="no"), "train: is 'no'"),
        (turn(tool_calls={"name": "f"}), "tool_calls: is no list"),
        (calling(name="f", arguments={}), r"tool_calls\[0\]: is no call"),
        (calling(function={"name": "f", "arguments": {}, "strict": True}), "has 'function.strict'"),
        (calling(function={"name": "f", "arguments": {}}, id={}), "id: is no text"),
        (calling(function={"name": "f"}), "is no JSON object"),
        (calling(function={"name": "f", "arguments": "ls -la"}), "arguments: is no JSON"),
        (calling(function={"name": "f", "arguments": "[1]"}), "is no JSON object"),
        (calling(function={"name": "f", "arguments": '{"a": 1, "a": 2}'}), "the key 'a' twice"),
        (calling(function={"name": "f", "arguments": '{"a": NaN}'}), "NaN is no JSON value"),
        (calling(function={"name": "f", "arguments": '{"a": 1e999}'}), "1e999 is too large"),
        (calling(function={"name": "f", "arguments": "[" * 100_000}), "is no JSON"),
    ],
)
def test_what_a_template_would_drop_or_misread_is_refused_with_its_place(message: Any, refusal: str) -> None:
    with pytest.raises(UserError, match=rf"row-7: messages\[2\].*{refusal}"):
        read(turn(), message)


@pytest.mark.parametrize(
    "message",
    [
        {"role": "k" * 5000, "content": "x"},
        {"role": ["k"] * 5000, "content": "x"},
        turn(**{"k" * 5000: 1}),
        turn(**{f"k{number}": 1 for number in range(5000)}),
        turn(train="k" * 5000),
        calling(function={"name": "f", "arguments": {}, "k" * 5000: 1}),
    ],
)
def test_a_refusal_is_short_whatever_the_message_says(message: Any) -> None:
    with pytest.raises(UserError) as refusal:
        read(message)
    assert len(str(refusal.value)) < 350


@pytest.mark.parametrize("text", ["{", "[]", "{}", "null", '"a"'])
def test_messages_that_are_no_list_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="row-7: messages: is no"):
        messages_of(text, "row-7")


def test_a_row_without_a_turn_that_carries_loss_is_refused() -> None:
    with pytest.raises(UserError, match="row-7: messages: no turn of the assistant carries loss"):
        read(turn(train=False))


def test_tools_are_a_list_of_objects_or_none() -> None:
    assert tools_of('[{"type": "function"}]', "row-7") == [{"type": "function"}]
    assert tools_of("null", "row-7") == tools_of("[]", "row-7") == []
    for text in ('{"type": "function"}', '["bash"]'):
        with pytest.raises(UserError, match="row-7: tools: is no list of tool definitions"):
            tools_of(text, "row-7")


def test_every_text_is_found_with_its_place() -> None:
    assert list(texts_of([{"a": ["x", 1, {"b": "y"}]}], "m")) == [
        ("m[0], a key", "a"),
        ("m[0].a[0]", "x"),
        ("m[0].a[2], a key", "b"),
        ("m[0].a[2].b", "y"),
    ]


@pytest.mark.parametrize("key", ["\x1b[31m", "\u202e", "a b", "", "k" * 100])
def test_a_key_that_is_no_plain_name_is_shown_short_and_escaped(key: str) -> None:
    place = list(texts_of({key: "x"}, "m"))[1][0]
    assert place.isprintable() and place.startswith("m['") and len(place) < 60
