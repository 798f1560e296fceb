"""The card's section on sessions of work on the pool's queries: how many, how long, by whom, and what one has to know to train on them."""

from collections import Counter
from statistics import mean, median
from typing import Any

from curated.making.blocks import Block, Bullets, Heading, Mono, Part, grid, say
from pipeline.trajectory_sections import Trajectories

# The agent of the demo's sessions, which people wrote by hand.
_BY_HAND = "limi-demo"


def by_hand(rows: list[dict[str, Any]]) -> int:
    """How many of the rows of TRAJECTORIES were written by hand for the demo, so that no model took part."""
    return sum(row["agent"].partition(" ")[0] == _BY_HAND for row in rows)


def sessions(rows: list[dict[str, Any]], queries: int, params: Trajectories) -> list[Block]:
    """What the rows of TRAJECTORIES are, of which there is one at least; `queries` are those of the pool."""
    tokens = [row["tokens"] for row in rows]
    solved, covered = sum(row["success"] is True for row in rows), len({row["query_id"] for row in rows})
    agents = Counter((row["agent"], row["model"] or "none or not told", row["collector"]) for row in rows)
    rounds = ", ".join(
        f"{times:,} with {number}" for number, times in sorted(Counter(row["rounds"] for row in rows).items())
    )
    many = "1 session" if len(rows) == 1 else f"{len(rows):,} sessions"
    counted: tuple[Part, ...] = (
        ("by the chat template of ", Mono(params.tokenizer))
        if params.tokenizer
        else ("by o200k_base, plainly rendered",)
    )
    written = by_hand(rows)
    no_model = f" Written by hand for the demo, so that no model took part: {written:,} of them." if written else ""
    return [
        Heading(2, "Sessions"),
        say(
            f"{many} of work on {covered:,} of the {queries:,} queries. Of {solved:,} it is said that the query was solved.{no_model} "
            f"They have {min(tokens):,} to {max(tokens):,} tokens, {mean(tokens):,.0f} in the mean and {median(tokens):,.0f} in the "
            "median, counted ",
            *counted,
            ". Every one passed the project's checks (",
            Mono("docs/TRAJECTORIES.md"),
            "), with the parameters that the run has.",
        ),
        grid(
            ("agent", "model", "written by", "sessions"),
            [(Mono(agent), Mono(model), Mono(collector), n) for (agent, model, collector), n in sorted(agents.items())],
        ),
        Bullets(
            (
                (
                    Mono("messages"),
                    " and ",
                    Mono("tools"),
                    " are JSON texts, as chat templates take them once ",
                    Mono("json.loads"),
                    " has read them.",
                ),
                (
                    "An assistant's message with ",
                    Mono('"train": false'),
                    " is context: it was rejected, or it is not the agent's own. No loss on it.",
                ),
                *_reasoning(params),
                (
                    "What became of turns that the human rejected, of the human's own commands, of notices by the program, of "
                    "reasoning and of arguments: ",
                    *_policies(params),
                    " (docs/TRAJECTORIES.md tells what each means).",
                ),
                (f"Sessions by how many requests the human made until the end: {rounds}.",),
                (
                    "A session shows text of the repository that it is work in, so the licence of its query's row holds for it.",
                ),
            )
        ),
    ]


def _reasoning(params: Trajectories) -> list[tuple[Part, ...]]:
    if params.export.reasoning != "keep":
        return []
    return [
        (
            "Reasoning is in ",
            Mono("reasoning_content"),
            ". Many chat templates render only what of it follows the last user message, so most would not be trained on: take one that "
            "keeps it.",
        )
    ]


def _policies(params: Trajectories) -> list[Part]:
    parts: list[Part] = []
    for name, value in params.export.model_dump().items():
        parts += [", " if parts else "", Mono(f"{name}: {value}")]
    return parts
