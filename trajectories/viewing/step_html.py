"""One step of a session as HTML: who speaks and when, the reasoning, what was said, and each call beside what came of it."""

from collections.abc import Sequence
from datetime import datetime

from pipeline.html import Markup, element, join
from trajectories.archive.session import Session
from trajectories.archive.steps import Result, Step, ToolCall
from trajectories.archive.values import Record
from trajectories.checks.finding import Finding
from trajectories.viewing.words import (
    answered,
    arguments,
    aside,
    call_states,
    fold,
    moment,
    result_states,
    since,
    size,
    speaker,
    tokens,
)

MOST_LINES, MOST_CHARACTERS = 24, 2_400  # of a recorded text until the rest is folded


def step_html(step: Step, session: Session, findings: Sequence[Finding], before: datetime | None) -> Markup:
    """A step with its findings; `before` is when the one before it began."""
    return element(
        "article",
        _header(step, before),
        *map(finding_html, findings),
        _reasoning(step),
        *_said(step),
        *(_call(call, result, session) for call, result in answered(step)),
        aside_html(step, step.metrics),
        id=f"step-{step.step_id}",
        class_=step.source,
    )


def finding_html(found: Finding) -> Markup:
    """A finding of a check."""
    return element("p", element("b", found.rule), f", {found.field}: {found.said}", class_=f"finding {found.severity}")


def code(value: str) -> Markup:
    """A recorded text, letter by letter; what is long can be unfolded."""
    begin, rest = fold(value, MOST_LINES, MOST_CHARACTERS)
    if not rest:
        return element("div", value, class_="code")
    # The line break before the fold is the fold's own.
    more = element("details", element("summary", size(rest)), element("div", rest, class_="code"), class_="more")
    return join(element("div", begin.removesuffix("\n"), class_="code"), more)


def aside_html(*records: Record | None) -> Markup:
    """What the archive has no field for at these places, folded; nothing if there is nothing."""
    return join(*(element("details", element("summary", title), code(value)) for title, value in aside(*records)))


def _header(step: Step, before: datetime | None) -> Markup:
    gone = since(before, step.at)
    facts = [
        moment(step.timestamp) if step.timestamp else "",
        f"after {gone}" if gone else "",
        tokens(step.metrics),
        step.model_name or "",
        f"reasoning effort {step.reasoning_effort}" if step.reasoning_effort is not None else "",
        f"{step.llm_call_count} replies of the model" if step.llm_call_count not in (None, 1) else "",
        "copied from an earlier session" if step.is_copied_context else "",
    ]
    number = element("a", f"{step.step_id}", href=f"#step-{step.step_id}")
    return element("header", number, element("h3", speaker(step)), *(element("span", fact) for fact in facts if fact))


def _reasoning(step: Step) -> Markup | None:
    if step.reasoning_content is None:
        return None
    said = element("div", step.reasoning_content, class_="said reasoning")
    return element("details", element("summary", "reasoning"), said, open="open")


def _said(step: Step) -> list[Markup | None]:
    """What the step says. Of a rejection and a command first what the human did, then what the model was shown of it."""
    notes = step.notes
    if notes.kind == "rejection":
        calls = element("p", "rejects ", ", ".join(notes.rejects), class_="faint")
        if notes.comment is None:
            return [calls, _prose(step.text)]
        return [calls, _prose(notes.comment), _shown(step.text) if step.text != notes.comment else None]
    if notes.kind == "command":
        return [code(f"$ {notes.command}"), _shown(step.text)]
    return [_prose(step.text) if step.source != "system" else code(step.text)] if step.text else []


def _prose(text: str) -> Markup:
    return element("div", text, class_="said")


def _shown(text: str) -> Markup | None:
    return element("details", element("summary", "as the model was shown it"), code(text)) if text else None


def _call(call: ToolCall | None, result: Result | None, session: Session) -> Markup:
    made = came = None
    if call is not None:
        ids = (
            f"{call.tool_call_id}, in the source {call.notes.recorded_id!r}"
            if call.notes.recorded_id is not None
            else call.tool_call_id
        )
        named = [join(element("p", name, class_="name"), code(value)) for name, value in arguments(call)]
        head = join(
            element("b", call.function_name),
            " ",
            element("span", ids, class_="faint"),
            *map(_badge, call_states(call, result, session)),
        )
        made = element("div", head, *named, aside_html(call))
    if result is not None:
        raw = result.notes.raw_output
        apart = (
            element("details", element("summary", "raw output"), code(raw)) if raw not in (None, result.text) else None
        )
        head = join(element("b", "result"), *map(_badge, result_states(result)))
        came = element("div", head, code(result.text), apart, aside_html(result), class_="result")
    return element("div", made, came, class_="call both" if made and came else "call")


def _badge(said: str) -> Markup:
    return element("span", said, class_="badge quiet" if said in ("exit code 0", "ends the session") else "badge bad")
