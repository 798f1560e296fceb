"""`limi trajectories collect` as a person uses it: by params.yaml and its options, in a terminal and without one."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.trajectories.collecting.endpoint import HAND_IN, Endpoint, reply
from tests.trajectories.collecting.world import ENVIRONMENT, OWN_QUERY, PULL_QUERY, World
from trajectories.archive.file import read_session
from trajectories.archive.session import Session

ADDRESS = "ada.lovelace@engines.org"


class Folder(World):
    """A project's folder with the world's pool, clone and params.yaml, and the command itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cwd = folder
        (folder / "curated").mkdir()
        (folder / "pool.jsonl").rename(folder / "curated/pool.jsonl")
        (folder / ".venv").mkdir()
        (folder / ".venv/mini-swe-agent").symlink_to(ENVIRONMENT)
        self.archive, self.work = folder / "sessions", folder / ".limi/collecting"

    def command(
        self, url: str, query_id: str = PULL_QUERY, more: dict[str, Any] | None = None, **settings: Any
    ) -> list[str]:
        params = (ROOT / "params.yaml").read_text(encoding="utf-8")
        for old, new in (
            ("endpoint: https://api.openai.com/v1 ", f"endpoint: {url} "),
            ("name: gpt-5\n", "name: of-params\n"),
            ("folder: .limi/demo-world\n", "folder: clones\n"),
            ("archive: demo/trajectories\n", "archive: sessions\n"),
        ):
            assert params.count(old) == 1, old
            params = params.replace(old, new)
        (self.folder / "params.yaml").write_text(params, encoding="utf-8")
        options = [part for name, value in settings.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        flags = [f"--{name}" for name in more or {}]
        return [sys.executable, "-m", "limi", "trajectories", "collect", query_id, *options, *flags]

    def session(self, query_id: str) -> Session:
        return read_session(self.archive / f"{query_id}-1.json")


WITHOUT = {"without-sandbox": True}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_session_in_a_terminal_is_confirmed_checked_and_archived_masked(folder: Folder) -> None:
    replies = (reply(f"I ask {ADDRESS}.", "echo hello > said", number=1), reply("Done.", HAND_IN, number=2))
    with Endpoint(*replies) as endpoint:
        with folder.terminal(endpoint.url, more=WITHOUT, check="grep hello said") as terminal:
            terminal.until("new session gh-0123456789ab-1: model of-params, mode confirm, no sandbox")
            for _ in replies:
                terminal.until("Execute 1 action(s)?")
                terminal.say("")
            terminal.until("check passed: grep hello said")
            terminal.until("A further request")
            terminal.say("")
            terminal.until("Is the query solved?")
            terminal.say("y")
            terminal.until("is the session; `limi trajectories show gh-0123456789ab-1` shows it")
            assert terminal.end() == 0
        assert "temperature" not in endpoint.asked[0]
    session = folder.session(PULL_QUERY)
    assert session.steps[2].text == "I ask [EMAIL_1]."
    assert ADDRESS not in (folder.archive / f"{PULL_QUERY}-1.json").read_text(encoding="utf-8")
    assert session.provenance.base_commit == folder.base
    assert session.provenance.outcome.success is True


def test_the_options_reach_the_session(folder: Folder) -> None:
    given = {
        "mode": "yolo",
        "model": "named",
        "temperature": 0.5,
        "effort": "high",
        "max_replies": 2,
        "command_seconds": 1,
    }
    (folder.folder / "begin").mkdir()
    (folder.folder / "begin/mine").touch()
    replies = (reply("Slow.", "ls; sleep 9", number=1), reply("Done.", HAND_IN, number=2))
    with Endpoint(*replies) as endpoint:
        done = folder.run(endpoint.url, OWN_QUERY, WITHOUT, **given, folder="begin", check="sleep 9", check_seconds=1)
        assert done.returncode == 0, done.stderr
        sent = endpoint.asked[0]
    assert (sent["model"], sent["temperature"], sent["reasoning_effort"]) == ("named", 0.5, "high")
    shown = str(folder.session(OWN_QUERY).steps[2].results[0].content)
    assert "mine" in shown
    assert "did not end within 1 seconds" in shown
    (check,) = folder.session(OWN_QUERY).provenance.outcome.checks
    assert "did not end within 1 seconds" in (check.output or "")


def test_what_was_stopped_by_a_limit_ends_with_1_and_is_given_up_without_a_terminal(folder: Folder) -> None:
    with Endpoint(reply("One.", "ls", number=1)) as endpoint:
        stopped = folder.run(endpoint.url, OWN_QUERY, WITHOUT, mode="yolo", max_replies=1)
        assert (stopped.returncode, "is not finished (LimitsExceeded)" in stopped.stdout) == (1, True)
    folder.key = ""
    assert folder.run(endpoint.url, OWN_QUERY, {"give-up": True}).returncode == 0
    assert folder.session(OWN_QUERY).provenance.outcome.success is False


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"mode": "maybe"}, "--mode must be one of confirm, human, yolo"),
        ({}, "--mode confirm asks you, so it needs a terminal"),
        ({"mode": "yolo", "endpoint": "localhost:8000"}, "is no address of a server"),
        ({"mode": "yolo", "also": "nowhere"}, "nowhere is no folder"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_made(
    folder: Folder, settings: dict[str, Any], told: str
) -> None:
    done = folder.run("http://127.0.0.1:1/v1", OWN_QUERY, **settings)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert not folder.work.exists()
