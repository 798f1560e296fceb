"""The messages that mini-swe-agent writes with a model of OpenAI's Responses API, whose replies are lists of items."""

from typing import Any

from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of, joined, plain


def unwrapped(message: Fields) -> Fields:
    """The message in the words of chat completions: with a role, and a result's text as its content."""
    if message.left.get("type") == "function_call_output":
        message.take("type")
        renamed = {"role": "tool", "tool_call_id": message.take("call_id"), "content": message.take("output")}
        message.left |= renamed
    elif message.left.get("object") == "response":
        message.take("object")
        message.left["role"] = "assistant"
    elif message.left.get("type") == "message":
        message.take("type")
    return message


def agent_response(draft: Draft, message: Fields, time: Any) -> Step:
    """Add a reply: its text, the summaries or texts of its reasoning, and its calls. What it holds else is kept aside."""
    parts: list[str] = []
    reasoning: list[str] = []
    aside: list[Any] = []
    step = draft.step("agent", "", time=time)
    for item in message.objects("output"):
        kind = item.maybe_text("type")
        if kind == "function_call":
            recorded = item.maybe_text("call_id")
            name, arguments = item.text("name"), item.take("arguments")
            draft.call(step, recorded, name, arguments, kept=_said(item.left))
        elif kind == "message":
            content, kept = content_of(item.take("content"), item.at("content"))
            parts.append(plain(content))
            if kept is not None:
                aside.append(kept)
        elif kind == "reasoning":
            texts = [part.maybe_text("text") or "" for part in item.objects("content") or item.objects("summary")]
            reasoning += texts
            if left := _said(item.left):
                aside.append({"type": kind, **left})
        else:
            aside.append({"type": kind, **item.left})
    step["message"] = joined(parts)
    if any(reasoning):
        step["reasoning_content"] = "\n\n".join(reasoning)
    if aside:
        step["notes"]["kept_aside"]["output"] = aside
    return step


def _said(left: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in left.items() if value not in (None, [])}
