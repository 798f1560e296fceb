import os
import time
from pathlib import Path

import pytest

from trajectories.collecting.inside.limi_commands import MOST_OUTPUT, Ran, Workplace, run


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace((), str(tmp_path), {"PATH": os.environ["PATH"]})


def test_both_streams_come_as_they_were_printed_with_the_exit_code(workplace: Workplace) -> None:
    assert run("echo out; echo err >&2; exit 3", workplace, 10) == Ran("out\nerr\n", 3)


def test_a_command_has_no_input_and_only_the_environment_it_is_given(workplace: Workplace) -> None:
    assert run("cat; env | grep -v -e ^PATH= -e ^PWD= -e ^SHLVL= -e ^_=", workplace, 10) == Ran("", 1)


def test_a_command_and_its_children_end_with_the_time(workplace: Workplace, tmp_path: Path) -> None:
    began = time.monotonic()
    ran = run("echo begun; (sleep 2; touch late) & wait", workplace, 0.3)
    assert (ran.output, ran.exit_code) == ("begun\n", -1)
    assert "did not end within 0.3 seconds" in ran.problem
    assert time.monotonic() - began < 2
    time.sleep(2.1)
    assert not (tmp_path / "late").exists()


def test_endless_output_ends_the_command(workplace: Workplace) -> None:
    ran = run("yes", workplace, 20)
    assert len(ran.output) == MOST_OUTPUT
    assert ran.exit_code == -1
    assert "printed more than" in ran.problem


@pytest.mark.parametrize("command", ["echo \0", "echo \ud83d"])
def test_a_command_that_the_system_cannot_take_is_told(workplace: Workplace, command: str) -> None:
    assert run(command, workplace, 5).problem.startswith("The command could not be started: ")


def test_bytes_that_are_no_text_are_replaced(workplace: Workplace) -> None:
    assert run("printf 'a\\377b'", workplace, 5).output == "a\N{REPLACEMENT CHARACTER}b"
