"""Nothing that a policy keeps is lost or changed on the way to a row and back, and nothing appears that the archive has not."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.errors import UserError
from tests.trajectories import made
from trajectories.archive.session import Session, session_of
from trajectories.archive.steps import Step
from trajectories.export.messages import Message
from trajectories.export.policy import Policy
from trajectories.export.rows import row_of

policies = st.builds(
    Policy,
    rejected=st.sampled_from(["drop", "keep", "tool", "user"]),
    commands=st.sampled_from(["drop", "user"]),
    notices=st.sampled_from(["drop", "user"]),
    reasoning=st.sampled_from(["keep", "drop"]),
    arguments=st.sampled_from(["object", "text"]),
)


def exported(session: Session, policy: Policy) -> list[Message]:
    """What stands in the row of the export."""
    try:
        messages: list[Message] = json.loads(row_of(session, policy, counting=lambda messages, tools: 0)["messages"])
    except UserError as error:
        assume("no JSON object" not in str(error))
        raise
    return messages


def kept(session: Session, policy: Policy) -> Iterator[str]:
    """Each text that the policy keeps, told by the archive alone: an oracle that knows nothing of messages."""
    words = defaultdict(str, {name: step.text for step in session.steps for name in step.notes.rejects})
    for step in session.steps:
        rejected = {call.tool_call_id for call in step.calls} & session.rejected
        whole = step.source == "agent" and policy.rejected == "drop" and len(rejected) == len(step.calls) > 0
        hidden = {
            "rejection": policy.rejected != "user",
            "command": policy.commands == "drop",
            "notice": policy.notices == "drop",
        }
        if whole or hidden.get(step.notes.kind or "", False):
            continue
        if step.notes.kind == "rejection" and not step.text:
            continue  # the model was told by the call's result, which stands there
        yield step.text
        if policy.reasoning == "keep" and step.reasoning_content is not None:
            yield step.reasoning_content
        for call in step.calls:
            if not (policy.rejected == "drop" and call.tool_call_id in rejected):
                yield from (
                    call.tool_call_id,
                    call.function_name,
                    written(call.arguments, call.notes.raw_arguments, policy),
                )
        for result in step.results:
            hidden_result = policy.rejected == "drop" or (
                policy.rejected == "tool" and words[result.source_call_id or ""]
            )
            if not (result.source_call_id in rejected and hidden_result):
                yield from (result.text, result.source_call_id or "")
        if policy.rejected == "tool":
            answered = {result.source_call_id for result in step.results}
            for name in rejected:
                if words[name] or name not in answered:
                    yield from (words[name], name)


def written(arguments: Any, raw: str | None, policy: Policy) -> str:
    return raw if policy.arguments == "text" and raw is not None else json.dumps(arguments)


def told(messages: list[Message]) -> Iterator[str]:
    for message in messages:
        yield message["content"]
        if "reasoning_content" in message:
            yield message["reasoning_content"]
        if "tool_call_id" in message:
            yield message["tool_call_id"]
        for call in message.get("tool_calls", ()):
            arguments = call["function"]["arguments"]
            yield from (call["id"], call["function"]["name"], arguments_text(arguments))


def arguments_text(arguments: Any) -> str:
    try:
        return json.dumps(json.loads(arguments)) if isinstance(arguments, str) else json.dumps(arguments)
    except ValueError:
        return str(arguments)


@given(made.sessions, policies)
def test_every_text_that_the_policy_keeps_is_there_as_often_and_no_other_is(session: Session, policy: Policy) -> None:
    commands = [step for step in session.steps if step.notes.kind == "command"]
    wanted = Counter(map(arguments_or_text, kept(session, policy)))
    if policy.commands == "user":
        for step in commands:  # they are told as one text
            wanted -= Counter(map(arguments_or_text, [step.text, *(result.text for result in step.results)]))
            wanted -= Counter([""] * len(step.results))
            wanted[arguments_or_text(as_one(step))] += 1
    found = Counter(map(arguments_or_text, told(exported(session, policy))))
    assert found == +wanted


def as_one(step: Step) -> str:
    return "\n\n".join([step.text, *(result.text for result in step.results)])


def arguments_or_text(text: str) -> str:
    """A text, or JSON of any spelling in one spelling."""
    return arguments_text(text)


def archive_of(messages: list[Message], tools: str, policy: Policy) -> Session:
    """A small inverse of the export: each assistant's message and the tools' messages after it are one step again."""
    steps: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] == "tool":
            result = {"source_call_id": message["tool_call_id"], "content": message["content"]}
            steps[-1].setdefault("observation", {"results": []})["results"].append(result)
        elif message["role"] == "assistant":
            step = {"source": "agent", "message": message["content"]}
            if "reasoning_content" in message:
                step["reasoning_content"] = message["reasoning_content"]
            if message.get("train") is False:
                step["extra"] = {"limi": {"no_loss": True}}
            if "tool_calls" in message:
                step["tool_calls"] = [made_call(call, policy) for call in message["tool_calls"]]
            steps.append(step)
        elif message["role"] == "system":
            steps.append(made.said("system", message["content"], limi={"kind": "prompt"}))
        else:
            steps.append(made.said("user", message["content"], limi={"kind": "request"}))
    value = made.value(*steps)
    value["agent"]["tool_definitions"] = json.loads(tools)
    return session_of(value, "again")


def made_call(call: dict[str, Any], policy: Policy) -> dict[str, Any]:
    told = call["function"]["arguments"]
    raw: dict[str, Any] = {}
    if policy.arguments == "text":
        try:
            value = json.loads(told)
        except ValueError:
            value = None
        raw = {} if isinstance(value, dict) else {"extra": {"limi": {"raw_arguments": told}}}
        told = value if isinstance(value, dict) else {}
    return {"tool_call_id": call["id"], "function_name": call["function"]["name"], "arguments": told, **raw}


@given(made.sessions, policies)
def test_an_export_read_into_the_archive_and_exported_again_is_the_same(session: Session, policy: Policy) -> None:
    first = row_of_or_leave(session, policy)
    again = archive_of(json.loads(first["messages"]), first["tools"], policy)
    expected = json.loads(first["messages"])
    second = row_of(again, policy, counting=lambda messages, tools: 0)
    assert json.loads(second["messages"]) == expected
    assert second["tools"] == first["tools"]


def row_of_or_leave(session: Session, policy: Policy) -> dict[str, Any]:
    exported(session, policy)
    return row_of(session, policy, counting=lambda messages, tools: 0)


@given(made.sessions)
def test_a_turn_has_no_loss_exactly_if_it_was_rejected_or_copied(session: Session) -> None:
    messages = [one for one in exported(session, Policy(arguments="text")) if one["role"] == "assistant"]
    steps = [step for step in session.steps if step.source == "agent"]
    assert [one.get("train", True) for one in messages] == [
        not (step.is_copied_context or any(call.tool_call_id in session.rejected for call in step.calls))
        for step in steps
    ]
