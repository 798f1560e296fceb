"""The endpoint's key: nowhere if it is a secret, and nothing is lost where it is a word."""

import json
from pathlib import Path

import pytest

from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import OWN_QUERY, World
from trajectories.archive.file import read_session
from trajectories.collecting.inside.limi_key import HIDDEN, hidden, is_secret


@pytest.mark.parametrize("key", ["sk-loopback-0123456789abcdef", "token-abc123", "a" * 20])
def test_a_secret_is_taken_out_of_texts_and_names(key: str) -> None:
    assert is_secret(key)
    assert hidden({"a": [f"b {key}", 5, None], key: key}, key) == {"a": [f"b {HIDDEN}", 5, None], HIDDEN: HIDDEN}


@pytest.mark.parametrize("key", ["", "none", "sk-1234", "messages", "anything", "sk-no-key-required"])
def test_a_word_stays_where_it_is(key: str) -> None:
    assert not is_secret(key)
    assert hidden(f"a{key}b", key) == f"a{key}b"


def test_a_key_that_is_a_word_of_the_recording_damages_nothing(world: World) -> None:
    world.key = "messages"
    with Endpoint(reply("I read the messages.", HAND_IN, number=1)) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "ARCHIVED" in done.stdout, done.stderr
    assert read_session(world.archive / f"{OWN_QUERY}-1.json").steps[2].text == "I read the messages."


def test_a_key_that_the_server_sends_back_escaped_is_nowhere(world: World) -> None:
    world.key = "sk/loopback/0123456789"
    body = json.dumps(reply(f"Your key is {world.key}.", HAND_IN, number=1)).replace("/", "\\/")
    with Endpoint((200, body)) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "ARCHIVED" in done.stdout, done.stderr
    assert "Your key is [the key]." in done.stdout
    held = [path for path in world.folder.rglob("*") if path.is_file() and world.key.encode() in path.read_bytes()]
    assert (held, world.key in done.stdout + done.stderr) == ([], False)


def test_a_key_that_the_recording_must_hold_is_refused(world: World) -> None:
    world.key = "token-abc123"
    refused = world.run("http://127.0.0.1:1/v1", OWN_QUERY, mode="yolo", model="token-abc123")
    assert "OPENAI_API_KEY stands in the text of real-001, the model's name" in refused.stderr
    pool = Path(world.places["pool"])
    pool.write_text(pool.read_text(encoding="utf-8").replace("a poem", "token-abc123"), encoding="utf-8")
    asked = world.run("http://127.0.0.1:1/v1", OWN_QUERY, {"new": True}, mode="yolo")
    assert "set another key" in asked.stderr
