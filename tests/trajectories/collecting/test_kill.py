"""A recording that is killed at some moment goes on: what was recorded is kept, nothing is done twice, nothing is invented."""

from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import PULL_QUERY, World, until_there
from trajectories.archive.file import read_session
from trajectories.archive.provenance import Environment
from trajectories.archive.session import Session

YOLO = {"mode": "yolo"}


def archived(world: World) -> Session:
    return read_session(world.archive / f"{PULL_QUERY}-1.json")


def commands(session: Session) -> list[str]:
    return [call.arguments["command"] for step in session.steps for call in step.calls]


def test_killed_while_the_model_is_asked(world: World) -> None:
    with Endpoint(reply("One.", "echo one >> log", number=1)) as endpoint:
        with world.unattended(endpoint.url, model="gpt-5", **YOLO):
            assert endpoint.waiting.wait(40)
        endpoint.replies = [reply("Two.", "echo two >> log", number=2), reply("Done.", HAND_IN, number=3)]
        done = world.run(endpoint.url, model="gpt-5", checks=["test $(wc -l < log) = 2"], **YOLO)
        assert "going on with gh-0123456789ab-1" in done.stdout, done.stderr
    session = archived(world)
    assert commands(session) == ["echo one >> log", "echo two >> log", HAND_IN]
    assert session.provenance.outcome.success is True
    # 102 input tokens at $1.25 a million, 64 of them cached at $0.125, and 10 of output at $10.
    metrics = next(step.metrics for step in session.steps if step.text == "Two.")
    assert metrics is not None
    assert metrics.cost_usd == (38 * 1.25 + 64 * 0.125 + 10 * 10) / 1e6


def test_killed_while_a_command_runs(world: World) -> None:
    command = "echo begun; touch begun; sleep 20; touch ended"
    with Endpoint(reply("Slow.", command, "echo never", number=1)) as endpoint:
        with world.unattended(endpoint.url, sandbox={}, **YOLO):
            workspace = world.work / f"{PULL_QUERY}-1/workspace"
            until_there(workspace / "begun")
        endpoint.replies = [reply("Done.", HAND_IN, number=2)]
        done = world.run(endpoint.url, **YOLO)
        assert "ARCHIVED" in done.stdout, done.stderr
    session = archived(world)
    assert commands(session) == [command, "echo never", HAND_IN]
    results = session.steps[2].results
    assert ["may have run in part" in str(result.content) for result in results] == [True, True]
    assert not (workspace / "ended").exists()
    assert session.provenance.environment == Environment(sandbox="bubblewrap")
    # Nobody said whether it is solved, and no check was there to say so.
    assert session.provenance.outcome.success is None


def test_killed_before_the_human_said_yes(world: World) -> None:
    with Endpoint(reply("Shall I?", "touch asked", number=1), reply("Done.", HAND_IN, number=2)) as endpoint:
        with world.terminal(endpoint.url) as terminal:
            terminal.until("Execute 1 action(s)?")
            terminal.process.kill()
            terminal.process.wait()
        assert not (world.work / f"{PULL_QUERY}-1/workspace/asked").exists()
        with world.terminal(endpoint.url) as terminal:
            terminal.until("Going on where the recording stopped.")
            terminal.until("touch asked")
            terminal.until("Execute 1 action(s)?")
            assert len(endpoint.asked) == 1
            terminal.say("")
            terminal.until("Execute 1 action(s)?")
            terminal.say("")
            terminal.until("A further request")
            terminal.process.kill()
        # Killed between two rounds: only the question is asked again.
        with world.terminal(endpoint.url) as terminal:
            terminal.until("A further request")
            terminal.say("")
            terminal.until("solved?")
            terminal.say("n")
            assert terminal.end() == 0
        assert len(endpoint.asked) == 2
    session = archived(world)
    assert commands(session) == ["touch asked", HAND_IN]
    assert session.provenance.outcome.success is False


def test_a_session_that_is_being_recorded_is_not_begun_twice(world: World) -> None:
    with Endpoint() as endpoint, world.unattended(endpoint.url, **YOLO):
        assert endpoint.waiting.wait(40)
        second = world.run(endpoint.url, **YOLO)
        assert "is being recorded elsewhere" in second.stderr
        third = world.run(endpoint.url, PULL_QUERY, {"give_up": True}, **YOLO)
        assert "is being recorded elsewhere" in third.stderr


def test_given_up_it_is_archived_as_it_is(world: World) -> None:
    with Endpoint(reply("One.", "echo one", number=1), (400, "no such model")) as endpoint:
        stopped = world.run(endpoint.url, **YOLO)
        assert "is not finished" in stopped.stdout
        assert "the endpoint said 400: no such model" in stopped.stderr
    # Neither a key nor mini-swe-agent is needed for it.
    world.key, world.places["environment"] = "", str(world.folder / "none")
    done = world.run("https://model.example/v1", PULL_QUERY, {"give_up": True}, sandbox={})
    assert "ARCHIVED" in done.stdout, done.stderr
    assert not (world.folder / "none").exists()
    session = archived(world)
    assert commands(session) == ["echo one"]
    assert session.provenance.environment == Environment(sandbox="none")
    assert session.provenance.outcome.success is False
