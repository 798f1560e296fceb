"""Rules on tool calls: the tool was there, the arguments are what it takes, the ids are the source's."""

import json
from collections.abc import Iterator

from trajectories.archive.steps import ToolCall
from trajectories.checks.arguments import Unusable, schema_of
from trajectories.checks.finding import Case, Place


def no_tools(case: Case) -> Iterator[Place]:
    """Calls, and no word of what tools there were: a chat template could not tell the model of them."""
    called = next((step for step in case.session.steps if step.calls), None)
    if called is not None and not case.session.agent.tool_definitions:
        yield Place(
            None, "agent.tool_definitions", "the agent calls tools, and the session does not tell which there were"
        )


def unknown_tool(case: Case) -> Iterator[Place]:
    """A call of a tool that the agent did not have."""
    known = {tool.function.name for tool in case.session.agent.tool_definitions or ()}
    for step, at, call in _learned(case):
        if known and call.function_name not in known:
            yield Place(step, f"tool_calls[{at}].function_name", "the agent has no tool of this name")


def unreadable_arguments(case: Case) -> Iterator[Place]:
    """Arguments that are no JSON object."""
    for step, at, call in _learned(case):
        if call.notes.raw_arguments is not None:
            yield Place(step, f"tool_calls[{at}].arguments", "they are no JSON object")


def other_arguments(case: Case) -> Iterator[Place]:
    """Arguments that the tool's JSON schema does not allow."""
    schemas = {name: schema_of(written) for name, written in _schemas(case).items()}
    for step, at, call in _learned(case):
        schema = schemas.get(call.function_name)
        if schema is None or isinstance(schema, Unusable) or call.notes.raw_arguments is not None:
            continue
        found = schema.problems(call.arguments)
        if isinstance(found, Unusable):
            said = f"they can't be checked by the tool's schema: {found.reason}"
            yield Place(step, f"tool_calls[{at}].arguments", said)
        elif found:
            yield Place(step, f"tool_calls[{at}].arguments", "; ".join(found[:_MOST_SAID]), len(found), 0)


def unusable_schema(case: Case) -> Iterator[Place]:
    """A tool's JSON schema that nothing can be held against."""
    for at, tool in enumerate(case.session.agent.tool_definitions or ()):
        if tool.function.parameters is None:
            continue
        schema = schema_of(_written(tool.function.parameters))
        if isinstance(schema, Unusable):
            yield Place(
                None,
                f"agent.tool_definitions[{at}].function.parameters",
                f"{schema.reason}, so no call is checked by it",
            )


def renamed_id(case: Case) -> Iterator[Place]:
    """A call whose own id was empty or stood twice, so that which result answers it is the importer's word."""
    for step in case.session.steps:
        for at, call in enumerate(step.calls):
            if call.notes.recorded_id is not None:
                yield Place(step.step_id, f"tool_calls[{at}].tool_call_id", "the source's id was empty or stood twice")


_MOST_SAID = 3  # problems of one call


def _learned(case: Case) -> Iterator[tuple[int, int, ToolCall]]:
    """Step, place and call of each call that a model would learn to make: those that were rejected carry no loss."""
    for step in case.session.steps:
        for at, call in enumerate(step.calls):
            if call.tool_call_id not in case.rejected:
                yield step.step_id, at, call


def _schemas(case: Case) -> dict[str, str]:
    called = {call.function_name for step in case.session.steps for call in step.calls}
    return {
        tool.function.name: _written(tool.function.parameters)
        for tool in case.session.agent.tool_definitions or ()
        if tool.function.name in called and tool.function.parameters is not None
    }


def _written(parameters: dict[str, object]) -> str:
    return json.dumps(parameters, ensure_ascii=False)
