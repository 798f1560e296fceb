"""Which sessions of the archive are trained on: each once, on a query of the pool, refused by no check; the others with their reason."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline.files import sha256_text
from trajectories.archive.session import Session
from trajectories.checks.check import check
from trajectories.checks.limits import Limits
from trajectories.checks.size import distribution
from trajectories.export.counting import Counting, OfTemplate, Once, plainly, tokenizer_of
from trajectories.export.messages import Message, messages_of
from trajectories.export.policy import Policy
from trajectories.queries import Query

NOT_IN_POOL = "not_in_pool"
REPEATED = "repeated"


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


class Repeats:
    """Tells of a session whether an earlier one has the same messages; that it was imported anew or under another query changes nothing."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def first_of(self, session: Session, messages: list[Message]) -> str:
        """The trajectory_id of the first session that was asked for with these messages: its own if there was none before."""
        # The loss of a turn is left out: a row that came back may have lost why there was none.
        said = [{name: value for name, value in message.items() if name != "train"} for message in messages]
        return self._first.setdefault(sha256_text(json.dumps(said, sort_keys=True)), session.trajectory_id)


def chosen(
    sessions: Iterable[Session],
    pool: Mapping[str, Query],
    limits: Limits,
    policy: Policy,
    selection: Selection,
    counting: Counting | None = None,
) -> Iterator[Session]:
    """The sessions to train on, one at a time, in their order; `selection` is told of each one."""
    repeats = Repeats()
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
        if repeats.first_of(session, messages_of(session, policy)) != session.trajectory_id:
            selection.left_out[session.trajectory_id] = REPEATED
            continue
        selection.flagged.update({one.rule for one in found})
        selection.by_query[query.id] += 1
        selection.rounds[session.rounds] += 1
        yield session


def counting_by(tokenizer: str) -> Counting:
    """What counts a row's tokens: a model's tokenizer and template; o200k_base if none is named. Raises UserError if there is none such."""
    return Once(OfTemplate(tokenizer_of(tokenizer)) if tokenizer else plainly())


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
