"""What a recording does not tell, found in the session itself, so that none is forgotten: each field with the reason why it is absent."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

_Steps = list[dict[str, Any]]
# Fields of a step that some formats have, and whose steps have them.
_OF_STEPS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "steps.timestamp": ("step", lambda step: "timestamp" in step),
    "steps.reasoning_content": ("agent", lambda step: "reasoning_content" in step),
    "steps.metrics.prompt_tokens": ("agent", lambda step: "prompt_tokens" in step.get("metrics", {})),
    "steps.metrics.completion_tokens": ("agent", lambda step: "completion_tokens" in step.get("metrics", {})),
    "steps.metrics.cached_tokens": ("agent", lambda step: "cached_tokens" in step.get("metrics", {})),
    "steps.metrics.cost_usd": ("agent", lambda step: "cost_usd" in step.get("metrics", {})),
}


def absences(
    value: Mapping[str, Any], reasons: Mapping[str, str], stated: Iterable[tuple[str, str]]
) -> list[dict[str, str]]:
    """The `absent` of a session's JSON value: one entry for each field that is missing, sorted, and what was `stated` before, once each.

    `reasons` say why the format lacks a field. Without one it is said how many steps have none.
    """
    agent, steps = value["agent"], value["steps"]
    found = dict.fromkeys(stated)
    for field, missing, said in (
        ("agent.name", agent["name"] == "unknown", "the file does not say which agent it was"),
        ("agent.version", agent["version"] == "unknown", "the file does not say it"),
        ("agent.model_name", "model_name" not in agent, "the file names no model"),
        ("agent.tool_definitions", "tool_definitions" not in agent, "the file does not list the tools"),
        (
            "outcome.success",
            "success" not in value["extra"]["limi"]["outcome"],
            "nobody said whether the query was solved",
        ),
    ):
        if missing:
            found[field, reasons.get(field, said)] = None
    for field, (whose, has) in _OF_STEPS.items():
        of = [step for step in steps if whose == "step" or step["source"] == "agent"]
        lacking = sum(not has(step) for step in of)
        if lacking:
            many = f"{lacking} of {len(of)} {'steps' if whose == 'step' else 'steps of the agent'} have none"
            found[field, f"{reasons[field]} ({many})" if field in reasons else many] = None
    for field, reason in reasons.items():
        if field not in _OF_STEPS and not field.startswith("agent.") and field != "outcome.success":
            found[field, reason] = None
    return [{"field": field, "reason": reason} for field, reason in sorted(found)]
