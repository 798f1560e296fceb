"""What an export does with the turns that trainers see differently: rejected ones, a human's own commands, notices, reasoning."""

from typing import Literal

from pydantic import Field

from pipeline.sections import Keep, Section


class Policy(Section):
    """How a session becomes messages. Whatever is kept is kept to the letter; whatever is not is left out whole."""

    rejected: Literal["drop", "keep", "tool", "user"] = Field(
        default="user",
        description=(
            "a turn with calls that the human rejected: drop it and the rejection; keep it without the rejection; keep it and tell the "
            "rejection as a tool message of each rejected call, or as the user message that the model saw; a kept one has train: false"
        ),
    )
    commands: Literal["drop", "tool", "user"] = Field(
        default="user",
        description=(
            "a human's own command and what came of it: drop it, tell it as a call of the shell's tool with train: false, or as a "
            "user message"
        ),
    )
    notices: Literal["drop", "user"] = Field(
        default="user",
        description="what the program told the model by itself: drop it, or a user message, as mini-swe-agent shows it",
    )
    reasoning: Keep = Field(default="keep", description="the agent's reasoning, as reasoning_content")
    arguments: Literal["object", "text"] = Field(
        default="object",
        description="a call's arguments: a JSON object, which chat templates of GLM need, or JSON text, which OpenAI's interface has",
    )
