"""The section `trajectories` of `params.yaml`: the archive, how strict its checks are, and how a session becomes a row to train on."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipeline.sections import Keep, NonNegative, Positive, Section

# In YAML a bare `off` is false.
Severity = Annotated[
    Literal["refused", "flagged", "off"], BeforeValidator(lambda given: "off" if given is False else given)
]
Share = Annotated[float, Field(ge=0, le=1)]
MaskedKind = Literal["secret", "email", "ip", "phone", "handle"]


class TrajectoryChecks(Section):
    """How strict the checks are."""

    severity: dict[str, Severity] = Field(
        description="rule -> refused, flagged or off, where it shall differ from the rule's own",
    )
    kinds: list[MaskedKind] = Field(description="kinds of secrets and personal data that must not stand in it")
    most_tokens: NonNegative = Field(
        description="of the rendered export; more is refused, as a trainer would cut it; 0: no limit"
    )
    languages: list[str] = Field(description="allowed languages, ISO 639-1; none allows all")
    repeats: Annotated[int, Field(ge=2)] = Field(
        description="as many times the same calls in a row, or the same few in turn, are a loop"
    )
    failures: Annotated[int, Field(ge=2)] = Field(description="as many failed commands in a row are marked")
    gold_line: Positive = Field(
        description="an added line of the pull request counts from so many characters on, blanks left out"
    )
    gold_most: Positive = Field(description="the human may have given fewer of its lines than this, and")
    gold_share: Share = Field(description="less than this share of them")
    back_in_time: NonNegative = Field(
        description="seconds that a step may seem to begin before the one that it follows"
    )


class TrajectoryExport(Section):
    """How a session becomes messages. Whatever is kept is kept to the letter; whatever is not is left out whole."""

    rejected: Literal["drop", "keep", "tool", "user"] = Field(
        description=(
            "a turn with calls that the human rejected: drop it and the rejection; keep it without the rejection; keep it and tell the "
            "rejection as a tool message of each rejected call, or as the user message that the model saw; a kept one has train: false"
        ),
    )
    commands: Literal["drop", "tool", "user"] = Field(
        description=(
            "a human's own command and what came of it: drop it, tell it as a call of the shell's tool with train: false, or as a "
            "user message"
        ),
    )
    notices: Literal["drop", "user"] = Field(
        description="what the program told the model by itself: drop it, or a user message, as mini-swe-agent shows it",
    )
    reasoning: Keep = Field(description="the agent's reasoning, as reasoning_content")
    arguments: Literal["object", "text"] = Field(
        description="a call's arguments: a JSON object, which chat templates of GLM need, or JSON text, which OpenAI's interface has",
    )


class Trajectories(Section):
    """Sessions of work on the pool's queries."""

    archive: str = Field(description="folder of the archive, one file for each session, see docs/TRAJECTORIES.md")
    tokenizer: str = Field(
        description="model whose tokenizer and chat template count tokens (needs transformers); empty: o200k_base and a plain rendering"
    )
    checks: TrajectoryChecks
    export: TrajectoryExport
