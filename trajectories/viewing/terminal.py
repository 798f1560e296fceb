"""A session as lines for a terminal, each with a style of rich. Whoever prints them must not obey what is in them (limi/screen.py)."""

from collections.abc import Iterator, Sequence

from trajectories.archive.provenance import CheckRun
from trajectories.archive.session import Session
from trajectories.archive.steps import Step
from trajectories.checks.finding import Finding
from trajectories.viewing.words import (
    answered,
    arguments,
    as_json,
    aside,
    call_states,
    counts,
    fold,
    moment,
    result_states,
    rounds,
    since,
    size,
    solved,
    source_total,
    speaker,
    tokens,
    total,
    whole_time,
)

MOST_LINES, MOST_CHARACTERS = 12, 2_000  # of a recorded text until the rest is folded
Line = tuple[str, str]  # a text and its style
_STYLES = {"agent": "bold", "user": "bold cyan", "system": "dim"}


def lines(session: Session, findings: Sequence[Finding] = (), full: bool = False) -> Iterator[Line]:
    """The session from its outcome to its last step; `full` folds no text."""
    yield from _head(session, full)
    for found in findings:
        if not found.step:
            yield from _found(found, "  ")
    checks = session.provenance.outcome.checks
    latest, number = None, 0
    for part in rounds(session):
        yield f"\n{part.title}", "bold underline"
        for step in part.steps:
            yield _step_head(step, since(latest, step.at))
            for found in findings:
                if found.step == step.step_id:
                    yield from _found(found, "      ")
            yield from _step(step, session, full)
            latest = step.at or latest
        number = part.number
        yield from _checks([run for run in checks if run.round == number], full)
    yield from _checks([run for run in checks if run.round > number], full)
    if handed_in := session.provenance.outcome.submission:
        yield "\nWhat the agent handed in", "bold underline"
        yield from _text(handed_in, "      ", full, "")


def _head(session: Session, full: bool) -> Iterator[Line]:
    where, agent = session.provenance, session.agent
    ended = f", ended: {where.outcome.ended}" if where.outcome.ended else ""
    yield f"{session.trajectory_id}: {solved(session)}, {counts(session)}{ended}", "bold"
    base = f", at {where.base_commit[:12]}" if where.base_commit else ""
    yield f"  query {where.query_id} of {where.pr_id or 'the real world'}{base}", ""
    model = f", {agent.model_name}" if agent.model_name else ""
    sandbox = f", sandbox {where.environment.sandbox}" if where.environment else ""
    sandbox += f" of {where.environment.image}" if where.environment and where.environment.image else ""
    yield (
        f"  {agent.name} {agent.version}{model}{sandbox}; written by {where.collector.name} {where.collector.version}",
        "",
    )
    if where.source:
        row = f", row {where.source.row}" if where.source.row else ""
        yield f"  from {where.source.file}{row}, {where.source.format}, sha256 {where.source.sha256[:12]}", ""
    if session.session_id:
        yield f"  in the source: {session.session_id}", ""
    if session.notes:
        yield from _text(session.notes, "  remark: ", full, "")
    spent, told = total(session), source_total(session)
    if spent:
        yield f"  {spent}", ""
    if told and told != spent:
        yield f"  the source's own totals: {told}", ""
    if when := whole_time(session):
        yield f"  {when}", ""
    for one in where.absent:
        yield f"  not told: {one.field}, {one.reason}", "dim"
    tools = session.agent.tool_definitions or ()
    if tools:
        yield f"  tools: {', '.join(tool.function.name for tool in tools)}", ""
    if full:
        for tool in tools:
            yield from _text(as_json(tool.function.model_dump(exclude_defaults=True)), "    ", full, "dim")
        for title, value in aside(session, session.agent, session.final_metrics):
            yield from _text(value, f"  {title}: ", full, "dim")


def _found(found: Finding, indent: str) -> Iterator[Line]:
    yield (
        f"{indent}{found.severity} {found.rule}: {found.field}: {found.said}",
        "red" if found.severity == "refused" else "yellow",
    )


def _step_head(step: Step, gone: str) -> Line:
    facts = [
        moment(step.timestamp) if step.timestamp else "",
        f"after {gone}" if gone else "",
        tokens(step.metrics),
        step.model_name or "",
        f"reasoning effort {step.reasoning_effort}" if step.reasoning_effort is not None else "",
        "copied from an earlier session" if step.is_copied_context else "",
    ]
    return "  ".join([f"{step.step_id:>4}  {speaker(step)}", *filter(None, facts)]), _STYLES[step.source]


def _step(step: Step, session: Session, full: bool) -> Iterator[Line]:
    notes = step.notes
    if step.reasoning_content:
        yield from _text(step.reasoning_content, "      ~ ", full, "dim italic")
    if notes.kind == "rejection":
        yield f"      rejects call {', '.join(notes.rejects)}", "red"
    if notes.kind == "command":
        yield from _text(f"$ {notes.command}", "      ", full, "cyan")
    said = notes.comment or step.text
    if said and notes.kind != "command":
        yield from _text(said, "      ", full, {"user": "cyan", "system": "dim"}.get(step.source, ""))
    if full and step.text and (notes.kind == "command" or notes.comment):
        yield from _text(step.text, "      as the model was shown it: ", full, "dim")
    for call, result in answered(step):
        became = (call_states(call, result, session) if call else []) + (result_states(result) if result else [])
        said = f" ({', '.join(became)})" if became else ""
        if call is not None:
            recorded = "" if call.notes.recorded_id is None else f", in the source {call.notes.recorded_id!r}"
            yield f"      {call.function_name} {call.tool_call_id}{recorded}{said}", "green"
            for name, value in arguments(call):
                yield from _text(value, f"        {name}: ", full, "green")
        elif said:
            yield f"       {said}", ""
        if result is not None:
            yield from _text(result.text, "        | ", full, "")
            if full and result.notes.raw_output not in (None, result.text):
                yield from _text(result.notes.raw_output or "", "        as it was printed: ", full, "dim")
    for title, value in aside(step, step.metrics, *step.calls, *step.results):
        yield from _text(value, f"      {title}: ", full, "dim")


def _checks(runs: list[CheckRun], full: bool) -> Iterator[Line]:
    for run in runs:
        code = f", exit code {run.exit_code}" if run.exit_code is not None else ""
        command = f": {run.command}" if run.command is not None else ""
        style = "green" if run.passed else "red"
        yield (
            f"  check of success {run.name}, round {run.round}: {'passed' if run.passed else 'failed'}{code}{command}",
            style,
        )
        if run.output:
            yield from _text(run.output, "        | ", full, "")


def _text(text: str, lead: str, full: bool, style: str) -> Iterator[Line]:
    """A recorded text with what leads it; its further lines stand below the first one. What is folded is counted."""
    # A tab is a control character to the terminal, and would be shown as an unknown sign.
    plain = text.replace("\r\n", "\n").expandtabs(4).removesuffix("\n")
    begin, rest = (plain, "") if full else fold(plain, MOST_LINES, MOST_CHARACTERS)
    follow = lead if lead.strip() in ("", "~", "|") else " " * (len(lead) - len(lead.lstrip()) + 2)
    for at, line in enumerate(begin.removesuffix("\n").split("\n") if rest else begin.split("\n")):
        yield f"{follow if at else lead}{line}", style
    if rest:
        yield f"{follow}… {size(rest)}; --full shows them", "dim"
