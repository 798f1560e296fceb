"""Rules on the end of a session and on the query it belongs to: only successes are trained on (paper, section on data collection)."""

from collections.abc import Iterator

from trajectories.archive.session import Session
from trajectories.archive.steps import Step
from trajectories.checks.finding import Case, Place


def not_success(case: Case) -> Iterator[Place]:
    """Nobody said that the query was solved, or somebody said that it was not."""
    success = case.session.provenance.outcome.success
    if success is not True:
        yield Place(
            None,
            "outcome.success",
            "nobody said that the query was solved" if success is None else "the query was not solved",
        )


def failed_check(case: Case) -> Iterator[Place]:
    """A check of success whose last run failed."""
    last = {run.name: (at, run) for at, run in enumerate(case.session.provenance.outcome.checks)}
    for at, run in last.values():
        if not run.passed:
            yield Place(None, f"outcome.checks[{at}]", f"the last run of this check, after round {run.round}, failed")


def unchecked(case: Case) -> Iterator[Place]:
    """A success that no check was run for after the last round."""
    outcome, rounds = case.session.provenance.outcome, case.session.rounds
    if outcome.success and not any(run.round >= rounds for run in outcome.checks):
        yield Place(None, "outcome.checks", "success is claimed, and no check was run after the last round")


def other_text(case: Case) -> Iterator[Place]:
    """The query has another text today than the one that was worked on."""
    known = case.known.query_sha256
    if known and case.session.provenance.query_sha256 != known:
        yield Place(None, "query_sha256", "the query's text has changed since the session was recorded")


def other_base(case: Case) -> Iterator[Place]:
    """The work began at another commit than the query's."""
    known, base = case.known.base_commit, case.session.provenance.base_commit
    if known and base and base != known:
        yield Place(None, "base_commit", "the work began at another commit than the query's pull request did")


def query_not_asked(case: Case) -> Iterator[Place]:
    """The first request does not hold the query, blanks aside."""
    first = _first_request(case.session)
    if first is not None and not asks(case.session, case.known.query):
        yield Place(first.step_id, "message", "the first request does not hold the query's text")


def asks(session: Session, query: str) -> bool:
    """Whether the first request holds the query, blanks aside; where there is none, or no query is known, nothing speaks against it."""
    first = _first_request(session)
    return first is None or "".join(query.split()) in "".join(first.text.split())


def _first_request(session: Session) -> Step | None:
    return next((step for step in session.steps if step.notes.kind == "request"), None)
