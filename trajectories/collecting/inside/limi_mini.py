"""Runs inside mini-swe-agent's environment, in the human's terminal: one round of work, until the agent hands it in or is stopped.

One line of JSON comes by the file descriptor that the only argument names, so that the key stands in no file, argument or environment
variable (commands of the same account could read these):

    {"task", "further", "key", "endpoint", "model", "model_settings", "prices", "timeout", "mode", "step_limit", "cost_limit",
     "trajectory", "executing", "sandbox", "workplace": {"prefix", "folder", "environment"}, "command_seconds"}

The other end of the descriptor stays open: when it closes, whoever started this is gone, and so this ends with its commands.
Exit code 0: the round has ended, and the trajectory says how. 1: it was stopped, by an error that is told. 130: by the human.
"""
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return"

import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, Any

import limi_commands
import yaml
from limi_agent import RecordedAgent, Sandbox
from limi_model import EndpointModel
from minisweagent.config import builtin_config_dir


def main() -> int:
    """Read what is wanted and do it."""
    given = os.fdopen(int(sys.argv[1]), "rb", buffering=0)
    wanted = json.loads(_line(given))
    threading.Thread(target=_end_with, args=(given,), daemon=True).start()
    model = None
    try:
        # mini-swe-agent's own prompts: what it is told is what its users know.
        config = yaml.safe_load((builtin_config_dir / "mini.yaml").read_text(encoding="utf-8"))
        model = _model(wanted, config["model"])
        agent = _agent(wanted, config["agent"], model)
        trajectory = Path(wanted["trajectory"])
        earlier = json.loads(trajectory.read_text(encoding="utf-8")) if trajectory.exists() else None
        agent.run(wanted["task"], earlier=earlier, further=wanted["further"])
    except (KeyboardInterrupt, EOFError):
        print("\nStopped. What is recorded is kept.", file=sys.stderr)  # noqa: T201
        return 130
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        print(f"\nStopped: {model.hide(said) if model else type(error).__name__}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _model(wanted: dict[str, Any], config: dict[str, Any]) -> EndpointModel:
    return EndpointModel(
        endpoint=wanted["endpoint"],
        key=wanted["key"],
        timeout=wanted["timeout"],
        prices=wanted["prices"],
        model_name=wanted["model"],
        model_kwargs=wanted["model_settings"],
        observation_template=config["observation_template"],
        format_error_template=config["format_error_template"],
    )


def _agent(wanted: dict[str, Any], config: dict[str, Any], model: EndpointModel) -> RecordedAgent:
    return RecordedAgent(
        model,
        Sandbox(limi_commands.Workplace(**wanted["workplace"]), wanted["sandbox"], wanted["command_seconds"]),
        hide=model.hide,
        executing=Path(wanted["executing"]),
        system_template=config["system_template"],
        instance_template=config["instance_template"],
        mode=wanted["mode"],
        confirm_exit=False,  # whoever started this runs the checks first, and then asks the human
        step_limit=wanted["step_limit"],
        cost_limit=wanted["cost_limit"],
        output_path=Path(wanted["trajectory"]),
    )


def _line(stream: IO[bytes]) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = stream.read(65536)
        if not part:
            sys.exit("nothing was asked of this program; `limi trajectories collect` runs it")
        line += part
    return line


def _end_with(stream: IO[bytes]) -> None:
    while stream.read(65536):
        pass
    limi_commands.end_all()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
