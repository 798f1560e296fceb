"""OpenHands' events (software-agent-sdk): a folder of event-NNNNN-ID.json as it keeps them, JSON lines, or one list.

An event is told by its `kind`. Actions of one reply of the model have the same llm_response_id and make one step. Events that the model
never saw (state, pauses, condensations) are kept aside. Where the conversation went back and another way (`parent_id`), the session is the
way to the last event, and the rest is kept aside. Files of OpenHands before its SDK (`action`, `observation` as names) are another format.
"""

from collections.abc import Iterator
from typing import Any

from trajectories.archive.session import Session
from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of
from trajectories.importing.given import Given
from trajectories.importing.lineage import main_line
from trajectories.importing.reading import Recording

FORMAT = "openhands-sdk events"
_ROOT = "__root__"
_NO_REASON = "User rejected the action"  # the default of rejection_reason
_REASONS = {
    "agent.version": "the events do not say it",
    "agent.tool_definitions": "the events name the tools' classes, not their schemas; what they hold is kept aside",
    "steps.metrics.prompt_tokens": "the events have running totals of several models only, which are kept aside",
    "steps.metrics.completion_tokens": "the events have running totals of several models only, which are kept aside",
    "steps.metrics.cached_tokens": "the events have running totals of several models only, which are kept aside",
    "steps.metrics.cost_usd": "the events have running totals of several models only, which are kept aside",
    "steps.observation.results.content": (
        "an event holds what the tool gave back; OpenHands may have shown the model a line before or after it, such as the exit code"
    ),
}


def sessions_of(recording: Recording, given: Given) -> Iterator[Session]:
    """The one session of the events."""
    draft = Draft("openhands", _REASONS)
    events = [Fields(value, place) for place, value in recording.values()]
    if events and "kind" not in events[0].left:
        raise events[0].fault("kind", "it is missing; files of OpenHands before its SDK are not read")
    reader = _Reader(draft)
    for event in _on_the_way(draft, events):
        reader.read(event)
    yield draft.finished(given, recording, FORMAT)


def _on_the_way(draft: Draft, events: list[Fields]) -> list[Fields]:
    """The events from the root to the last one; the others are kept aside."""
    names = [event.left.get("id") for event in events]
    if not any(event.left.get("parent_id") for event in events):
        return events
    parents: dict[str, str | None] = {}
    before: str | None = None
    for event in events:
        name = event.left.get("id")
        if not isinstance(name, str) or name in parents:
            raise event.fault("id", "it must be a text that stands once in the recording")
        parent = event.left.get("parent_id")
        parents[name] = before if parent is None else None if parent == _ROOT else str(parent)
        before = name
    way = set(main_line(parents, str(names[-1])))
    left = [event.left for event in events if event.left["id"] not in way]
    if left:
        draft.kept["other_branches"] = left
        draft.stated.append(
            ("steps", f"{len(left)} events of branches that were left are no steps; they are kept aside")
        )
    return [event for event in events if event.left["id"] in way]


class _Reader:
    """Reads the events one after the other."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.reply: str | None = None  # llm_response_id of the step that is being made

    def read(self, event: Fields) -> None:
        """Add what one event says."""
        whole = dict(event.left)
        kind = event.text("kind")
        if kind != "ActionEvent":
            self.reply = None
        if kind == "ActionEvent":
            self._action(event)
        elif kind == "MessageEvent":
            self._message(event)
        elif kind == "SystemPromptEvent":
            self._prompt(event)
        elif kind in ("ObservationEvent", "UserRejectObservation", "AgentErrorEvent"):
            self._observation(event, kind)
        else:
            self.draft.aside(event.place, whole)
            if kind == "Condensation":
                reason = f"the history was condensed after step {len(self.draft.steps)}: from there the model saw less; see kept_aside"
                self.draft.stated.append(("steps.message", reason))

    def _prompt(self, event: Fields) -> None:
        content, kept = _content(
            [part for name in ("system_prompt", "dynamic_context") if (part := event.take(name)) is not None],
            event.at("system_prompt"),
        )
        if kept is not None:
            event.left["parts"] = kept
        time = event.take("timestamp")
        kind = "notice" if self.draft.steps else "prompt"
        self.draft.step("system", content, kind=kind, time=time, kept=_aside(event, "agent"))

    def _message(self, event: Fields) -> None:
        message = event.object("llm_message")
        more = event.items("extended_content")
        content, kept = _content(message.take("content"), message.at("content"))
        if more:
            added, aside = _content(more, event.at("extended_content"))
            held = [{"type": "text", "text": content}] if isinstance(content, str) else content
            content = [*held, *(added if isinstance(added, list) else [])]
            if aside is not None:
                event.left["extended_content"] = aside
        if kept is not None:
            message.left["content"] = kept
        time, role = event.take("timestamp"), message.text("role")
        source = event.left["source"] = event.text("source")
        if role == "assistant":
            step = self.draft.step("agent", content, time=time)
            self._reasoning(step, message)
            for call in message.objects("tool_calls"):
                recorded, name, arguments = call.maybe_text("id"), call.text("name"), call.take("arguments")
                self.draft.call(step, recorded, name, arguments, kept=call.left)
            step["notes"]["kept_aside"] |= _aside(event, "agent") | _held({"llm_message": _held(message.left)})
            return
        if role != "user":
            message.left["role"] = role
        aside = _aside(event, "user") | _held({"llm_message": _held(message.left)})
        if source == "user":
            self.draft.human(content, time=time, kept=aside)
        else:
            self.draft.step("system", content, kind="notice", time=time, kept=aside)

    def _action(self, event: Fields) -> None:
        response = event.maybe_text("llm_response_id")
        content, kept = _content(event.take("thought"), event.at("thought"))
        time = event.take("timestamp")
        if response is not None and response == self.reply and self.draft.latest is not None:
            step = self.draft.latest
            if content:
                event.left["thought"] = content
        else:
            step = self.draft.step("agent", content, time=time)
            time = None
            self._reasoning(step, event)
            step["notes"]["kept_aside"] |= _held({"llm_response_id": response, "thought": kept})
        self.reply = response
        call = event.object("tool_call")
        aside = _aside(event, "agent") | _held({"timestamp": time})
        recorded = call.maybe_text("id")
        arguments = call.take("arguments")
        if event.left.get("tool_call_id") == recorded:
            aside.pop("tool_call_id", None)
        self.draft.call(
            step, recorded, call.text("name"), arguments, kept=aside | _held({"tool_call": _held(call.left)})
        )

    def _reasoning(self, step: Step, holder: Fields) -> None:
        reasoning = holder.maybe_text("reasoning_content")
        blocks = holder.left.get("thinking_blocks")
        texts = [
            block["thinking"]
            for block in (blocks if isinstance(blocks, list) else [])
            if isinstance(block, dict) and isinstance(block.get("thinking"), str)
        ]
        if reasoning or texts:
            step["reasoning_content"] = reasoning or "\n\n".join(texts)

    def _observation(self, event: Fields, kind: str) -> None:
        recorded = event.text("tool_call_id")
        place = event.at("tool_call_id")
        if kind == "ObservationEvent":
            seen = event.object("observation")
            # Tools of older versions have a text of their own in place of parts.
            name = "content" if "content" in seen.left else "output"
            content, kept = _content(seen.take(name), seen.at(name))
            more, aside = _content(event.take("extended_content"), event.at("extended_content"))
            if more:
                held = [{"type": "text", "text": content}] if isinstance(content, str) else content
                content = [*held, *(more if isinstance(more, list) else [{"type": "text", "text": more}])]
            code = seen.left.get("exit_code")
            notes: dict[str, Any] = {"exit_code": seen.take("exit_code")} if type(code) is int and code >= 0 else {}
            notes["kept"] = _aside(event) | _held(
                {"observation": _held(seen.left), "content": kept, "extended_content": aside}
            )
            self.draft.answer(recorded, content, place, **notes)
        elif kind == "AgentErrorEvent":
            self.draft.answer(recorded, event.text("error"), place, kept=_aside(event))
        else:
            self._rejection(event, recorded, place)

    def _rejection(self, event: Fields, recorded: str, place: str) -> None:
        reason, by = event.maybe_text("rejection_reason") or _NO_REASON, event.maybe_text("rejection_source") or "user"
        time = event.time()
        kept = _aside(event) | ({"rejection_source": by} if by != "user" else {})
        step, name = self.draft.answer(recorded, f"Action rejected: {reason}", place, executed=False, kept=kept)
        if by == "user" and step is self.draft.latest:
            self.draft.reject([name], "", comment=None if reason == _NO_REASON else reason, time=time)


def _content(value: Any, place: str) -> tuple[Any, Any]:
    """A content as `content_of` reads it. `cache_prompt: false`, which stands at every part, says nothing."""
    if isinstance(value, list):
        value = [
            {name: field for name, field in part.items() if name != "cache_prompt" or field is not False}
            if isinstance(part, dict)
            else part
            for part in value
        ]
    return content_of(value, place)


def _aside(event: Fields, source: str = "environment") -> dict[str, Any]:
    """What nobody took of an event. `source` is what the archive says of who it is by; another one is kept."""
    return _held({name: value for name, value in event.left.items() if (name, value) != ("source", source)})


def _held(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != {} and value != []}
