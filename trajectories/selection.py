"""Which sessions of the archive are trained on: those on a query of the pool that no check refuses; the others, each with its reason."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trajectories.archive.session import Session
from trajectories.checks.check import check
from trajectories.checks.limits import Limits
from trajectories.checks.size import distribution
from trajectories.export.counting import Counting, of_template, plainly, tokenizer_of
from trajectories.export.policy import Policy
from trajectories.queries import Query

NOT_IN_POOL = "not_in_pool"


@dataclass
class Selection:
    """What became of the sessions that were looked at; it grows while `chosen` is read."""

    left_out: dict[str, str] = field(default_factory=dict)  # trajectory_id -> reason
    flagged: Counter[str] = field(default_factory=Counter)  # rule -> sessions that are trained on all the same
    by_query: Counter[str] = field(default_factory=Counter)  # query_id -> sessions chosen
    rounds: Counter[int] = field(default_factory=Counter)  # rounds -> sessions chosen

    def reasons(self) -> dict[str, int]:
        """How many sessions were left out for each reason, by name."""
        return dict(sorted(Counter(self.left_out.values()).items()))


def chosen(
    sessions: Iterable[Session],
    pool: Mapping[str, Query],
    limits: Limits,
    policy: Policy,
    selection: Selection,
    counting: Counting | None = None,
) -> Iterator[Session]:
    """The sessions to train on, one at a time, in their order; `selection` is told of each one."""
    for session in sessions:
        query = pool.get(session.provenance.query_id)
        if query is None:
            selection.left_out[session.trajectory_id] = NOT_IN_POOL
            continue
        found = check(session, limits, query.known, policy, counting)
        refused = [one.rule for one in found if one.severity == "refused"]
        if refused:
            selection.left_out[session.trajectory_id] = refused[0]
            continue
        selection.flagged.update({one.rule for one in found})
        selection.by_query[query.id] += 1
        selection.rounds[session.rounds] += 1
        yield session


def counting_by(tokenizer: str) -> Counting:
    """What counts a row's tokens: a model's tokenizer and template; o200k_base if none is named. Raises UserError if there is none such."""
    return of_template(tokenizer_of(tokenizer)) if tokenizer else plainly()


def metrics(selection: Selection, tokens: list[int], queries: int) -> dict[str, Any]:
    """What metrics/export_sft.json holds, once `chosen` was read to its end: `tokens` of each row, `queries` in the pool."""
    found = asdict(distribution(tokens))
    return {
        "sessions": found.pop("sessions"),
        "left_out": selection.reasons(),
        "flagged": dict(sorted(selection.flagged.items())),
        "queries": len(selection.by_query),
        "queries_without": queries - len(selection.by_query),
        "rounds": {str(number): times for number, times in sorted(selection.rounds.items())},
        "tokens": {name: round(value, 1) for name, value in found.items()},
    }
