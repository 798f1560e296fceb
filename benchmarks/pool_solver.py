"""How long the choice of a pool takes, and whether it is right: against every set on small cases, and in another order.

    python -m benchmarks.pool_solver [--candidates 10000] [--explained 1000] [--small 200]

Needs: nothing; the candidates are made up (tests/pipeline/pooling/worlds.py), 78 places under six kinds of quotas that cut across
each other, eight levels, the draw. Prints one JSON object on its last line: candidates, seconds (to choose among them, with the
proof), same_shuffled (the same pool for candidates in another order), proof_steps (parts of the search, all levels), brute_force_agrees
(whether every small case gives the set that trying all sets gives, or none where there is none), small (how many cases), infeasible
(of them), explained (candidates of a second choice, each of which got its exact reason), explain_seconds, swap_seconds (reasons by
single swaps, for all candidates).
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from typing import Any

from hypothesis import Phase, given, seed, settings

from pipeline.errors import UserError
from pipeline.pooling.candidates import Candidate
from pipeline.pooling.choice import Choice, choose
from pipeline.pooling.quotas import Quota
from pipeline.pooling.reasons import reasons
from tests.pipeline.pooling.pools import SEED, choices, every_pool, worth
from tests.pipeline.pooling.worlds import PEOPLE, PULLS, quotas, world

DRAW = 20250917


def small(cases: int) -> dict[str, Any]:
    """So many drawn cases of nine candidates or fewer, each against every set."""
    agree, infeasible = [], []

    @seed(1)
    @settings(max_examples=cases, deadline=None, database=None, phases=[Phase.generate])
    @given(choices())
    def one(case: tuple[list[Candidate], int, list[Quota], list[str]]) -> None:
        candidates, size, limits, order = case
        pools = every_pool(candidates, size, limits)
        expected = {one.id for one in max(pools, key=lambda pool: worth(pool, order))} if pools else None
        agree.append(_ids(candidates, size, limits, order) == expected)
        infeasible.append(expected is None)

    one()
    return {"brute_force_agrees": all(agree), "small": len(agree), "infeasible": sum(infeasible)}


def _ids(candidates: list[Candidate], size: int, limits: list[Quota], order: Sequence[str]) -> set[str] | None:
    try:
        return choose(candidates, size, limits, SEED, order).ids
    except UserError:
        return None


def large(count: int) -> tuple[Choice, dict[str, Any]]:
    """One choice among so many, and again with the candidates in another order."""
    candidates = world(count, 1)
    started = time.perf_counter()
    choice = choose(candidates, PEOPLE + PULLS, quotas(), DRAW)
    seconds = time.perf_counter() - started
    random.Random(2).shuffle(candidates)  # noqa: S311 - an order
    same = choose(candidates, PEOPLE + PULLS, quotas(), DRAW).ids == choice.ids
    steps = sum(stage.parts for stage in choice.stages)
    return choice, {
        "candidates": count,
        "seconds": round(seconds, 2),
        "same_shuffled": same,
        "proof_steps": steps,
    }


def timed_reasons(choice: Choice, exact: bool) -> float:
    """Seconds for the reasons of all candidates of a choice."""
    started = time.perf_counter()
    reasons(choice, exact)
    return round(time.perf_counter() - started, 2)


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pool_solver",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--candidates", type=int, default=10_000, help="of the timed choice (default 10000)")
    parser.add_argument("--explained", type=int, default=1000, help="of the choice that is explained (default 1000)")
    parser.add_argument("--small", type=int, default=200, help="small cases against every set (default 200)")
    arguments = parser.parse_args()
    choice, figures = large(arguments.candidates)
    explained, _ = large(arguments.explained)
    print(
        json.dumps(
            figures
            | small(arguments.small)
            | {"explained": arguments.explained, "explain_seconds": timed_reasons(explained, exact=True)}
            | {"swap_seconds": timed_reasons(choice, exact=False)}
        )
    )


if __name__ == "__main__":
    main()
