"""gemini-cli's chats: JSON lines (session-*.jsonl, since 2026) and the one JSON object it wrote before (chatRecordingService.ts).

Read as gemini-cli itself reads them: a line with an id takes the place of an earlier one, `$set.messages` of all, `$rewindTo` takes a
message and those after it away. What was taken away is kept aside: the session is the way that was gone to the end.
"""

from collections.abc import Iterator
from typing import Any

from trajectories.archive.problems import printable
from trajectories.archive.session import Session
from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of
from trajectories.importing.gemini_parts import Parts, other_name, output_of, own_command, parts_of
from trajectories.importing.given import Given
from trajectories.importing.messages import add_metrics
from trajectories.importing.reading import Recording

FORMAT = "gemini-cli chat"
_DENIED = (
    "User denied execution."  # scheduler.ts: the human said no; the rest of the batch is cancelled with another reason
)
_BY_THE_PROGRAM = ("<session_context>", "<hook_context>")  # sessionUtils.ts, isIgnoredUserContent
_REASONS = {
    "agent.version": "the format does not say it",
    "agent.tool_definitions": "the format does not list the tools",
    "steps.extra.limi.kind.prompt": "the format does not hold the system prompt",
    "steps.metrics.cost_usd": "the format has no costs",
    "steps.reasoning_content": "gemini-cli records summaries of the model's thoughts, not the thoughts",
}
_PROGRESS = ("status", "timestamp", "resultDisplay")
_Messages = dict[str, tuple[str, dict[str, Any]]]


def sessions_of(recording: Recording, given: Given) -> Iterator[Session]:
    """The one session of the file."""
    draft = Draft("gemini-cli", _REASONS)
    messages = _messages(recording, draft)
    for place, message in messages.values():
        _read(draft, Fields(message, place))
    models = [step["model_name"] for step in draft.steps if "model_name" in step]
    if models:
        draft.agent["model_name"] = models[0]
        for step in draft.steps:
            if step.get("model_name") == models[0]:
                del step["model_name"]
    yield draft.finished(given, recording, FORMAT)


def _messages(recording: Recording, draft: Draft) -> _Messages:
    """The messages as they stood at the end, by id; everything else goes to what is kept aside."""
    found: _Messages = {}
    facts: dict[str, Any] = {}
    gone: list[dict[str, Any]] = []
    for place, value in _values(recording):
        line = Fields(value, place)
        if "$rewindTo" in line.left:
            draft.aside(place, dict(line.left))
            target = line.text("$rewindTo")
            back: list[dict[str, Any]] = []
            known = target in found  # an unknown id takes all away, as in gemini-cli
            while found and (target in found) == known:
                back.append(found.popitem()[1][1])
            gone += reversed(back)
        elif "$set" in line.left:
            update = line.object("$set")
            if line.left:
                draft.aside(place, line.left)
            if "messages" in update.left:
                before, found = found, {}
                _add_all(update, found)
                gone += [
                    message
                    for name, (_, message) in before.items()
                    if not _goes_on(message, found.get(name, ("", {}))[1])
                ]
            facts |= update.left
        elif "sessionId" in line.left:
            _add_all(line, found)
            facts |= line.left
        elif "id" not in line.left:
            kinds = ", ".join(map(printable, list(line.left)[:3])) or "nothing"
            draft.stated.append(("steps", f"a line of an unknown kind ({kinds}) may change messages; it is kept aside"))
            draft.aside(place, line.left)
        else:
            name = line.text("id")
            before = found.get(name, (place, {}))[1]
            if not _goes_on(before, value):
                gone.append(before)
            found[name] = place, dict(value)
    session_id = facts.get("sessionId")
    if isinstance(session_id, str) and session_id.strip() and session_id.isprintable():
        draft.session_id = facts.pop("sessionId")
    if facts.get("kind") == "subagent":
        draft.stated.append(
            ("steps", "it is the work of a sub-agent; its requests come of another agent, not of a human")
        )
    draft.kept |= facts
    if gone:
        draft.kept["taken_away"] = gone
        draft.stated.append(
            (
                "steps",
                f"{len(gone)} messages that were taken back (rewound or compressed) are no steps; they are kept aside",
            )
        )
    return found


def _goes_on(before: Any, after: Any) -> bool:
    """Whether a message is the same as before with more in it, such as the result of a call."""
    if isinstance(before, dict) and isinstance(after, dict):
        return all(
            name in _PROGRESS or (name in after and _goes_on(part, after[name])) for name, part in before.items()
        )
    if isinstance(before, list) and isinstance(after, list):
        return len(before) <= len(after) and all(map(_goes_on, before, after))
    return before is None or before == after


def _values(recording: Recording) -> Iterator[tuple[str, Any]]:
    """The lines, or the one document of the older form, which may be indented."""
    if recording.begins_with(b"{\n") or recording.begins_with(b"{\r\n"):
        yield str(recording.path), recording.document()
    else:
        yield from recording.values()


def _add_all(line: Fields, found: _Messages) -> None:
    for message in line.objects("messages"):
        whole = dict(message.left)
        found[message.text("id")] = message.place, whole


def _read(draft: Draft, message: Fields) -> None:
    kind = message.text("type")
    if kind not in ("user", "gemini"):
        draft.aside(message.place, {"type": kind, **message.left})  # told to the human alone
        return
    message.take("id") if not message.left.get("id") else None
    parts = parts_of(message.take("content"), message.at("content"))
    aside = {"content": parts.aside} if parts.aside else {}
    time = message.time()
    if kind == "gemini":
        _agent(draft, message, parts, aside, time)
        return
    for response in parts.responses:
        recorded = response.maybe_text("id")
        whole = dict(response.left)
        if recorded is not None and draft.is_open(recorded):
            _answer(draft, response, recorded)
        else:
            draft.aside(message.place, {"functionResponse": whole, "id": recorded})
    if parts.responses and not parts.texts:
        if message.left or aside:
            draft.aside(message.place, message.left | aside)
        return
    _human(draft, parts, {**message.left, **aside}, time)


def _human(draft: Draft, parts: Parts, aside: dict[str, Any], time: Any) -> None:
    text = "".join(parts.texts)
    ran = own_command(text)
    if ran is not None:
        step = draft.step("user", parts.content, kind="command", command=ran[0], time=time, kept=aside)
        step["results"] = [{"source_call_id": None, "content": ran[1], "notes": {}}]
        del step["results"][0]["source_call_id"]
    elif text.lstrip().startswith(_BY_THE_PROGRAM):
        draft.step("system", parts.content, kind="notice", time=time, kept=aside)
    elif text.startswith("/"):
        draft.step("user", parts.content, kind="remark", time=time, kept=aside)  # a command to gemini-cli
    else:
        draft.human(parts.content, time=time, kept=aside)


def _agent(draft: Draft, message: Fields, parts: Parts, aside: dict[str, Any], time: Any) -> None:
    step = draft.step("agent", parts.content, time=time, kept=aside)
    model = message.maybe_name("model")
    if model:
        step["model_name"] = model
    thoughts = message.objects("thoughts")
    told = ["\n".join(filter(None, (one.maybe_text("subject"), one.maybe_text("description")))) for one in thoughts]
    if told or parts.thoughts:
        step["reasoning_content"] = "\n\n".join(told or parts.thoughts)
    tokens = message.maybe_object("tokens")
    if tokens is not None:
        _spent(step, tokens)
    calls = message.objects("toolCalls")
    denied = [name for call in calls if (name := _called(draft, step, call))]
    known = {call.left.get("id") for call in calls}
    for call in parts.calls:
        recorded = call.maybe_text("id")
        if not recorded or (recorded not in known and not _has(step, recorded)):
            draft.call(step, recorded, call.text("name"), call.take("args"), kept=call.left)
    step["notes"]["kept_aside"] |= {name: value for name, value in message.left.items() if value is not None} | (
        {"thoughts": [one.left for one in thoughts]} if any(one.left for one in thoughts) else {}
    )
    if denied:
        draft.reject(denied, "")


def _has(step: Step, recorded: str) -> bool:
    return any(call["tool_call_id"] == recorded for call in step.get("tool_calls", []))


def _called(draft: Draft, step: Step, call: Fields) -> str | None:
    """Add a call and its result; its id if the human said no to it."""
    recorded, called, arguments = call.maybe_text("id"), call.text("name"), call.take("args")
    result = call.take("result")
    status = call.take("status")
    made = draft.call(
        step, recorded, called, arguments, kept=call.left | ({} if status is None else {"status": status})
    )
    if result is None:
        return None
    parts = parts_of(result, call.at("result"))
    texts: list[dict[str, str]] = []
    aside: dict[str, Any] = {"parts": parts.aside} if parts.aside else {}
    for response in parts.responses:
        # The whole batch's responses may stand at each of its calls.
        if response.left.get("id") in (None, recorded) or len(parts.responses) == 1:
            text, whole = output_of(response)
            texts.append({"type": "text", "text": text})
            left = {
                name: said
                for name, said in response.left.items()
                if (name, said) not in (("id", recorded), ("name", called))
            }
            aside |= left if whole is None else left | {"response": whole}
    texts += [{"type": "text", "text": text} for text in parts.texts]
    content = texts[0]["text"] if len(texts) == 1 else content_of(texts, call.at("result"))[0]
    shown = content if isinstance(content, str) else "".join(part["text"] for part in texts)
    notes = {"executed": False} if status == "cancelled" and _DENIED in shown else {}
    draft.answer(recorded or "", content, call.at("result"), kept=aside, **notes)
    return made if notes else None


def _answer(draft: Draft, response: Fields, recorded: str) -> None:
    text, whole = output_of(response)
    aside = {name: value for name, value in response.left.items() if name != "name"}
    step, call = draft.answer(
        recorded, text, response.place, kept=aside if whole is None else aside | {"response": whole}
    )
    step["results"][-1]["notes"]["kept_aside"] |= other_name(response, step, call)


def _spent(step: Step, tokens: Fields) -> None:
    """input holds the cached tokens; thoughts are apart from output where the total says so, and else nothing is said of the reply."""
    whole = dict(tokens.left)
    numbers = {name: tokens.count(name) for name in ("input", "output", "cached", "thoughts", "tool", "total")}
    got = {name: number or 0 for name, number in numbers.items()}
    metrics: dict[str, Any] = {}
    if numbers["input"] and got["cached"] <= got["input"]:
        metrics = {"prompt_tokens": got["input"], "cached_tokens": numbers["cached"]}
    if got["total"] and got["total"] == got["input"] + got["output"] + got["thoughts"] + got["tool"]:
        metrics["completion_tokens"] = got["output"] + got["thoughts"]
    elif got["total"] and got["total"] == got["input"] + got["output"] and not got["tool"]:
        metrics["completion_tokens"] = got["output"]
    add_metrics(step, metrics, whole)
