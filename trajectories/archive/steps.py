"""One step of a session: a message of the system, of the human, or of the agent with its reasoning, calls and what came back."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from trajectories.archive.values import (
    Count,
    Dollars,
    ExitCode,
    Extra,
    Json,
    Kept,
    KeptExtra,
    Many,
    Name,
    Record,
    Text,
    Time,
)

Kind = Literal["prompt", "notice", "request", "remark", "rejection", "command"]
KINDS: dict[str, tuple[Kind, ...]] = {
    "system": ("prompt", "notice"),
    "user": ("request", "remark", "rejection", "command"),
    "agent": (),
}


class TextPart(Record):
    """A part of a message. Of ATIF's kinds (text, image, audio) the archive holds text."""

    type: Literal["text"] = Field(description="text; importers keep an image or audio aside and state it")
    text: Text = Field(description="the part's text")


Content = Annotated[
    Annotated[Text, Tag("text")] | Annotated[tuple[TextPart, ...], Many, Tag("parts")],
    Discriminator(lambda value: "parts" if isinstance(value, list | tuple) else "text"),
]


class CallNotes(Kept):
    """`extra.limi` of a tool call."""

    recorded_id: Text | None = Field(
        default=None, description="the source's own id, where it was empty or stood twice in the session"
    )
    raw_arguments: Text | None = Field(
        default=None, description="the arguments as the model wrote them, where they are no JSON object"
    )
    ends_session: bool = Field(
        default=False, description="whether this call ended the session, so that nothing answers it"
    )


class CallExtra(Extra):
    """`extra` of a tool call."""

    limi: CallNotes | None = Field(default=None, description="our own key")


class ToolCall(Record):
    """A tool call (t)."""

    tool_call_id: Name = Field(description="unique in the session")
    function_name: Name = Field(description="the tool")
    arguments: Json = Field(description="in the order the model wrote them")
    extra: CallExtra | None = Field(default=None, description="what ATIF has no place for")

    @property
    def notes(self) -> CallNotes:
        """Our own notes; empty ones if there are none."""
        return (self.extra.limi if self.extra else None) or CallNotes()


class ResultNotes(Kept):
    """`extra.limi` of a result."""

    raw_output: Text | None = Field(
        default=None, description="what the command printed, where content is made from it by a template"
    )
    exit_code: ExitCode | None = Field(default=None, description="of the command")
    executed: bool | None = Field(
        default=None, description="false if the call was never carried out, as when it was rejected"
    )


class ResultExtra(Extra):
    """`extra` of a result."""

    limi: ResultNotes | None = Field(default=None, description="our own key")


class Result(Record):
    """What the environment gave back (o)."""

    source_call_id: Name | None = Field(
        default=None, description="the call it answers; absent for a human's own command"
    )
    content: Content = Field(description="what the model was shown")
    extra: ResultExtra | None = Field(default=None, description="what ATIF has no place for")

    @property
    def text(self) -> str:
        """The content as one text."""
        return text_of(self.content)

    @property
    def notes(self) -> ResultNotes:
        """Our own notes; empty ones if there are none."""
        return (self.extra.limi if self.extra else None) or ResultNotes()


class Observation(Record):
    """The results of a step, in the order they came."""

    results: Annotated[tuple[Result, ...], Many] = Field(description="one for each answered call")


class Metrics(Record):
    """What the model's reply took."""

    prompt_tokens: Count | None = Field(default=None, description="tokens of the input, cached ones included")
    completion_tokens: Count | None = Field(default=None, description="tokens of the reply, reasoning included")
    cached_tokens: Count | None = Field(default=None, description="those of the input that came from a cache")
    cost_usd: Dollars | None = Field(default=None, description="price of the call in US dollars")
    extra: KeptExtra | None = Field(default=None, description="what ATIF has no place for")

    @model_validator(mode="after")
    def _cached_is_a_part(self) -> Self:
        if (
            self.prompt_tokens is not None
            and self.cached_tokens is not None
            and self.cached_tokens > self.prompt_tokens
        ):
            raise ValueError("cached_tokens: they are a part of prompt_tokens, so they can't be more")
        return self


class StepNotes(Kept):
    """`extra.limi` of a step."""

    kind: Kind | None = Field(
        default=None, description="what a step of the system or of the human is; an agent's has none"
    )
    rejects: Annotated[tuple[Name, ...], Many] = Field(
        default=(), description="of a rejection: the calls of the agent's latest step it rejects"
    )
    comment: Text | None = Field(
        default=None, description="of a rejection: the human's own words, where the message holds more"
    )
    command: Text | None = Field(
        default=None, description="of a command: what the human ran; the step's observation is what came of it"
    )
    no_loss: Literal[True] | None = Field(
        default=None, description="of an agent: the export that it comes from said that no loss is taken on it"
    )


class StepExtra(Extra):
    """`extra` of a step."""

    limi: StepNotes | None = Field(default=None, description="our own key")


class Step(Record):
    """One step. Only an agent reasons, calls tools and costs tokens."""

    step_id: Annotated[Count, Field(ge=1)] = Field(description="1, 2, 3 and so on")
    source: Literal["system", "user", "agent"] = Field(description="who speaks; user is the human")
    message: Content = Field(description="exactly what the model wrote or was shown; may be empty")
    timestamp: Time | None = Field(default=None, description="when it began, as the source wrote it")
    model_name: Name | None = Field(default=None, description="of an agent: its model, where it is not the session's")
    reasoning_effort: Name | float | None = Field(
        default=None, description="of an agent: how much it was told to reason"
    )
    reasoning_content: Text | None = Field(default=None, description="of an agent: its reasoning (m)")
    tool_calls: Annotated[tuple[ToolCall, ...], Many] | None = Field(
        default=None, description="of an agent: its calls (t), in order"
    )
    observation: Observation | None = Field(default=None, description="what the environment gave back (o)")
    metrics: Metrics | None = Field(default=None, description="of an agent: tokens and cost of its reply")
    is_copied_context: bool | None = Field(
        default=None, description="true if it was copied from an earlier session; not for training"
    )
    llm_call_count: Count | None = Field(default=None, description="how many replies of the model this step is made of")
    extra: StepExtra | None = Field(default=None, description="what ATIF has no place for")

    @property
    def text(self) -> str:
        """The message as one text."""
        return text_of(self.message)

    @property
    def notes(self) -> StepNotes:
        """Our own notes; empty ones if there are none."""
        return (self.extra.limi if self.extra else None) or StepNotes()

    @property
    def at(self) -> datetime | None:
        """The timestamp as a time, to the microsecond."""
        return datetime.fromisoformat(self.timestamp) if self.timestamp else None

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Its tool calls; none if it has none."""
        return self.tool_calls or ()

    @property
    def results(self) -> tuple[Result, ...]:
        """The results of its observation; none if it has none."""
        return self.observation.results if self.observation else ()

    @model_validator(mode="after")
    def _only_agents_reason_and_call(self) -> Self:
        if self.source != "agent":
            for field in (
                "model_name",
                "reasoning_effort",
                "reasoning_content",
                "tool_calls",
                "metrics",
                "llm_call_count",
            ):
                if getattr(self, field) is not None:
                    raise ValueError(f"{field}: only an agent's step has it, and this one is of the {self.source}")
        if self.llm_call_count == 0 and (self.metrics is not None or self.reasoning_content is not None):
            raise ValueError("llm_call_count: it is 0, so there can be no metrics and no reasoning_content")
        return self

    @model_validator(mode="after")
    def _notes_fit(self) -> Self:
        notes, allowed = self.notes, KINDS[self.source]
        if notes.kind not in (allowed or (None,)):
            raise ValueError(f"extra.limi.kind: of the {self.source} it must be {' or '.join(allowed) or 'absent'}")
        if bool(notes.rejects) != (notes.kind == "rejection"):
            raise ValueError("extra.limi.rejects: a rejection names the calls it rejects, and nothing else does")
        if notes.comment is not None and notes.kind != "rejection":
            raise ValueError("extra.limi.comment: only a rejection has one")
        if notes.no_loss and self.source != "agent":
            raise ValueError("extra.limi.no_loss: only an agent's step has it")
        if (notes.command is not None) != (notes.kind == "command"):
            raise ValueError("extra.limi.command: a human's own command has it, and nothing else does")
        return self

    @model_validator(mode="after")
    def _results_answer_calls(self) -> Self:
        if self.results and self.source != "agent" and self.notes.kind != "command":
            raise ValueError("observation: only an agent's calls and a human's own command have results")
        ids = {call.tool_call_id for call in self.calls}
        answered: set[str | None] = set()
        for at, result in enumerate(self.results):
            field = f"observation.results[{at}].source_call_id"
            if self.source == "user" and result.source_call_id is not None:
                raise ValueError(f"{field}: a human's own command is no call, so it must be absent")
            if self.source == "agent" and result.source_call_id not in ids:
                raise ValueError(f"{field}: it must be the tool_call_id of a call of the same step")
            if self.source == "agent" and result.source_call_id in answered:
                raise ValueError(f"{field}: that call is answered already")
            answered.add(result.source_call_id)
        return self


def text_of(content: str | tuple[TextPart, ...]) -> str:
    """A content as one text: parts follow each other with nothing between, as chat templates put them."""
    return content if isinstance(content, str) else "".join(part.text for part in content)
