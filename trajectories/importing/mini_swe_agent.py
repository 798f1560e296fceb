"""mini-swe-agent's trajectory files (trajectory_format mini-swe-agent-1.1, mini-swe-agent 2.x), with every turn of the human beside it.

Read from its source (agents/default.py, agents/interactive.py, models/utils/). What it writes and what we make of it:
- `extra.interrupt_type` UserRejection is a rejection, UserNewTask a further request, FormatError a notice of the program.
- A call that was not carried out gets an observation all the same (`action was not executed`), and so does the one that hands in the
  work, though that one ran: it is the first of these where the human's new task or the end follows.
- `extra.cost` 0.0 means that it could not tell the price.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import UserError
from trajectories.archive.session import Session
from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of, plain
from trajectories.importing.given import Given
from trajectories.importing.messages import agent_message, usage
from trajectories.importing.mini_responses import agent_response, unwrapped
from trajectories.importing.reading import Recording

FORMAT = "mini-swe-agent-1.1"
_NOT_EXECUTED = "action was not executed"
_COMMENT = "The user rejected your commands with the following message: "
_SECRET = re.compile(r"(?i)(api_?key|access_?key|token|secret|password|credentials?|authorization)$")
_REASONS = {
    "agent.tool_definitions": "the format does not list the tools; mini-swe-agent has one, bash",
    "steps.metrics.cost_usd": "mini-swe-agent writes 0 where it can't tell the price",
}


def sessions_of(recording: Recording, given: Given) -> Iterator[Session]:
    """The one session of the file."""
    whole = Fields(recording.document(), str(recording.path))
    written = whole.text("trajectory_format")
    if written != FORMAT:
        raise whole.fault("trajectory_format", f"it must be {FORMAT}, which mini-swe-agent writes since 2.0")
    messages = whole.objects("messages")
    draft = Draft("mini-swe-agent", _REASONS)
    _about(draft, whole.object("info"))
    reader = _Reader(draft)
    for number, message in enumerate(messages, 1):
        message.place = f"{recording.path}: message {number}"
        reader.read(message)
    reader.end()
    draft.kept |= whole.left
    yield draft.finished(given, recording, FORMAT)


def _about(draft: Draft, info: Fields) -> None:
    version = info.maybe_name("mini_version")
    if version:
        draft.agent["version"] = version
    config = info.maybe_object("config")
    if config is not None:
        model = config.left.get("model")
        name = model.get("model_name") if isinstance(model, dict) else None
        if isinstance(name, str) and name.strip() and name.isprintable():
            draft.agent["model_name"] = name
        left_out: list[str] = []
        draft.agent_kept["config"] = _without_secrets(config.left, "config", left_out)
        draft.stated += [("agent.extra", f"{field} was left out, as it may be a secret") for field in left_out]
    stats = info.maybe_object("model_stats")
    if stats is not None:
        if stats.left.get("instance_cost"):
            draft.totals["total_cost_usd"] = stats.dollars("instance_cost")
        draft.totals["extra"] = {"limi": {"kept_aside": stats.left}}
    if ended := info.maybe_name("exit_status"):
        draft.outcome["ended"] = ended
    if submission := info.maybe_text("submission"):
        draft.outcome["submission"] = submission
    draft.kept |= {name: value for name, value in info.left.items() if value != ""}


def _without_secrets(value: Any, place: str, left_out: list[str]) -> Any:
    """The configuration without the values of fields whose name says that they are secret."""
    if isinstance(value, list):
        return [_without_secrets(part, place, left_out) for part in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for name, part in value.items():
        if _SECRET.search(name) and part not in (None, ""):
            left_out.append(f"{place}.{name}")
        else:
            made[name] = _without_secrets(part, f"{place}.{name}", left_out)
    return made


class _Reader:
    """Reads the messages one after the other."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.padded: list[dict[str, Any]] = []  # results since the last reply that say "not executed"
        self.running: Step | None = None  # a command of the human, whose result is to come
        self.exits: list[dict[str, Any]] = []
        self.asked = False

    def read(self, message: Fields) -> None:
        """Add what one message says."""
        extra = message.maybe_object("extra") or Fields({}, message.at("extra"))
        message = unwrapped(message)
        role = message.text("role")
        if role == "assistant":
            self._agent(message, extra)
        elif role == "tool":
            self._result(message, extra, message.maybe_text("tool_call_id"))
        elif role == "exit":
            self.exits.append({**message.left, **extra.left})
        elif role == "system":
            content, kept = content_of(message.take("content"), message.at("content"))
            self.draft.step(
                "system", content, kind="notice" if self.draft.steps else "prompt", **_rest(message, extra, kept)
            )
        elif role != "user":
            raise message.fault("role", "it must be system, user, assistant, tool or exit")
        elif "returncode" in extra.left:
            self._result(message, extra, None)
        else:
            self._human(message, extra)

    def end(self) -> None:
        """What only the end tells."""
        if self.draft.outcome.get("ended") == "Submitted":
            self._handed_in(ends=True)
        if not self.exits:
            self.draft.stated.append(
                ("outcome.ended", "the recording has no end: mini-swe-agent was stopped before it")
            )
        for exit_message in self.exits:
            for name in ("role", "content", "exit_status", "submission"):
                if exit_message.get(name) in (
                    "exit",
                    "",
                    self.draft.outcome.get("ended"),
                    self.draft.outcome.get("submission"),
                ):
                    exit_message.pop(name, None)
        if any(self.exits):
            self.draft.kept["exits"] = self.exits

    def _agent(self, message: Fields, extra: Fields) -> None:
        self.padded, self.running = [], None
        time = _time(extra)
        whole = dict(message.left)
        is_response = "output" in message.left
        step = agent_response(self.draft, message, time) if is_response else agent_message(self.draft, message, time)
        actions = extra.objects("actions")
        if not step.get("tool_calls"):
            for action in actions:
                self.draft.call(
                    step, None, "bash", {"command": action.text("command")}, kept={"in_text": True, **action.left}
                )
            if actions:
                reason = "the model wrote its commands in its text; they are calls of bash as mini-swe-agent read them, with ids of ours"
                self.draft.stated.append(("steps.tool_calls", reason))
        elif not _repeats(actions, step):
            step["notes"]["kept_aside"]["actions"] = [action.left for action in actions]
        response = extra.maybe_object("response") if isinstance(extra.left.get("response"), dict) else None
        spent = response.take("usage") if response is not None else message.take("usage") if is_response else None
        if isinstance(spent, dict):
            usage(step, Fields(spent, message.at("usage")))
        elif spent is not None:
            step["notes"]["kept_aside"]["usage"] = spent
        cost = extra.dollars("cost")
        if cost:
            step.setdefault("metrics", {})["cost_usd"] = cost
        aside = step["notes"]["kept_aside"]
        aside |= {name: value for name, value in message.left.items() if value is not None} | extra.left
        if response is not None and (left := _without_copies(response.left, whole)):
            aside["response"] = left

    def _result(self, message: Fields, extra: Fields, recorded: str | None) -> None:
        content, kept = content_of(message.take("content"), message.at("content"))
        notes: dict[str, Any] = {}
        if isinstance(extra.left.get("raw_output"), str):
            notes["raw_output"] = extra.take("raw_output")
        code = extra.left.get("returncode")
        not_run = extra.left.get("exception_info") == _NOT_EXECUTED
        if type(code) is int and not not_run and -(2**31) <= code < 2**32:
            notes["exit_code"] = extra.take("returncode")
        notes["kept"] = _rest(message, extra, kept)["kept"]
        if self.running is not None and recorded is None:
            kept_aside = notes.pop("kept")
            self.running.setdefault("results", []).append(
                {"content": content, "notes": {**notes, "kept_aside": kept_aside}}
            )
            return
        step, _ = self.draft.answer(recorded, content, message.at("tool_call_id"), **notes)
        if not_run:
            result = step["results"][-1]
            result["notes"]["executed"] = False
            self.padded.append(result)

    def _human(self, message: Fields, extra: Fields) -> None:
        content, kept = content_of(message.take("content"), message.at("content"))
        actions = extra.objects("actions")
        interrupt = extra.maybe_text("interrupt_type")
        time = _time(extra)
        aside = _rest(message, extra, kept)
        if actions:
            command = "\n".join(action.text("command") for action in actions)
            if left := [action.left for action in actions if action.left]:
                aside["kept"]["actions"] = left
            self.running = self.draft.step("user", content, kind="command", command=command, time=time, **aside)
        elif interrupt == "UserRejection" and self.draft.latest and self.draft.latest.get("tool_calls"):
            _, told, comment = plain(content).partition(_COMMENT)
            calls = [call["tool_call_id"] for call in self.draft.latest["tool_calls"]]
            self.draft.reject(calls, content, comment=comment if told else None, time=time, **aside)
        elif interrupt == "UserNewTask" or not self.asked:
            self._handed_in(ends=False)
            self.draft.step("user", content, kind="request", time=time, **aside)
            self.asked = True
        elif interrupt in ("UserInterruption", "UserRejection"):
            if self.padded:
                self.padded[0]["notes"].pop("executed")  # it may have begun
            self.draft.step("user", content, kind="remark", time=time, **aside)
        elif interrupt is None:
            self.draft.step("user", content, kind="remark", time=time, **aside)
        else:
            aside["kept"]["interrupt_type"] = interrupt
            self.draft.step("system", content, kind="notice", time=time, **aside)

    def _handed_in(self, ends: bool) -> None:
        """The first call of the latest step that has no true result is the one that handed in the work, and it ran."""
        latest = self.draft.latest
        if latest is None or not latest.get("tool_calls"):
            return
        padded = {result["source_call_id"] for result in self.padded}
        answered = {result["source_call_id"] for result in latest.get("results", [])} - padded
        call = next((call for call in latest["tool_calls"] if call["tool_call_id"] not in answered), None)
        if call is None:
            return
        padding = next((one for one in self.padded if one["source_call_id"] == call["tool_call_id"]), None)
        if padding is not None:
            padding["notes"].pop("executed", None)
        if ends:
            call["notes"]["ends_session"] = True
            if padding is not None:  # the model was not asked again, so it was never shown this
                latest["results"].remove(padding)
                call["notes"]["kept_aside"]["padding"] = {"content": padding["content"], **padding["notes"]}
                if not latest["results"]:
                    del latest["results"]


def _rest(message: Fields, extra: Fields, kept: Any) -> dict[str, Any]:
    """What nobody took of a message, to be kept aside."""
    left = {name: value for name, value in (message.left | extra.left).items() if value is not None}
    return {"kept": left if kept is None else left | {"content": kept}}


def _time(extra: Fields) -> str | None:
    """`extra.timestamp`, seconds since 1970, as a time; the number itself stays to be kept aside."""
    seconds = extra.left.get("timestamp")
    if not isinstance(seconds, int | float) or type(seconds) is bool:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        raise UserError(f"{extra.at('timestamp')}: it must be seconds since 1970") from None


def _without_copies(response: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """The endpoint's answer without what the message repeats of it."""
    choices = response.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        choice, said = choices[0], choices[0].get("message")
        if isinstance(said, dict):
            left = {name: part for name, part in said.items() if name not in message or message[name] != part}
            choice = {name: part for name, part in choice.items() if name != "message"} | (
                {"message": left} if left else {}
            )
        response = {**response, "choices": [choice]}
    return response


def _repeats(actions: list[Fields], step: Step) -> bool:
    """Whether mini-swe-agent's own reading of the calls says no more than the calls."""
    calls = [
        {
            "command": call["arguments"].get("command"),
            "tool_call_id": call["notes"].get("recorded_id", call["tool_call_id"]),
        }
        for call in step.get("tool_calls", [])
    ]
    return [action.left for action in actions] in ([], calls)
