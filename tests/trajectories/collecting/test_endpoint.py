"""What a model's endpoint may answer, and what of it reaches the recording."""

from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import KEY, OWN_QUERY, World
from trajectories.archive.file import read_session


def test_a_key_that_the_server_sends_back_is_nowhere(world: World) -> None:
    said = reply(f"Your key is {KEY}.", f"echo {KEY}", number=1)
    with Endpoint(said, (401, f"Incorrect API key: {KEY}\x1b[2J")) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "the endpoint said 401: Incorrect API key: [the key] [2J" in done.stderr
        assert KEY not in done.stdout + done.stderr
    assert [path for path in world.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


def test_a_redirect_is_not_followed(world: World) -> None:
    with Endpoint((307, "elsewhere")) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "the endpoint said 307" in done.stderr
        assert len(endpoint.asked) == 1


def test_half_a_surrogate_pair_and_a_call_that_cannot_be_read_are_recorded(world: World) -> None:
    broken = reply("No JSON.", "ls", number=1)
    broken["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = "{"
    half = reply("Half \ud83d", "echo \ud83d", number=2)
    with Endpoint(broken, half, reply("Done.", HAND_IN, number=3)) as endpoint:
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo")
        assert "ARCHIVED" in done.stdout, done.stderr
    session = read_session(world.archive / f"{OWN_QUERY}-1.json")
    assert "Error parsing tool call arguments" in str(
        [step.text for step in session.steps if step.notes.kind == "notice"]
    )
    assert "Half \\ud83d" in [step.text for step in session.steps]
    assert session.provenance.pr_id is None


def test_an_endpoint_elsewhere_needs_a_key(world: World) -> None:
    world.key = ""
    done = world.run("https://model.example/v1", mode="yolo")
    assert "OPENAI_API_KEY is not set" in done.stderr
    assert not world.work.exists()
