"""A whole session as the archive holds it: a small, strict model of our own of ATIF v1.8 (harbor, rfcs/0001-trajectory-format.md).

Narrower than ATIF: no sub-agents, no continuation files, no images and audio, no token ids and log probabilities; what it has no place
for stands under `extra.limi` as docs/TRAJECTORIES.md says. Every session is valid ATIF; not every ATIF file is a session.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pipeline.errors import UserError
from trajectories.archive.problems import sentences
from trajectories.archive.provenance import Provenance, SessionExtra
from trajectories.archive.steps import Step
from trajectories.archive.values import Count, Dollars, Identifier, Json, KeptExtra, Many, Name, Record, Text


class FunctionDefinition(Record):
    """What a tool is called and takes."""

    name: Name = Field(description="as calls name it")
    description: Text | None = Field(default=None, description="as the model was told")
    parameters: Json | None = Field(default=None, description="JSON schema of the arguments")
    strict: bool | None = Field(default=None, description="whether the endpoint was to hold the model to the schema")


class ToolDefinition(Record):
    """A tool that the agent had, in OpenAI's form."""

    type: Literal["function"] = Field(description="function")
    function: FunctionDefinition = Field(description="what it is called and takes")


class Agent(Record):
    """The agent that worked."""

    name: Name = Field(description="such as mini-swe-agent")
    version: Name = Field(description="its version; unknown, with the absence stated, where the source has none")
    model_name: Name | None = Field(default=None, description="the model, where a step names no other")
    tool_definitions: Annotated[tuple[ToolDefinition, ...], Many] | None = Field(
        default=None, description="the tools it had"
    )
    extra: KeptExtra | None = Field(default=None, description="what ATIF has no place for, such as its configuration")


class FinalMetrics(Record):
    """Totals, as the source gives them; they may hold calls that are in no step."""

    total_prompt_tokens: Count | None = Field(default=None, description="tokens of all inputs, cached ones included")
    total_completion_tokens: Count | None = Field(default=None, description="tokens of all replies")
    total_cached_tokens: Count | None = Field(default=None, description="those of the inputs that came from a cache")
    total_cost_usd: Dollars | None = Field(default=None, description="price in US dollars")
    total_steps: Count | None = Field(default=None, description="number of steps")
    extra: KeptExtra | None = Field(default=None, description="what ATIF has no place for")


class Session(Record):
    """One session of an agent and a human on one query."""

    schema_version: Literal["ATIF-v1.8"] = Field(description="ATIF-v1.8")
    trajectory_id: Identifier = Field(description="names the session and its file, TRAJECTORY_ID.json")
    agent: Agent = Field(description="the agent that worked")
    steps: Annotated[tuple[Step, ...], Many] = Field(description="all that was said and done, in order")
    extra: SessionExtra = Field(description="the session's provenance, under limi")
    session_id: Name | None = Field(default=None, description="the source's own id of the run")
    notes: Text | None = Field(default=None, description="a remark of whoever recorded it")
    final_metrics: FinalMetrics | None = Field(default=None, description="totals of tokens and cost")

    @property
    def provenance(self) -> Provenance:
        """Where the session comes from."""
        return self.extra.limi

    @property
    def rounds(self) -> int:
        """How many requests the human made: the R that success was reached in."""
        return sum(step.notes.kind == "request" for step in self.steps)

    @property
    def rejected(self) -> frozenset[str]:
        """The tool_call_id of every call that the human rejected."""
        return frozenset(call for step in self.steps for call in step.notes.rejects)

    @model_validator(mode="after")
    def _steps_are_numbered(self) -> Self:
        if not self.steps:
            raise ValueError("steps: it must not be empty")
        for number, step in enumerate(self.steps, 1):
            if step.step_id != number:
                raise ValueError(
                    f"step {number}, step_id: steps count 1, 2, 3 and so on, so it must be {number}, not {step.step_id}"
                )
        total = self.final_metrics.total_steps if self.final_metrics else None
        if total not in (None, len(self.steps)):
            raise ValueError(f"final_metrics.total_steps: there are {len(self.steps)} steps, not {total}")
        return self

    @model_validator(mode="after")
    def _names_stand_once(self) -> Self:
        seen: dict[str, int] = {}
        for step in self.steps:
            for at, call in enumerate(step.calls):
                if call.tool_call_id in seen:
                    raise ValueError(
                        f"step {step.step_id}, tool_calls[{at}].tool_call_id: the same as of a call in step {seen[call.tool_call_id]}; "
                        "make it unique and keep the source's in extra.limi.recorded_id"
                    )
                seen[call.tool_call_id] = step.step_id
        tools: set[str] = set()
        for at, tool in enumerate(self.agent.tool_definitions or ()):
            if tool.function.name in tools:
                raise ValueError(f"agent.tool_definitions[{at}].function.name: another tool is called the same")
            tools.add(tool.function.name)
        return self

    @model_validator(mode="after")
    def _rejections_are_of_the_latest_calls(self) -> Self:
        latest: set[str] = set()
        for step in self.steps:
            if step.source == "agent":
                latest = {call.tool_call_id for call in step.calls}
            rejects = step.notes.rejects
            if len({*rejects}) < len(rejects) or not latest.issuperset(rejects):
                raise ValueError(
                    f"step {step.step_id}, extra.limi.rejects: it must name calls of the agent's latest step before it, each once"
                )
            latest -= {*rejects}
        return self


def session_of(data: Any, place: str) -> Session:
    """The session that a JSON value holds. Raises UserError with a sentence for each problem: `place` (a file), step and field."""
    try:
        return Session.model_validate(data)
    except ValidationError as error:
        raise UserError("\n".join(sentences(error, data, place))) from None


def json_of(session: Session) -> dict[str, Any]:
    """The JSON value of a session: fields in the model's order, without those of their default; recorded objects as they came."""
    return session.model_dump(exclude_defaults=True)
