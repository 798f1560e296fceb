"""Event logs of SII CLI, a fork of gemini-cli and LIMI's collector: one JSON object with `events`, of which `api_request_full` are read.

Its source is not public. What its log holds is known from LIMI's own converter alone (scripts/data_prepare/events2messages.py at
896c05d): every request with all messages so far, the tools and the system instruction. That converter keeps the last request only, so that
the final reply is lost; so is it here, where the log has no later request, and the session states it. All other events are kept aside.
"""

import json
from collections.abc import Iterator
from itertools import pairwise

from trajectories.archive.session import Session
from trajectories.importing.draft import Draft
from trajectories.importing.fields import Fields
from trajectories.importing.gemini_parts import other_name, output_of, own_command, parts_of
from trajectories.importing.given import Given
from trajectories.importing.messages import gemini_tools
from trajectories.importing.reading import Recording

FORMAT = "sii-cli events"
_REQUEST = "api_request_full"
_REASONS = {
    "agent.version": "the format does not say it",
    "steps": "a request holds the messages before it, so the reply to the last one is in none; where the log has it, it is kept aside",
    "steps.timestamp": "a request has a time, its messages have none",
    "steps.metrics.prompt_tokens": "the requests have no token counts",
    "steps.metrics.completion_tokens": "the requests have no token counts",
    "steps.metrics.cached_tokens": "the requests have no token counts",
    "steps.metrics.cost_usd": "the format has no costs",
    "steps.reasoning_content": "the requests hold no reasoning",
}


def sessions_of(recording: Recording, given: Given) -> Iterator[Session]:
    """The one session of the file."""
    whole = Fields(recording.document(), str(recording.path))
    events = whole.objects("events")
    draft = Draft("sii-cli", _REASONS)
    model = whole.maybe_name("model")
    if model:
        draft.agent["model_name"] = model
    draft.session_id = whole.maybe_name("id")
    requests: list[Fields] = []
    for event in events:
        if event.left.get("type") == _REQUEST:
            event.take("type")
            requests.append(event)
        else:
            draft.aside(event.place, event.left)
    if not requests:
        raise whole.fault("events", f"none of them is of type {_REQUEST}, which holds the messages")
    _said(draft, requests)
    draft.kept |= whole.left
    yield draft.finished(given, recording, FORMAT)


def _said(draft: Draft, events: list[Fields]) -> None:
    data = [event.object("data") for event in events]
    requests = [one.object("full_request") for one in data]
    histories = [request.objects("messages") for request in requests]
    for number, (before, after) in enumerate(pairwise(histories), 1):
        if [one.left for one in after[: len(before)]] != [one.left for one in before]:
            lost = [one.left for one in before]
            draft.stated.append(
                ("steps", f"request {number + 1} does not go on where request {number} was: the latter is kept aside")
            )
            draft.kept.setdefault("other_histories", []).append({"request": number, "messages": lost})
    declared: list[Fields] = []
    for request in requests:
        declared += request.objects("tools")
    groups = {json.dumps(group.left, sort_keys=True): group for group in reversed(declared)}
    tools, kept = gemini_tools(reversed(groups.values()))
    if tools:
        draft.agent["tool_definitions"] = tools
    if kept:
        draft.agent_kept["tools"] = kept
    instruction = requests[-1].take("system_instruction")
    if isinstance(instruction, str):
        draft.step("system", instruction, kind="prompt")
    elif instruction is not None:
        more = dict(instruction) if isinstance(instruction, dict) else {}
        parts = parts_of(more.pop("parts", None) if more else instruction, requests[-1].at("system_instruction"))
        more |= {"parts": parts.aside} if parts.aside else {}
        draft.step("system", parts.content, kind="prompt", kept=more)
    for message in histories[-1]:
        _message(draft, message)
    for request in requests:
        if request.left.get("system_instruction") == instruction:
            request.take("system_instruction")
    draft.kept["requests"] = [
        event.left | ({"data": one.left} if one.left else {}) | ({"full_request": request.left} if request.left else {})
        for event, one, request in zip(events, data, requests, strict=True)
    ]


def _message(draft: Draft, message: Fields) -> None:
    role = message.text("role")
    if role not in ("user", "model"):
        raise message.fault("role", "it must be user or model")
    parts = parts_of(message.items("parts"), message.at("parts"))
    aside = message.left | ({"parts": parts.aside} if parts.aside else {})
    if role == "model":
        step = draft.step("agent", parts.content, kept=aside)
        if parts.thoughts:
            step["reasoning_content"] = "\n\n".join(parts.thoughts)
        for call in parts.calls:
            recorded = call.maybe_text("id")
            draft.call(step, recorded, call.text("name"), call.take("args"), kept=call.left)
        return
    for response in parts.responses:
        recorded = response.maybe_text("id")
        text, whole = output_of(response)
        left = {name: value for name, value in response.left.items() if name != "name"}
        step, answered = draft.answer(
            recorded or None, text, response.place, kept=left if whole is None else left | {"response": whole}
        )
        step["results"][-1]["notes"]["kept_aside"] |= other_name(response, step, answered)
    if not parts.texts and parts.responses:
        if aside:
            draft.aside(message.place, aside)
        return
    ran = own_command("".join(parts.texts))
    if ran is not None:
        step = draft.step("user", parts.content, kind="command", command=ran[0], kept=aside)
        step["results"] = [{"content": ran[1], "notes": {}}]
    else:
        draft.human(parts.content, kept=aside)
