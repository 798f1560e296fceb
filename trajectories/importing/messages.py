"""What several formats share: OpenAI's messages, tools and usage."""

from collections.abc import Iterable
from typing import Any

from trajectories.importing.draft import Draft, Step
from trajectories.importing.fields import Fields, content_of

_GEMINI_TYPES = {"STRING", "ARRAY", "OBJECT", "BOOLEAN", "INTEGER", "NUMBER"}


def agent_message(draft: Draft, message: Fields, time: Any = None) -> Step:
    """Add an assistant's message with its reasoning and calls; what nobody knows is left for the caller in `message.left`."""
    content, kept = content_of(message.take("content"), message.at("content"))
    step = draft.step("agent", content, time=time, kept={} if kept is None else {"content": kept})
    reasoning = message.maybe_text("reasoning_content")
    if reasoning is None and isinstance(message.left.get("reasoning"), str):
        reasoning = message.take("reasoning")
    if reasoning is not None:
        step["reasoning_content"] = reasoning
    for call in message.objects("tool_calls"):
        add_call(draft, step, call)
    return step


def add_call(draft: Draft, step: Step, call: Fields) -> str:
    """Add a call of OpenAI's form: id, type, function with name and arguments (a text or an object)."""
    function = call.object("function")
    recorded, name, arguments = call.take("id"), function.text("name"), function.take("arguments")
    if call.left.get("type") == "function":
        call.take("type")
    return draft.call(
        step, recorded, name, arguments, kept=call.left | ({"function": function.left} if function.left else {})
    )


def usage(step: Step, spent: Fields | None) -> None:
    """Add the tokens of OpenAI's usage, in the words of either of its interfaces; the cached ones are a part of the prompt's."""
    if spent is None:
        return
    whole = dict(spent.left)
    metrics: dict[str, Any] = {}
    for name, fields in (
        ("prompt_tokens", ("prompt_tokens", "input_tokens")),
        ("completion_tokens", ("completion_tokens", "output_tokens")),
    ):
        metrics[name] = next((count for field in fields if (count := spent.count(field)) is not None), None)
    for field in ("prompt_tokens_details", "input_tokens_details"):
        details = whole.get(field)
        if isinstance(details, dict):
            metrics["cached_tokens"] = Fields(details, spent.at(field)).count("cached_tokens")
    if (metrics.get("cached_tokens") or 0) > (metrics["prompt_tokens"] or 0):
        metrics.pop("cached_tokens")
    add_metrics(step, metrics, spent.left)


def add_metrics(step: Step, metrics: dict[str, Any], kept: dict[str, Any]) -> None:
    """Add what is not None to the metrics of a step, and what is left of the source's to what is kept aside of them."""
    found = step.setdefault("metrics", {})
    found.update((name, value) for name, value in metrics.items() if value is not None)
    if kept:
        found.setdefault("extra", {"limi": {"kept_aside": {}}})["limi"]["kept_aside"].update(kept)
    if not found:
        del step["metrics"]


def tools_of(tools: Iterable[Fields]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tool definitions in OpenAI's form, and what else stood at them. Reads the forms of chat completions and responses."""
    made: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    names: set[str] = set()
    for tool in tools:
        original = dict(tool.left)
        inner = tool.maybe_object("function") or tool
        definition: dict[str, Any] = {"name": inner.text("name")}
        description, parameters = inner.maybe_text("description"), inner.maybe_object("parameters")
        if description is not None:
            definition["description"] = description
        if parameters is not None:
            definition["parameters"] = parameters.left
        if isinstance(inner.left.get("strict"), bool):
            definition["strict"] = inner.take("strict")
        if tool.left.get("type") == "function":
            tool.take("type")
        if definition["name"] in names:
            kept.append(original)
            continue
        names.add(definition["name"])
        made.append({"type": "function", "function": definition})
        if tool.left or inner.left:
            kept.append({"name": definition["name"], **tool.left, **inner.left})
    return made, kept


def gemini_tools(groups: Iterable[Fields]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Tool definitions of Gemini's `functionDeclarations`, their types in small letters as JSON schema has them."""
    declared: list[Fields] = []
    kept: list[dict[str, Any]] = []
    for group in groups:
        declared += group.objects("functionDeclarations")
        if group.left:
            kept.append(group.left)
    for one in declared:
        schema = one.take("parametersJsonSchema")
        if schema is not None and one.left.get("parameters") is None:
            one.left["parameters"] = schema
        if isinstance(one.left.get("parameters"), dict):
            one.left["parameters"] = _lowered(one.left["parameters"])
    made, more = tools_of(declared)
    return made, kept + more


def _lowered(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_lowered(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: part.lower() if name == "type" and isinstance(part, str) and part in _GEMINI_TYPES else _lowered(part)
        for name, part in schema.items()
    }
