"""A session as the messages and tools that chat templates take (OpenAI's form, as the published LIMI file has it).

Each message has `role` and `content`. An assistant's may have `reasoning_content` and `tool_calls`, a tool's has the `tool_call_id` that
it answers. `train: false` stands at an assistant's message that no loss should be taken on: it was rejected, only a part of it is left, a
human's command is told as a call, or it was copied from an earlier session. Other messages have no such key. A chat template sees it
as `message.train`, so it can leave the message out of what it marks as generated, and trainers that read no template read the key.
"""

import json
from collections.abc import Iterator
from typing import Any

from pipeline.errors import UserError
from trajectories.archive.session import Session
from trajectories.archive.steps import Step, ToolCall
from trajectories.export.policy import Policy

Message = dict[str, Any]
Tool = dict[str, Any]
COMMAND = "command"  # the argument of a shell's tool


def messages_of(session: Session, policy: Policy) -> list[Message]:
    """The messages of a session, in its order. Raises UserError, with the step, if the policy can't tell a step without inventing."""
    rejections = {call: step for step in session.steps for call in step.notes.rejects}
    messages: list[Message] = []
    for step in session.steps:
        if step.source == "agent":
            messages += _agent(session, step, rejections, policy)
        elif step.notes.kind == "command":
            messages += _command(session, step, policy)
        elif step.notes.kind == "rejection":
            # Some agents are shown a rejection as the call's result, which stands at the call already; then there is no message.
            messages += [_said("user", step.text)] if policy.rejected == "user" and step.text else []
        elif step.notes.kind == "notice":
            messages += [_said("user", step.text)] if policy.notices == "user" else []
        else:
            messages.append(_said(step.source, step.text))
    return messages


def tools_of(session: Session) -> list[Tool]:
    """The tools that the agent had, as they were recorded; none if the source did not tell."""
    return [tool.model_dump(exclude_defaults=True) for tool in session.agent.tool_definitions or ()]


def _said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def _agent(session: Session, step: Step, rejections: dict[str, Step], policy: Policy) -> Iterator[Message]:
    rejected = [call.tool_call_id for call in step.calls if call.tool_call_id in rejections]
    calls = [call for call in step.calls if policy.rejected != "drop" or call.tool_call_id not in rejected]
    if rejected and not calls:
        return
    message = _said("assistant", step.text)
    if step.reasoning_content is not None and policy.reasoning == "keep":
        message["reasoning_content"] = step.reasoning_content
    if calls:
        message["tool_calls"] = [_call(session, step, call, policy) for call in calls]
    if rejected or step.is_copied_context or step.notes.no_loss:
        message["train"] = False
    yield message
    answered = {result.source_call_id for result in step.results}
    told = [call for call in rejected if policy.rejected == "tool" and (rejections[call].text or call not in answered)]
    unseen = rejected if policy.rejected == "drop" else told
    for result in step.results:
        if result.source_call_id not in unseen:
            yield _answer(result.source_call_id or "", result.text)
    for call in told:
        yield _answer(call, rejections[call].text)


def _call(session: Session, step: Step, call: ToolCall, policy: Policy) -> dict[str, Any]:
    arguments: Any = call.arguments
    if policy.arguments == "text":
        raw = call.notes.raw_arguments
        arguments = json.dumps(arguments, ensure_ascii=False) if raw is None else raw
    elif call.notes.raw_arguments is not None:
        raise UserError(
            f"{session.trajectory_id}: step {step.step_id}: the arguments of a call are no JSON object, so they can't be exported as one; "
            "export arguments as text, or leave this session out"
        )
    return _function(call.tool_call_id, call.function_name, arguments)


def _function(name: str, tool: str, arguments: Any) -> dict[str, Any]:
    return {"id": name, "type": "function", "function": {"name": tool, "arguments": arguments}}


def _answer(call: str, content: str) -> Message:
    return {"role": "tool", "tool_call_id": call, "content": content}


def _command(session: Session, step: Step, policy: Policy) -> list[Message]:
    """A human's own command and what came of it."""
    outputs = [result.text for result in step.results]
    if policy.commands == "drop":
        return []
    if policy.commands == "user":
        return [_said("user", "\n\n".join([step.text, *outputs]))]
    arguments = {COMMAND: step.notes.command}
    told = json.dumps(arguments, ensure_ascii=False) if policy.arguments == "text" else arguments
    name = f"human-{step.step_id}"
    while any(call.tool_call_id == name for other in session.steps for call in other.calls):
        name += "-"
    call = _function(name, _shell(session, step), told)
    return [
        {"role": "assistant", "content": "", "tool_calls": [call], "train": False},
        _answer(name, "\n\n".join(outputs)),
    ]


def _shell(session: Session, step: Step) -> str:
    """The name of the first tool that takes a command."""
    for tool in session.agent.tool_definitions or ():
        properties = (tool.function.parameters or {}).get("properties")
        if isinstance(properties, dict) and COMMAND in properties:
            return tool.function.name
    raise UserError(
        f"{session.trajectory_id}: step {step.step_id}: a human's command can't be told as a call, as no tool of the session takes a "
        f"`{COMMAND}`; export commands as user messages, or drop them"
    )
