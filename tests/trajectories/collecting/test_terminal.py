"""The collector in a terminal: mini-swe-agent at work, a human beside it, and every turn of both in the archive."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import KEY, PULL_QUERY, World, until_there
from trajectories.archive.file import read_session
from trajectories.archive.provenance import Environment
from trajectories.archive.session import Session
from trajectories.collecting.sandbox import WARNING
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of

# The key is in the environment of neither the command nor the process that started it.
FIX = "echo 'echo hello' > greet.sh; env; tr '\\0' '\\n' < /proc/$PPID/environ"
REPLIES = (
    reply("I look.", "ls", "cat greet.sh", reasoning="Where is it?", number=1),
    reply(None, "rm -rf .", number=2),
    reply("Fix.", FIX, number=3),
    reply("Done.", HAND_IN, number=4),
    reply("Done now.", HAND_IN, number=40),
    reply("A test.", "echo ok > test.txt", reasoning="A file will do.", number=5),
    reply("Done again.", HAND_IN, number=6),
)
CHECKS = ["sh greet.sh | grep hello", "test -e test.txt"]


@dataclass(frozen=True)
class Recorded:
    """What one session in a terminal left behind."""

    world: World
    asked: list[dict[str, Any]]
    keys: set[str | None]
    screen: str
    session: Session


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Confirmed, rejected with a comment, confirmed, taken over with a command of the human's own, given back, asked for more."""
    world = World(tmp_path_factory.mktemp("terminal"))
    with Endpoint(*REPLIES) as endpoint, world.terminal(endpoint.url, checks=CHECKS) as terminal:
        terminal.until(WARNING)
        terminal.until("Execute 2 action(s)?")
        terminal.say("")
        for answer in ("not that folder", "", "/u"):
            terminal.until("Execute 1 action(s)?")
            terminal.say(answer)
        terminal.until("Switched to human")
        terminal.until("> ")
        terminal.say("git log --format=%s")
        terminal.until("The repository as the work begins")
        terminal.until("> ")
        terminal.say("/y")
        terminal.until("check passed: sh greet.sh | grep hello")
        terminal.until("check FAILED: test -e test.txt")
        terminal.until("A further request")
        terminal.say("add a test")
        terminal.until("check passed: test -e test.txt")
        terminal.until("A further request")
        terminal.say("")
        for answer in ("perhaps", "y"):
            terminal.until("Is the query solved?")
            terminal.say(answer)
        assert terminal.end() == 0
    session = read_session(world.archive / f"{PULL_QUERY}-1.json")
    return Recorded(world, endpoint.asked, set(endpoint.keys), terminal.screen, session)


def test_the_archive_holds_every_turn(recorded: Recorded) -> None:
    steps = recorded.session.steps
    assert [(step.source, step.notes.kind or [call.arguments["command"] for call in step.calls]) for step in steps] == [
        ("system", "prompt"),
        ("user", "request"),
        ("agent", ["ls", "cat greet.sh"]),
        ("agent", ["rm -rf ."]),
        ("user", "rejection"),
        ("agent", [FIX]),
        ("agent", [HAND_IN]),
        ("user", "rejection"),
        ("user", "command"),
        ("agent", [HAND_IN]),
        ("user", "request"),
        ("agent", ["echo ok > test.txt"]),
        ("agent", [HAND_IN]),
    ]
    assert "Greet properly." in steps[1].text
    assert (steps[2].reasoning_content, steps[2].text) == ("Where is it?", "I look.")
    assert [result.notes.raw_output for result in steps[2].results] == ["README.md\ngreet.sh\n", "echo helo\n"]
    assert steps[3].results[0].notes.executed is False
    assert (steps[4].notes.comment, steps[4].notes.rejects) == ("not that folder", ("call-2-0",))
    assert steps[8].notes.command == "git log --format=%s"
    assert steps[8].results[0].notes.raw_output == "The repository as the work begins\n"
    assert steps[10].text == "The user added a new task: add a test"
    assert steps[11].reasoning_content == "A file will do."
    assert all(step.timestamp for step in steps[1:])
    assert recorded.session.rounds == 2


def test_the_archive_tells_where_the_work_began_and_how_it_ended(recorded: Recorded) -> None:
    provenance = recorded.session.provenance
    assert provenance.outcome.success is True
    assert [(run.round, run.name, run.passed, run.output) for run in provenance.outcome.checks] == [
        (1, CHECKS[0], True, "hello\n"),
        (1, CHECKS[1], False, ""),
        (2, CHECKS[0], True, "hello\n"),
        (2, CHECKS[1], True, ""),
    ]
    assert (provenance.pr_id, provenance.base_commit) == ("owner/name#7", recorded.world.base)
    assert provenance.environment == Environment(sandbox="none")
    assert provenance.source is None
    assert recorded.session.agent.tool_definitions is not None
    text = (recorded.world.archive / f"{PULL_QUERY}-1.json").read_text(encoding="utf-8")
    assert "mini.traj.json" not in text  # nor any other folder of the recorder's own


def test_the_model_was_shown_what_the_archive_holds(recorded: Recorded) -> None:
    last = recorded.asked[-1]["messages"]
    results = [result for step in recorded.session.steps[:-1] if step.source == "agent" for result in step.results]
    assert [message["content"] for message in last if message["role"] == "tool"] == [one.content for one in results]
    assert {message["role"] for message in last} == {"system", "user", "assistant", "tool"}
    assert last[2]["reasoning_content"] == "Where is it?"
    assert [message["content"] for message in last if message["role"] == "user"][-1].endswith("add a test")


def test_the_key_reaches_the_endpoint_and_nobody_else(recorded: Recorded) -> None:
    assert recorded.keys == {f"Bearer {KEY}"}
    assert KEY not in recorded.screen
    kept = [path for path in recorded.world.folder.rglob("*") if path.is_file()]
    assert [path for path in kept if KEY.encode() in path.read_bytes()] == []
    seen = recorded.session.steps[5].results[0].notes.raw_output or ""
    assert "PATH=" in seen
    assert "MSWEA_CONFIGURED=" in seen  # the environment of the process that started the command
    assert "OPENAI" not in seen


def test_the_export_is_what_one_writes_by_hand(recorded: Recorded) -> None:
    (row,) = rows_of([recorded.session], Policy())
    messages = json.loads(row["messages"])
    ran, not_run = (
        '{{\n  "returncode": 0,\n  "output": {}\n}}',
        ('{\n  "returncode": -1,\n  "output": "", "exception_info": "action was not executed"\n}'),
    )
    rejected = "Commands not executed. "
    assert [(one["role"], one.get("content")) for one in messages[2:5]] == [
        ("assistant", "I look."),
        ("tool", ran.format('"README.md\\ngreet.sh\\n"')),
        ("tool", ran.format('"echo helo\\n"')),
    ]
    assert [(one["role"], one.get("content")) for one in [*messages[5:8], *messages[10:]]] == [
        ("assistant", ""),
        ("tool", not_run),
        ("user", f"{rejected}The user rejected your commands with the following message: not that folder"),
        ("assistant", "Done."),
        ("tool", not_run),
        ("user", f"{rejected}Switching to human mode"),
        (
            "user",
            "User command: \n```bash\ngit log --format=%s\n```\n\n"
            + ran.format('"The repository as the work begins\\n"'),
        ),
        ("assistant", "Done now."),
        ("tool", not_run),
        ("user", "The user added a new task: add a test"),
        ("assistant", "A test."),
        ("tool", ran.format('""')),
        ("assistant", "Done again."),  # mini-swe-agent writes a result here too, which the model was never shown
    ]
    assert [one.get("reasoning_content") for one in messages if one["role"] == "assistant"] == [
        *("Where is it?", None, None, None, None, "A file will do.", None)
    ]
    assert [one.get("train", True) for one in messages if one["role"] == "assistant"] == [
        *(True, False, True, False, True, True, True)
    ]
    assert messages[2]["tool_calls"][1]["function"] == {"name": "bash", "arguments": {"command": "cat greet.sh"}}


def test_a_command_that_the_human_interrupts_is_recorded_so(world: World) -> None:
    slow = "echo begun; touch begun; sleep 20; touch ended"
    replies = (reply("Slow.", slow, "echo second", number=1), reply("Done.", HAND_IN, number=2))
    with (
        Endpoint(*replies) as endpoint,
        world.terminal(endpoint.url, mode="yolo", checks=["test -e ended"]) as terminal,
    ):
        workspace = world.work / f"{PULL_QUERY}-1/workspace"
        until_there(workspace / "begun")
        terminal.interrupt()
        terminal.until("Interrupted.")
        terminal.say("too slow")
        terminal.until("A further request")
        terminal.say("")
        terminal.until("solved?")
        terminal.say("y")
        terminal.until("it is recorded as not solved, since a check failed")
        assert terminal.end() == 0
    session = read_session(world.archive / f"{PULL_QUERY}-1.json")
    assert [(step.source, step.notes.kind) for step in session.steps[2:]] == [
        ("agent", None),
        ("user", "remark"),
        ("agent", None),
    ]
    shown = [str(result.content) for result in session.steps[2].results]
    assert "The user interrupted this command" in shown[0]
    assert "action was not executed" in shown[1]
    assert session.steps[3].text == "Interrupted by user: too slow"
    assert not (workspace / "ended").exists()
    assert session.provenance.outcome.success is False


def test_nothing_that_the_model_writes_is_obeyed_by_the_terminal(world: World) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J[bold]not markup[/bold] \ud83d"
    with Endpoint(reply(hostile, "ls :x:", number=1)) as endpoint, world.terminal(endpoint.url) as terminal:
        terminal.until("[bold]not markup[/bold]")
        terminal.until("ls :x:")  # what runs, and no picture
        terminal.until("Execute 1 action(s)?")
        assert "\x1b]0;" not in terminal.screen
        assert "\x1b[2J" not in terminal.screen
