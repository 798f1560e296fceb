"""A session that is stopped and resumed: what the human is asked and told, and by whose settings it goes on."""

from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import OWN_QUERY, PULL_QUERY, World
from trajectories.archive.file import read_session


def test_what_ran_unasked_is_asked_for_where_the_resuming_call_says_so(world: World) -> None:
    workspace = world.work / f"{PULL_QUERY}-1/workspace"
    with Endpoint(reply("Done.", HAND_IN, number=1), reply("More.", "touch more", number=2)) as endpoint:
        with world.terminal(endpoint.url, mode="yolo") as terminal:
            terminal.until("A further request")
            terminal.end_input()
            terminal.until("is not finished (stopped). The same command goes on with it")
            assert terminal.end() == 0
        with world.terminal(endpoint.url, mode="confirm") as terminal:
            terminal.until("A further request")
            terminal.say(b"caf\xe9")  # as a terminal of another encoding sends it
            terminal.until("this is not UTF-8")
            terminal.until("A further request")
            terminal.say("more")
            terminal.until("touch more")
            terminal.until("Execute 1 action(s)?")
            assert not (workspace / "more").exists()


def test_the_limits_are_those_of_the_resuming_call_and_the_rest_is_told(world: World) -> None:
    with Endpoint(reply("One.", "echo one", number=1), (400, "no")) as endpoint:
        assert "is not finished" in world.run(endpoint.url, OWN_QUERY, mode="yolo").stdout
        endpoint.replies = [reply("Slow.", "sleep 9", number=2), reply("Done.", HAND_IN, number=3)]
        done = world.run(endpoint.url, OWN_QUERY, mode="yolo", model="another", command_seconds=1)
        assert "model: it stays scripted, as the session began, and not another" in done.stdout, done.stderr
        assert {asked["model"] for asked in endpoint.asked} == {"scripted"}
    results = [result for step in read_session(world.archive / f"{OWN_QUERY}-1.json").steps for result in step.results]
    assert "did not end within 1 seconds" in str(results[1].content)


def test_a_wrong_name_of_a_model_is_mended_by_the_next_call(world: World) -> None:
    with Endpoint((400, "no such model"), reply("Done.", HAND_IN, number=1)) as endpoint:
        assert "no such model" in world.run(endpoint.url, OWN_QUERY, mode="yolo", model="scirpted").stderr
        assert "ARCHIVED" in world.run(endpoint.url, OWN_QUERY, mode="yolo").stdout
    assert read_session(world.archive / f"{OWN_QUERY}-1.json").agent.model_name == "scripted"


def test_giving_up_what_was_never_begun_makes_nothing(world: World) -> None:
    done = world.run("http://127.0.0.1:1/v1", OWN_QUERY, {"give_up": True})
    assert f"no session on {OWN_QUERY} is under way" in done.stderr
    assert not world.work.exists()
    both = world.run("http://127.0.0.1:1/v1", OWN_QUERY, {"give_up": True, "new": True})
    assert "say one of them" in both.stderr


def test_a_query_that_is_not_there_is_told_before_anything_is_installed(world: World) -> None:
    world.places["environment"] = str(world.folder / "mini")
    assert "no query gh-ffff" in world.run("http://127.0.0.1:1/v1", "gh-ffff", mode="yolo").stderr
    assert not (world.folder / "mini").exists()
