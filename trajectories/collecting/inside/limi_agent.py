"""mini-swe-agent's interactive agent, which writes down every message at once and goes on where a killed one stopped."""
# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return"
# mini-swe-agent is in its own environment, not in the one where this is checked.

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import limi_commands
from limi_reply import MOST_RECORDED, MOST_VALUES_RECORDED, values_in
from minisweagent.agents.default import DefaultAgent
from minisweagent.agents.interactive import InteractiveAgent, console
from minisweagent.environments.local import LocalEnvironment, LocalEnvironmentConfig
from minisweagent.exceptions import FormatError, InterruptAgentFlow
from minisweagent.models.utils.actions_toolcall import BASH_TOOL
from minisweagent.models.utils.content_string import get_content_string
from rich.text import Text

CUT_OFF = "The recording was cut off while this command ran; it may have run in part."
NO_ROOM = "The command was not run: the recording is full."
INTERRUPTED = "The user interrupted this command; it may have run in part."
_MOST_SHOWN = 150_000  # characters that the record of an output has beside the output: what the model is shown of it
Message = dict[str, Any]


class Sandbox(LocalEnvironment):
    """Runs the agent's and the human's commands at a workplace. Of this process's own environment they see nothing."""

    def __init__(self, workplace: limi_commands.Workplace, name: str, seconds: int) -> None:
        self.config = LocalEnvironmentConfig(cwd=workplace.folder, env=dict(workplace.environment), timeout=seconds)
        self.workplace, self.name = workplace, name

    def execute(self, action: Message, cwd: str = "", *, timeout: int | None = None) -> Message:
        """What a command gave. Raises Submitted if it is the one that hands the work in."""
        ran = limi_commands.run(action.get("command", ""), self.workplace, timeout or self.config.timeout)
        output = {"output": ran.output, "returncode": ran.exit_code, "exception_info": ran.problem}
        self._check_finished(output)
        return output

    def get_template_vars(self, **kwargs: Any) -> Message:
        """What the prompts may name; nothing of this process's environment."""
        system = os.uname()
        named = {"system": system.sysname, "release": system.release, "version": system.version}
        return {**named, "machine": system.machine, **kwargs}

    def serialize(self) -> Message:
        """What the record tells of it. Folders of this machine are left out."""
        return {"info": {"config": {"environment": {"sandbox": self.name, "timeout": self.config.timeout}}}}


class RecordedAgent(InteractiveAgent):
    """`hide` takes the key out of a JSON value; `executing` is a file that is there while commands run."""

    def __init__(self, *args: Any, hide: Callable[[Any], Any], executing: Path, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hide, self._executing = hide, executing
        self._pending: Message | None = None
        self._resumed = 0
        self._written = self._values = 0  # characters and values of the record

    def add_messages(self, *messages: Message) -> list[Message]:
        """Show, keep and write them, each with its time. Nothing in them is obeyed by the terminal."""
        for message in messages:
            message.setdefault("extra", {}).setdefault("timestamp", time.time())
            console.print(f"\n[bold]{message['role'].capitalize()}[/bold]:")
            _show(message)
        self._values += values_in(list(messages))
        DefaultAgent.add_messages(self, *messages)
        self.save(self.config.output_path)
        return list(messages)

    def query(self) -> Message:
        """The next message: the one that a killed run had not carried out, else a new one while the archive has room for it."""
        if self._pending is None:
            if self._written > MOST_RECORDED or self._values > MOST_VALUES_RECORDED:
                raise InterruptAgentFlow(_exit("RecordingFull"))
            return super().query()
        pending, self._pending = self._pending, None
        return pending

    def execute_actions(self, message: Message) -> list[Message]:
        """Ask, run, and tell the model what came of each command, also of one that was interrupted."""
        actions: list[Message] = message.get("extra", {}).get("actions", [])
        outputs: list[Message] = []
        try:
            self._ask_confirmation_or_interrupt([action["command"] for action in actions])
            self._executing.touch()
            room = MOST_RECORDED - self._written
            for action in actions:
                output = self.env.execute(action) if room > 0 else _not_finished(NO_ROOM)
                outputs.append(output)
                room -= len(json.dumps(output)) + _MOST_SHOWN
        except KeyboardInterrupt:
            if self._executing.exists():
                outputs.append(_not_finished(INTERRUPTED))
            raise
        finally:
            result = self._add_observation_messages(message, outputs)
            self._executing.unlink(missing_ok=True)
        return result

    def run(self, task: str = "", **kwargs: Any) -> Message:
        """Begin with the task, or go on with `earlier` (what `save` wrote) and a `further` request, until the agent's work ends."""
        earlier, further = kwargs.pop("earlier"), kwargs.pop("further")
        self.extra_template_vars |= {"task": task}
        if earlier is None:
            # Both at once: a recording of the first alone would go on without the query.
            self.add_messages(
                self.model.format_message(role="system", content=self._render_template(self.config.system_template)),
                self.model.format_message(role="user", content=self._render_template(self.config.instance_template)),
            )
        else:
            self._go_on(earlier, further)
        while not self.messages or self.messages[-1].get("role") != "exit":
            self._turn()
        return self.messages[-1].get("extra", {})

    def _go_on(self, earlier: Message, further: str) -> None:
        self.messages = earlier["messages"]
        self._written, self._values = len(json.dumps(earlier)), values_in(self.messages)
        stats = earlier["info"]["model_stats"]
        self.cost, self.n_calls = stats["instance_cost"], stats["api_calls"]
        self._resumed = earlier["info"].get("limi", {}).get("resumed", 0) + (0 if further else 1)
        if self.messages[-1]["role"] == "exit":
            self.messages.pop()
        last = self.messages[-1]
        if further:
            self.add_messages(
                {
                    "role": "user",
                    "content": f"The user added a new task: {further}",
                    "extra": {"interrupt_type": "UserNewTask"},
                }
            )
        elif actions := last.get("extra", {}).get("actions"):
            console.print("\n[bold]Going on where the recording stopped.[/bold]")
            _show(last)
            if self._executing.exists():
                self._add_observation_messages(last, [_not_finished(CUT_OFF) for _ in actions])
            else:
                self._pending = last
        self._executing.unlink(missing_ok=True)

    def _turn(self) -> None:
        """One turn of mini-swe-agent's own loop (DefaultAgent.run)."""
        try:
            self.step()
            self.n_consecutive_format_errors = 0
        except FormatError as error:
            self.cost += error.messages[0].get("extra", {}).get("cost", 0.0)
            self.n_consecutive_format_errors += 1
            self.add_messages(*error.messages)
            if 0 < self.config.max_consecutive_format_errors <= self.n_consecutive_format_errors:
                self.add_messages(_exit("RepeatedFormatError"))
        except InterruptAgentFlow as flow:
            self.add_messages(*flow.messages)

    def serialize(self, *more: Message) -> Message:
        """mini-swe-agent's own trajectory, with the tools and how often it was cut off and went on, which that lacks."""
        data = super().serialize({"info": {"limi": {"resumed": self._resumed, "tools": [BASH_TOOL]}}}, *more)
        del data["info"]["config"]["agent"]["output_path"]  # a folder of this machine
        return data

    def save(self, path: Path | None, *more: Message) -> Message:
        """Write the trajectory whole or not at all, never with the key."""
        data = self.serialize(*more)
        if path:
            text = json.dumps(self._hide(data))
            self._written = len(text)
            unfinished = path.with_name(f".{path.name}.tmp")
            with unfinished.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        return data


def _not_finished(sentence: str) -> Message:
    return {"output": "", "returncode": -1, "exception_info": sentence}


def _exit(status: str) -> Message:
    return {"role": "exit", "content": status, "extra": {"exit_status": status, "submission": ""}}


def _show(message: Message) -> None:
    """Print a message as it is, as the human says yes to what runs: without markup, pictures for `:x:` and lines broken elsewhere.

    What a terminal obeys is replaced; half a surrogate pair can't be printed either.
    """
    text = get_content_string(message)
    clean = "".join(one if one in "\n\t" or one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    console.print(Text(clean.encode("utf-8", "replace").decode()), soft_wrap=True)
