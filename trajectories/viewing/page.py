"""A session as one HTML page that needs nothing else: no script, no address that a browser would fetch, every text escaped."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.html import Markup, document, element, join
from trajectories.archive.provenance import CheckRun
from trajectories.archive.session import Session
from trajectories.checks.finding import Finding
from trajectories.viewing.step_html import aside_html, code, step_html
from trajectories.viewing.style import STYLE
from trajectories.viewing.words import (
    Round,
    as_json,
    count,
    counts,
    moment,
    rounds,
    solved,
    source_total,
    total,
    whole_time,
)

_SHADES = {True: "good", False: "bad", None: ""}


def page(session: Session, findings: Sequence[Finding] = ()) -> str:
    """The page of a session, with what its checks found. The same session and findings give the same bytes."""
    parts = list(rounds(session))
    checks = session.provenance.outcome.checks
    times = _times(session)
    body = [
        element("h1", session.trajectory_id),
        _tiles(session),
        _findings(findings),
        element("nav", *(element("a", part.title, href=f"#round-{part.number}") for part in parts)),
        *(
            _round(part, session, findings, [run for run in checks if run.round == part.number], times)
            for part in parts
        ),
        _later_checks([run for run in checks if run.round > parts[-1].number]),
        _provenance(session),
        _tools(session),
    ]
    return document(f"{session.trajectory_id}: session", STYLE, *body)


def _times(session: Session) -> dict[int, datetime | None]:
    """For each step when the latest step before it began that has a time."""
    found, latest = dict[int, datetime | None](), None
    for step in session.steps:
        found[step.step_id] = latest
        latest = step.at or latest
    return found


def _tiles(session: Session) -> Markup:
    where, outcome = session.provenance, session.provenance.outcome
    badge = element("span", solved(session), class_=f"badge {_SHADES[outcome.success]}")
    passed = sum(run.passed for run in outcome.checks)
    agent = session.agent
    spent, told = total(session), source_total(session)
    return element(
        "div",
        _tile(
            "Outcome",
            badge,
            f"{count(len(outcome.checks), 'check')} of success, {passed} passed"
            if outcome.checks
            else "no check of success was run",
            f"ended: {outcome.ended}" if outcome.ended else None,
        ),
        _tile(
            "Query",
            where.query_id,
            where.pr_id or "a real-world query",
            f"at {where.base_commit[:12]}" if where.base_commit else None,
        ),
        _tile("Work", counts(session), whole_time(session) or "the steps have no times"),
        _tile(
            "Tokens",
            spent or "not told",
            "all steps together" if spent else None,
            f"the source's own totals: {told}" if told and told != spent else None,
        ),
        _tile(
            "Agent",
            f"{agent.name} {agent.version}",
            agent.model_name or "model not told",
            f"sandbox: {where.environment.sandbox}" if where.environment else "where it ran is not told",
        ),
        class_="tiles",
    )


def _tile(title: str, large: object, *lines: object) -> Markup:
    told = [element("p", line, class_="faint") for line in lines if line]
    return element("div", element("h2", title), element("p", large, class_="large"), *told, class_="tile")


def _findings(findings: Sequence[Finding]) -> Markup | None:
    """All of them, each with the way to its step."""
    if not findings:
        return None
    listed = [
        element(
            "li",
            element("a", f"step {found.step}", href=f"#step-{found.step}") if found.step else "the session",
            ": ",
            element("b", found.rule),
            f" ({found.severity}): {found.said}",
        )
        for found in findings
    ]
    return element("section", element("h2", f"The checks found {len(findings)}"), element("ul", *listed))


def _round(
    part: Round,
    session: Session,
    findings: Sequence[Finding],
    checks: list[CheckRun],
    times: dict[int, datetime | None],
) -> Markup:
    steps = [
        step_html(step, session, [found for found in findings if found.step == step.step_id], times[step.step_id])
        for step in part.steps
    ]
    return element("section", element("h2", part.title), *steps, *map(_check, checks), id=f"round-{part.number}")


def _later_checks(checks: list[CheckRun]) -> Markup | None:
    """Checks of rounds that the steps do not tell of."""
    return element("section", element("h2", "Checks of later rounds"), *map(_check, checks)) if checks else None


def _check(run: CheckRun) -> Markup:
    facts = [f"exit code {run.exit_code}" if run.exit_code is not None else "", moment(run.at) if run.at else ""]
    return element(
        "article",
        element(
            "header",
            element("h3", f"check of success after round {run.round}: {run.name}"),
            element("span", "passed" if run.passed else "failed", class_=f"badge {_SHADES[run.passed]}"),
            *(element("span", fact) for fact in facts if fact),
        ),
        code(f"$ {run.command}") if run.command is not None else None,
        code(run.output) if run.output else None,
    )


def _provenance(session: Session) -> Markup:
    where = session.provenance
    source = where.source
    facts = [
        ("query", f"{where.query_id}, sha256 of its text {where.query_sha256}"),
        ("pull request", where.pr_id or "none: a real-world query"),
        ("base commit", where.base_commit),
        ("written by", f"{where.collector.name} {where.collector.version}"),
        ("imported from", f"{source.file}{f', row {source.row}' if source.row else ''}" if source else None),
        ("its format", source.format if source else None),
        ("its sha256", source.sha256 if source else None),
        ("id in the source", session.session_id),
        ("sandbox", where.environment.sandbox if where.environment else None),
        ("image", where.environment.image if where.environment else None),
        ("notes", session.notes),
    ]
    known = [join(element("dt", name), element("dd", value)) for name, value in facts if value]
    absent = [element("li", element("b", one.field), f": {one.reason}") for one in where.absent]
    handed_in = where.outcome.submission
    return element(
        "section",
        element("h2", "Where it comes from"),
        element("dl", *known),
        aside_html(session, session.agent, session.final_metrics),
        join(element("h2", "What the agent handed in"), code(handed_in)) if handed_in else None,
        element("h2", "What the source did not tell"),
        element("ul", *absent) if absent else element("p", "Nothing is stated as absent.", class_="faint"),
    )


def _tools(session: Session) -> Markup:
    tools = session.agent.tool_definitions
    told = [
        element(
            "details",
            element("summary", tool.function.name),
            element("div", tool.function.description, class_="said") if tool.function.description else None,
            code(as_json(tool.function.parameters)) if tool.function.parameters else None,
        )
        for tool in tools or ()
    ]
    nothing = "The source does not tell them." if tools is None else "It had none."
    return element(
        "section", element("h2", "Tools of the agent"), *told, None if told else element("p", nothing, class_="faint")
    )
