"""What a model may answer: one pydantic model each is the JSON schema that is sent and the check that its reply has to pass.

The docstrings and descriptions here are sent with the schema, so they are part of the prompt. Every string and list is bounded,
because a model under a grammar ends a string only where it must. The bounds stay below 2,000: llama.cpp refuses a grammar with
more repetitions (MAX_REPETITION_THRESHOLD in its llama-grammar.cpp). No field holds an id: ids are ours, whatever a reply says.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.llm.visible import visible
from pipeline.sections import SubDomain

Domain = Literal["vibe-coding", "research-workflow"]
Difficulty = Literal["easy", "medium", "hard"]
Verdict = Literal["accept", "rewrite"]
Score = Annotated[int, Field(ge=1, le=5)]

MOST_QUERY = 1900  # characters; some 300 words, and an agent's task is seldom longer than half of that
MOST_CRITERION = 300
MOST_CONTEXT = 200
MOST_RATIONALE = 800
MOST_REASON = 200


def _stripped(text: str) -> str:
    if not (stripped := text.strip()):
        raise ValueError("the text is empty")
    return stripped


# The query and its criteria keep every character, so that the checks (pipeline/synthesis/checks.py) see what the model wrote.
Criterion = Annotated[
    str,
    Field(min_length=8, max_length=MOST_CRITERION, description=f"one sentence, at most {MOST_CRITERION} characters"),
    AfterValidator(_stripped),
]
Context = Annotated[
    str,
    Field(min_length=3, max_length=MOST_CONTEXT, description=f"one phrase, at most {MOST_CONTEXT} characters"),
    AfterValidator(_stripped),
    AfterValidator(visible),
]
Reason = Annotated[
    str,
    Field(min_length=3, max_length=MOST_REASON, description=f"one sentence, at most {MOST_REASON} characters"),
    AfterValidator(_stripped),
    AfterValidator(visible),
]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WrittenQuery(_Record):
    """A request to a coding assistant, as a developer would have made it before the change was written."""

    query: Annotated[
        str,
        Field(
            min_length=20,
            max_length=MOST_QUERY,
            description=f"the request in the developer's words, plain text, at most {MOST_QUERY} characters",
        ),
        AfterValidator(_stripped),
    ]
    domain: Domain = Field(
        description="vibe-coding: building or mending software together; research-workflow: finding things out, experiments, analysis"
    )
    sub_domain: SubDomain = Field(description="where most of the work lies")
    acceptance_criteria: list[Criterion] = Field(
        min_length=1, max_length=8, description="what can be checked when the work is done, 1 to 8 sentences"
    )
    needed_context: list[Context] = Field(
        max_length=6, description="what one has to find out in the repository first, 0 to 6 phrases"
    )
    difficulty: Difficulty = Field(description="for a developer who knows the repository")
    rationale: Annotated[
        str,
        Field(
            min_length=3,
            max_length=MOST_RATIONALE,
            description=f"why this query fits the change; never shown with it; at most {MOST_RATIONALE} characters",
        ),
        AfterValidator(_stripped),
        AfterValidator(visible),
    ]


class Judgement(_Record):
    """How well a request fits the change that answered it."""

    reasons: list[Reason] = Field(
        max_length=6, description="what is wrong, the worst first, 0 to 6 sentences; none if all is well"
    )
    fidelity: Score = Field(description="1 asks for something else, 5 asks for exactly what the change does")
    realism: Score = Field(description="1 nobody would ask so, 5 a developer's own words before the work")
    leakage: Score = Field(description="1 gives the solution away, 5 gives nothing away")
    verdict: Verdict = Field(description="accept if people should see it as it is, else rewrite")
