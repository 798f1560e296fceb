import os
from pathlib import Path

import pytest

from pipeline.errors import UserError
from trajectories.collecting.inside.limi_commands import run
from trajectories.collecting.sandbox import INSIDE, Sandbox, Wanted, check_also, container, open_sandbox

CALLS = """#!/bin/sh
printf '%s\\n' "$@" > "{calls}"
while [ "$1" != -- ]; do shift; done
shift 2
cd "{workspace}" && exec "$@"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in INSIDE:
        (tmp_path / "session" / name).mkdir(parents=True)
    return tmp_path / "session"


def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """A PATH of these programs and the system's, without bubblewrap and containers."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("sh", "bash", "timeout", "test", "cat", "echo"):
        (bin_folder / name).symlink_to(f"/usr/bin/{name}")
    for name, script in scripts.items():
        (bin_folder / name).write_text(script)
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))


def said(sandbox: Sandbox, command: str) -> str:
    return run(command, sandbox.for_limit(20), 20).output


def test_in_bubblewrap_commands_see_the_session_and_nothing_else(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    (tmp_path / "private").write_text("private")
    sandbox = open_sandbox(folder, Wanted())
    assert sandbox.environment.sandbox == "bubblewrap"
    assert said(sandbox, "pwd; echo made > here; echo kept > /tmp/kept; id -un") == "/workspace\nagent\n"
    assert (folder / "workspace/here").read_text() == "made\n"
    assert said(sandbox, "cat /tmp/kept") == "kept\n"
    assert "sk-of-the-user" not in said(sandbox, "env; cat /proc/*/environ | tr '\\0' '\\n'")
    assert said(sandbox, f"cat {tmp_path}/private 2>&1").endswith("No such file or directory\n")
    assert "Read-only" in said(sandbox, "touch /usr/made 2>&1")
    assert said(sandbox, "ls /etc/shadow /root /home 2>/dev/null") == "/home:\nagent\n"
    # Only the loopback, and no process but its own.
    assert said(sandbox, "ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1").split() == ["lo"]
    assert said(sandbox, f"kill -0 {os.getpid()} 2>&1").endswith("No such process\n")


def test_in_bubblewrap_a_command_ends_with_its_children(folder: Path) -> None:
    sandbox = open_sandbox(folder, Wanted())
    assert said(sandbox, "(sleep 1; touch late) & echo begun") == "begun\n"
    assert run("sleep 30", sandbox.for_limit(0.3), 0.3).exit_code == -1
    run("sleep 1.2", sandbox.workplace, 5)
    assert not (folder / "workspace/late").exists()


def test_folders_that_are_named_can_be_read_and_not_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "compiler").mkdir()
    (tmp_path / "compiler/cc").write_text("compiler")
    sandbox = open_sandbox(folder, Wanted(also=check_also([tmp_path / "compiler"])))
    assert said(sandbox, f"cat {tmp_path}/compiler/cc") == "compiler"
    assert "Read-only" in said(sandbox, f"touch {tmp_path}/compiler/x 2>&1")
    with pytest.raises(UserError, match="is no folder"):
        check_also([tmp_path / "missing"])


def test_without_any_sandbox_it_must_be_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path, monkeypatch)
    with pytest.raises(UserError, match=r"there is no sandbox .* --without-sandbox"):
        open_sandbox(folder, Wanted())
    with pytest.raises(UserError, match="neither podman nor docker is installed"):
        open_sandbox(folder, Wanted(image="python:3.12"))
    sandbox = open_sandbox(folder, Wanted(without=True))
    assert sandbox.environment.sandbox == "none"
    assert said(sandbox, "echo $PWD") == f"{folder}/workspace\n"


def test_a_sandbox_that_does_not_work_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs(tmp_path, monkeypatch, bwrap="#!/bin/sh\necho 'No permissions \033[2J' >&2\nexit 1\n")
    with pytest.raises(UserError, match=r"bubblewrap does not work here \(No permissions \\x1b\[2J\)"):
        open_sandbox(folder, Wanted())


def test_a_container_has_no_network_no_rights_and_the_limit_within(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No daemon is at hand where this runs, so a program in podman's place shows what podman would be told.
    calls = tmp_path / "calls"
    script = CALLS.format(calls=calls, workspace=folder / "workspace")
    programs(tmp_path, monkeypatch, podman=script)
    sandbox = open_sandbox(folder, Wanted(image="python:3.12"))
    assert (sandbox.environment.sandbox, sandbox.environment.image) == ("container", "python:3.12")
    assert said(sandbox, "echo hello") == "hello\n"
    told = calls.read_text().splitlines()
    assert {"--network=none", "--cap-drop=ALL", "--rm", "--pull=never"} < set(told)
    assert told[told.index("--") + 1 :] == ["python:3.12", "timeout", "-s", "KILL", "20", "bash", "-c", "echo hello"]
    assert f"type=bind,source={folder}/workspace,target=/workspace" in told
    assert "--network=bridge" in container("podman", folder, Wanted(image="x", network=True))
