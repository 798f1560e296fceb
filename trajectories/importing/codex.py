"""Codex' rollout files (~/.codex/sessions/YYYY/MM/DD/rollout-*.jsonl): lines of timestamp, type and payload (codex-rs/protocol).

`response_item` is what goes to the model and comes of it; it makes the steps. `event_msg` is what the program shows, mostly the same once
more; it is kept aside but for its token counts. A reply is the run of model items until a result, somebody's message or a token count.
"""

import re
from collections.abc import Iterator
from typing import Any

from trajectories.archive.session import Session
from trajectories.importing.codex_items import (
    exit_of,
    output_of,
    own_command,
    reasoning_of,
    rejection_of,
    written_by_the_program,
)
from trajectories.importing.codex_tokens import Tokens
from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of, joined, plain
from trajectories.importing.given import Given
from trajectories.importing.reading import Recording

FORMAT = "codex rollout"
LINES = frozenset(("session_meta", "response_item", "event_msg", "turn_context", "compacted"))
_CALLS = {"function_call": "arguments", "custom_tool_call": "input", "tool_search_call": "arguments"}
_ACTIONS = ("local_shell_call", "web_search_call")
_OUTPUTS = ("function_call_output", "custom_tool_call_output", "tool_search_output")
_ENDS = ("task_complete", "turn_complete", "turn_aborted")
_INTERRUPTED = re.compile(r"<turn_aborted>.*user interrupted", re.DOTALL)
_REASONS = {
    "agent.tool_definitions": "the format does not list the tools",
    "steps.metrics.cost_usd": "the format has no costs",
    "steps.metrics.prompt_tokens": "running totals; a step has its share only where the difference is exact",
}


def sessions_of(recording: Recording, given: Given) -> Iterator[Session]:
    """The one session of the file."""
    draft = Draft("codex", _REASONS)
    reader = _Reader(draft)
    for place, value in recording.values():
        line = Fields(value, place)
        kind = line.text("type")
        if kind not in LINES:
            draft.aside(place, line.left | {"type": kind})
            continue
        reader.read(kind, line)
    reader.end()
    yield draft.finished(given, recording, FORMAT)


class _Reader:
    """Reads the lines one after the other."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.reply: Step | None = None
        self.thoughts: list[str] = []
        self.texts: list[str] = []
        self.said: list[tuple[Step, list[str], list[str]]] = []  # texts and thoughts of each reply
        self.tokens = Tokens()
        self.model: str | None = None
        self.effort: str | None = None
        self.begun = False

    def read(self, kind: str, line: Fields) -> None:
        """Add what one line says."""
        payload = line.object("payload")
        if kind == "response_item":
            self._item(line, payload)
            return
        whole = {**line.left, "type": kind, "payload": dict(payload.left)}
        if kind == "session_meta" and not self.begun:
            self._meta(line, payload)
            return
        if kind == "turn_context":
            self.model, self.effort = (
                payload.maybe_name("model") or self.model,
                payload.maybe_name("effort") or self.effort,
            )
            if self.model:
                self.draft.agent.setdefault("model_name", self.model)
        elif kind == "compacted":
            self.reply = None
            self.tokens.lost()
            reason = f"the history was compacted after step {len(self.draft.steps)}: from there the model saw less; see kept_aside"
            self.draft.stated.append(("steps.message", reason))
        elif kind == "event_msg":
            self._event(payload)
        self.draft.aside(line.place, whole)

    def end(self) -> None:
        """What only the end tells."""
        for step, texts, thoughts in self.said:
            step["message"] = joined(texts)
            if any(thoughts):
                step["reasoning_content"] = "\n\n".join(filter(None, thoughts))
        self.draft.totals |= self.tokens.totals
        if self.tokens.inexact:
            reason = f"{self.tokens.inexact} differences of the running totals could not be given to one reply; they are kept aside"
            self.draft.stated.append(("steps.metrics", reason))

    def _meta(self, line: Fields, meta: Fields) -> None:
        self.begun = True
        version = meta.maybe_name("cli_version")
        if version:
            self.draft.agent["version"] = version
        self.draft.session_id = meta.maybe_name("id")
        told = meta.left.get("base_instructions")
        if isinstance(told, str) and not self.draft.steps:
            self.draft.step("system", meta.text("base_instructions"), kind="prompt", time=line.time())
        elif isinstance(told, dict) and isinstance(told.get("text"), str) and not self.draft.steps:
            base = meta.object("base_instructions")
            self.draft.step("system", base.text("text"), kind="prompt", time=line.time(), kept=base.left)
        if meta.left.get("forked_from_id") is not None:
            self.tokens.lost()
        self.draft.agent_kept |= meta.left | {name: value for name, value in line.left.items() if name not in meta.left}

    def _event(self, event: Fields) -> None:
        kind = event.left.get("type")
        if kind == "token_count":
            info = event.left.get("info")
            if isinstance(info, dict):
                self.tokens.counted(info)
                self.reply = None
        elif kind in _ENDS:
            self.reply = None
            self.draft.outcome["ended"] = kind

    def _item(self, line: Fields, item: Fields) -> None:
        kind, time = item.text("type"), line.time()
        item.left |= {name: value for name, value in line.left.items() if name != "type" and name not in item.left}
        if kind in _OUTPUTS and item.left.get("call_id") is None and item.left.get("name") is not None:
            self.draft.aside(
                line.place, {"type": kind, **item.left}
            )  # of another thread; it answers no call of this one
        elif kind in _OUTPUTS:
            self._output(item, kind, time)
        elif kind == "message" and item.left.get("role") != "assistant":
            self._message(item, time)
        elif kind == "message":
            step = self._of_the_model(time, begins=True)
            item.take("role")
            content, kept = content_of(item.take("content"), item.at("content"))
            self.texts.append(plain(content))
            aside = item.left | self._later(step, time) | ({} if kept is None else {"content": kept})
            self._left(step, kind, aside)
        elif kind == "reasoning":
            step = self._of_the_model(time, begins=True)
            texts = reasoning_of(item)
            self.thoughts += texts
            self._left(step, kind, item.left | self._later(step, time))
        elif kind in _CALLS or kind in _ACTIONS:
            self._call(item, kind, time)
        else:
            self.draft.aside(line.place, {"type": kind, **item.left})

    def _call(self, item: Fields, kind: str, time: Any) -> None:
        step = self._of_the_model(time, begins=False)
        recorded = item.maybe_text("call_id") or (item.maybe_text("id") if kind in _ACTIONS else None)
        if kind in _ACTIONS:
            name, arguments = kind.removesuffix("_call"), item.take("action")
        else:
            name = item.text("name") if kind != "tool_search_call" else "tool_search"
            arguments = item.take(_CALLS[kind])
        if kind == "custom_tool_call":
            arguments = {"input": arguments}  # a text that is no JSON: a patch, a program
        aside = _without_nothing(item.left) | ({} if kind == "function_call" else {"type": kind})
        self.draft.call(step, recorded, name, arguments, kept=aside | self._later(step, time))

    def _later(self, step: Step, time: Any) -> dict[str, Any]:
        """The time of an item that is not the first of its reply."""
        return {} if time in (None, step.get("timestamp")) else {"timestamp": time}

    def _of_the_model(self, time: Any, begins: bool) -> Step:
        """The step of the reply that goes on, or a new one. `begins` of an item that stands before a reply's calls."""
        if self.reply is None or (begins and self.reply.get("tool_calls")):
            self.reply = self.draft.step("agent", "", time=time)
            self.thoughts, self.texts = [], []
            self.said.append((self.reply, self.texts, self.thoughts))
            self.tokens.replied(self.reply)
            if self.model and self.model != self.draft.agent.get("model_name"):
                self.reply["model_name"] = self.model
            if self.effort:
                self.reply["reasoning_effort"] = self.effort
        return self.reply

    def _left(self, step: Step, kind: str, left: dict[str, Any]) -> None:
        if left := _without_nothing(left):
            step["notes"]["kept_aside"].setdefault("items", []).append({"type": kind, **left})

    def _output(self, item: Fields, kind: str, time: Any) -> None:
        self.reply = None
        recorded = item.text("call_id")
        place = item.at("call_id")
        content, aside = output_of(item, "tools" if kind == "tool_search_output" else "output")
        text = plain(content)
        rejected = rejection_of(text)
        notes: dict[str, Any] = {"executed": False} if rejected else {}
        if (code := exit_of(aside, text)) is not None:
            notes["exit_code"] = code
        aside |= _without_nothing(item.left) | ({} if time is None else {"timestamp": time})
        step, name = self.draft.answer(recorded, content, place, kept=aside, **notes)
        if rejected and step is self.draft.latest:
            self.draft.reject([name], "", time=time)

    def _message(self, item: Fields, time: Any) -> None:
        self.reply = None
        role = item.text("role")
        content, kept = content_of(item.take("content"), item.at("content"))
        if not isinstance(content, str) and len(content) == 1 and kept is None:
            content = content[0]["text"]
        aside = _without_nothing(item.left) | ({} if kept is None else {"content": kept})
        text = plain(content)
        ran = own_command(text)
        if role not in ("user", "developer", "system"):
            raise item.fault("role", "it must be user, assistant, developer or system")
        if role != "user":
            kind = "notice" if self.draft.latest else "prompt"
            self.draft.step("system", content, kind=kind, time=time, kept=aside | {"role": role})
        elif ran is not None:
            step = self.draft.step("user", content, kind="command", command=ran[0], time=time, kept=aside)
            code = {} if ran[2] is None else {"exit_code": ran[2]}
            step["results"] = [{"content": ran[1], "notes": code}]
        elif _INTERRUPTED.match(text):
            self.draft.step("user", content, kind="remark", time=time, kept=aside)
        elif written_by_the_program(content):
            self.draft.step("system", content, kind="notice", time=time, kept=aside)
        else:
            self.draft.human(content, time=time, kept=aside)


def _without_nothing(left: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in left.items() if value is not None and value != []}
