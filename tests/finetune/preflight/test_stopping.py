"""The request to stop: a file, and SIGTERM to the ranks where no file can be written."""

import errno
import os
import signal
import sys
from pathlib import Path

import pytest

from finetune.launch import launching
from finetune.launch.launching import MODULE, Stopped, run
from finetune.plan import write_plan
from finetune.runs.stopping import ask_to_stop, forget, is_asked_to_stop
from tests.finetune.preflight.test_launching import small_plan

NOWHERE = Path("/proc/none")  # a folder that takes no file, not even root's
# A rank as torchrun starts it, in a session of its own below a process that ignores SIGTERM: it says that it was asked, and leaves well.
RANK = """
import os, signal, sys, time
def note(*_):
    open(sys.argv[1], "w").write("saved")
    os._exit(0)
signal.signal(signal.SIGTERM, note)
os.kill(int(sys.argv[2]), signal.SIGTERM)
time.sleep(60)
"""
ACCELERATE = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:], start_new_session=True).returncode)"


def test_a_request_that_cannot_be_written_reaches_the_ranks_as_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_plan(tmp_path / "plan.json", small_plan(NOWHERE))
    rank = [sys.executable, "-c", RANK, str(tmp_path / "said"), str(os.getpid()), MODULE]
    monkeypatch.setattr(launching, "command", lambda *_: [sys.executable, "-c", ACCELERATE, *rank])
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # were it sent before the launcher listens
    try:
        with pytest.raises(Stopped, match="stopped by SIGTERM"):
            run(tmp_path / "plan.json")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (tmp_path / "said").read_text(encoding="utf-8") == "saved"
    assert f"{NOWHERE / 'stop'} could not be written" in capsys.readouterr().err


def test_a_request_that_was_made_is_taken_back(tmp_path: Path) -> None:
    ask_to_stop(tmp_path)
    assert is_asked_to_stop(tmp_path)
    forget(tmp_path)
    forget(tmp_path)
    assert not is_asked_to_stop(tmp_path)


def test_where_none_was_made_a_disk_that_is_read_only_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))  # also for a file that is not there

    monkeypatch.setattr(Path, "unlink", refuse)
    forget(tmp_path)
