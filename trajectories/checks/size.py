"""How long sessions are, beside the paper's: a report, and the rules that a trainer's limit and its template make."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, median

from pipeline.errors import UserError
from trajectories.checks.finding import Case, Place

# LIMI (arXiv 2509.17567), section on trajectory collection: tokens of the published 78.
PAPER_LEAST, PAPER_MEAN, PAPER_MOST = 13_000, 42_400, 152_000


@dataclass(frozen=True)
class Distribution:
    """Tokens of a set of sessions. `shorter` and `longer` count those outside the paper's range."""

    sessions: int
    total: int
    least: int
    mean: float
    median: float
    most: int
    shorter: int
    longer: int

    def __str__(self) -> str:
        """Two lines: this set, and the paper's."""
        if not self.sessions:
            return "no session"
        many = "1 session" if self.sessions == 1 else f"{self.sessions} sessions"
        return (
            f"{many}: {self.least:,} to {self.most:,} tokens, mean {self.mean:,.0f}, median {self.median:,.0f}\n"
            f"the paper's 78: {PAPER_LEAST:,} to {PAPER_MOST:,} tokens, mean {PAPER_MEAN:,}; "
            f"{self.shorter} here are shorter and {self.longer} longer than any of these"
        )


def distribution(tokens: Iterable[int]) -> Distribution:
    """The distribution of sessions' tokens; all zero if there are none."""
    counts = sorted(tokens)
    if not counts:
        return Distribution(0, 0, 0, 0.0, 0.0, 0, 0, 0)
    return Distribution(
        sessions=len(counts),
        total=sum(counts),
        least=counts[0],
        mean=fmean(counts),
        median=median(counts),
        most=counts[-1],
        shorter=sum(count < PAPER_LEAST for count in counts),
        longer=sum(count > PAPER_MOST for count in counts),
    )


def too_long(case: Case) -> Iterator[Place]:
    """More tokens than allowed: a trainer would cut the row or leave it out, and mostly without a word."""
    most = case.limits.most_tokens
    try:
        tokens = case.tokens if most else 0
    except UserError:  # `not_exportable` tells it
        return
    if tokens > most:
        yield Place(None, "steps", f"the export has {tokens:,} tokens, more than {most:,}", tokens, most)


def reasoning_not_rendered(case: Case) -> Iterator[Place]:
    """Reasoning that the chat template of the model to be trained leaves out; nothing is known where no model's template counts."""
    try:
        turns = case.unrendered
    except UserError:  # `not_exportable` tells it
        return
    if turns:
        said = f"the model's chat template leaves out the reasoning of {turns} {'turn' if turns == 1 else 'turns'} that carry loss"
        yield Place(None, "steps.reasoning_content", said, turns, 0)
