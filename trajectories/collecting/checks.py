"""The checks of success: commands that run where the agent worked, after each round. The agent does not see them."""

from datetime import UTC, datetime

from trajectories.archive.provenance import CheckRun
from trajectories.archive.values import storable
from trajectories.collecting.inside.limi_commands import run
from trajectories.collecting.sandbox import Sandbox

MOST_SHOWN = 20_000  # characters of a check's output that are kept, the last ones: there a test run sums itself up


def run_checks(commands: tuple[str, ...], sandbox: Sandbox, seconds: float, number: int) -> list[CheckRun]:
    """Each command once, after round `number`. It passes if it exits with 0 within its time."""
    return [_run(command, sandbox, seconds, number) for command in commands]


def _run(command: str, sandbox: Sandbox, seconds: float, number: int) -> CheckRun:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    # A container ends the command by itself; ours ends a container that does not.
    ran = run(command, sandbox.for_limit(seconds), seconds + (10 if sandbox.container else 0))
    output = ran.output + (("\n" if ran.output else "") + ran.problem if ran.problem else "")
    if len(output) > MOST_SHOWN:
        output = f"[{len(output) - MOST_SHOWN} characters before this were left out]\n{output[-MOST_SHOWN:]}"
    return CheckRun(
        name=command,
        passed=ran.exit_code == 0,
        round=number,
        command=command,
        exit_code=None if ran.problem else ran.exit_code,
        output=storable(output),
        at=at,
    )
