"""The card's section on sessions of work on the pool's queries: how many, how long, by whom, and what one has to know to train on them."""

from collections import Counter
from statistics import mean, median
from typing import Any

from curated.making.blocks import Block, Bullets, Heading, Mono, grid, say


def sessions(rows: list[dict[str, Any]], queries: int) -> list[Block]:
    """What the rows of TRAJECTORIES are, of which there is one at least; `queries` are those of the pool."""
    tokens = [row["tokens"] for row in rows]
    solved, covered = sum(row["success"] is True for row in rows), len({row["query_id"] for row in rows})
    agents = Counter((row["agent"], row["model"] or "not told", row["collector"]) for row in rows)
    rounds = ", ".join(
        f"{times:,} with {number}" for number, times in sorted(Counter(row["rounds"] for row in rows).items())
    )
    return [
        Heading(2, "Sessions"),
        say(
            f"{len(rows):,} sessions of an agent and a human at work on {covered:,} of the {queries:,} queries, {solved:,} of them solved "
            f"as they say. They have {min(tokens):,} to {max(tokens):,} tokens, {mean(tokens):,.0f} in the mean and "
            f"{median(tokens):,.0f} in the median. Every one passed the project's checks (",
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
                (f"Sessions by how many requests the human made until the end: {rounds}.",),
                (
                    "A session shows text of the repository that it is work in, so the licence of its query's row holds for it.",
                ),
            )
        ),
    ]
