"""The card on how the rows were chosen: the funnel with every reason, and what the pool is made of."""

from collections import Counter
from typing import Any

from curated.making.blocks import Block, Heading, Mono, Part, Quoted, Words, grid, say
from curated.making.inputs import Inputs
from pipeline.pooling.levels import levels_of

_Rows = list[dict[str, Any]]


def choice(inputs: Inputs, pool: _Rows, candidates: _Rows) -> list[Block]:
    """The sections on the funnel and on the pool."""
    params = inputs.params
    sample = (
        f"{params.sample.per_repository:,} of each repository at most, {params.sample.strategy}, by seed {params.seed}"
    )
    return [
        Heading(2, "How the rows were chosen"),
        say(
            f"Merged pull requests were listed; each met the rules in this order, and its fate is in the ledger. Drawn were {sample}. What "
            "people accepted competed for the pool's places.",
        ),
        grid(
            ("stage", "entered", "kept", "lost, and why"),
            [(Mono(step["stage"]), step["entered"], step["kept"], _lost(step)) for step in inputs.steps],
        ),
        Heading(2, "What the pool is made of"),
        _composition(pool),
        say(
            "It is the best pool that keeps these quotas. Better is ",
            ", then ".join(level.better for level in levels_of(params.pool.order) if level.kind != "draw"),
            ", and last the draw. That there is no better one was proved.",
        ),
        grid(("quota", "there are"), [(Mono(one.words), one.has) for one in inputs.choice.quotas]),
        say(
            Mono("choice.json"),
            " has quotas, levels, and every candidate with its marks and its reason, so that anybody can draw again with another solver.",
        ),
        say(
            "Each row says in ",
            Mono("reason"),
            " why it has its place, and each candidate why it has it or not. For example:",
        ),
        *_reasons(candidates),
    ]


def _lost(step: dict[str, Any]) -> Words:
    parts: list[Part] = []
    for kind in ("dropped", "failed"):
        for reason, count in step[kind].items():
            parts += [", " if parts else "", f"{count:,} ", Mono(reason), " (failed)" if kind == "failed" else ""]
    return tuple(part for part in parts if part != "") or ("nothing",)


def _composition(pool: _Rows) -> Block:
    counts = Counter((row["domain"], row["sub_domain"], row["origin"]) for row in pool)
    kinds = sorted({(domain, sub_domain) for domain, sub_domain, _ in counts})
    origins = ("real_world", "github_pr")
    rows: list[tuple[Part | Words | int, ...]] = [
        (Mono(domain), Mono(sub), *(counts[domain, sub, origin] for origin in origins)) for domain, sub in kinds
    ]
    rows.append(("all", "", *(sum(counts[*kind, origin] for kind in kinds) for origin in origins)))
    return grid(("domain", "sub-domain", "real-world", "from pull requests"), rows)


def _reasons(candidates: _Rows) -> list[Block]:
    """The first candidate that was chosen, and the first that was accepted and not chosen."""
    found: list[Block] = []
    for chosen in (True, False):
        row = next((row for row in candidates if row["chosen"] is chosen and row["verdict"] == "accept"), None)
        if row:
            found += [say(Mono(row["query_id"]), " is in the pool:" if chosen else " is not:"), Quoted(row["reason"])]
    return found
