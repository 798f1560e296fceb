"""Rules on the order of a session: who speaks when, and that nothing is left open."""

from collections.abc import Iterator

from trajectories.checks.finding import Case, Place


def begins_otherwise(case: Case) -> Iterator[Place]:
    """The human's request is not the first thing after what the system and the program tell."""
    first = next((step for step in case.session.steps if step.source != "system"), None)
    if first is None or first.notes.kind != "request":
        yield Place(
            first.step_id if first else None,
            "source",
            "the human's request must come first, after what the system tells",
        )


def unanswered_call(case: Case) -> Iterator[Place]:
    """A call that was neither answered nor rejected, and did not end the session."""
    for step in case.session.steps:
        answered = {result.source_call_id for result in step.results}
        for at, call in enumerate(step.calls):
            if not (call.tool_call_id in answered or call.tool_call_id in case.rejected or call.notes.ends_session):
                yield Place(step.step_id, f"tool_calls[{at}]", "no result answers it, and nobody rejected it")


def call_after_end(case: Case) -> Iterator[Place]:
    """A call is said to have ended the session, and the agent goes on with no request in between."""
    ended = None
    for step in case.session.steps:
        if step.notes.kind == "request":
            ended = None
        if step.source == "agent":
            if ended is not None:
                yield Place(
                    step.step_id, "source", f"the agent goes on, though a call of step {ended} ended the session"
                )
                ended = None
            if any(call.notes.ends_session for call in step.calls):
                ended = step.step_id


def unanswered_human(case: Case) -> Iterator[Place]:
    """A request, a remark or a rejection that no turn of the agent follows."""
    waiting = None
    for step in case.session.steps:
        if step.source == "agent":
            waiting = None
        elif step.notes.kind in ("request", "remark", "rejection"):
            waiting = step
    if waiting is not None:
        yield Place(waiting.step_id, "message", f"the session ends before the agent answers this {waiting.notes.kind}")


def empty_turn(case: Case) -> Iterator[Place]:
    """A turn of the agent without a word and without a call; reasoning alone is no turn."""
    for step in case.session.steps:
        if step.source == "agent" and not step.calls and not step.text.strip():
            yield Place(step.step_id, "message", "the agent says nothing and calls nothing")


def silent_human(case: Case) -> Iterator[Place]:
    """A request or a remark of the human without a word."""
    for step in case.session.steps:
        if step.notes.kind in ("request", "remark") and not step.text.strip():
            yield Place(step.step_id, "message", f"the {step.notes.kind} is empty")


def executed_though_rejected(case: Case) -> Iterator[Place]:
    """A call that the human rejected and whose result says that it was carried out."""
    for step in case.session.steps:
        for at, result in enumerate(step.results):
            if result.source_call_id in case.rejected and result.notes.executed:
                yield Place(
                    step.step_id, f"observation.results[{at}]", "the call was rejected, and carried out all the same"
                )


def back_in_time(case: Case) -> Iterator[Place]:
    """A step that began before the one it follows, by more than `back_in_time` seconds."""
    latest = None
    for step in case.session.steps:
        if step.at is None:
            continue
        if latest is not None:
            seconds = (latest - step.at).total_seconds()
            if seconds > case.limits.back_in_time:
                said = f"it begins {seconds:.1f} seconds before a step that it follows"
                yield Place(step.step_id, "timestamp", said, seconds, case.limits.back_in_time)
        latest = step.at if latest is None else max(latest, step.at)


def copied(case: Case) -> Iterator[Place]:
    """A step copied from an earlier session; the export gives it no loss."""
    for step in case.session.steps:
        if step.is_copied_context:
            yield Place(step.step_id, "is_copied_context", "it was copied from an earlier session")
