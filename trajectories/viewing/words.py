"""What both views say of a session in the same words: who speaks, tokens, times, how it ended; and where a long text is folded."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trajectories.archive.session import Session
from trajectories.archive.steps import Metrics, Result, Step, ToolCall
from trajectories.archive.values import Record

SPEAKERS = {"agent": "agent", "user": "human", "system": "system"}


@dataclass(frozen=True)
class Round:
    """A request and all that came of it. Number 0 is what stands before the first request."""

    number: int
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """Such as Round 2: steps 8 to 9."""
        first, last = self.steps[0].step_id, self.steps[-1].step_id
        which = f"step {first}" if first == last else f"steps {first} to {last}"
        return f"Round {self.number}: {which}" if self.number else f"Before the first request: {which}"


def rounds(session: Session) -> Iterator[Round]:
    """The session's steps by rounds, in order."""
    number, steps = 0, list[Step]()
    for step in session.steps:
        if step.notes.kind == "request":
            if steps:
                yield Round(number, tuple(steps))
            number, steps = number + 1, []
        steps.append(step)
    yield Round(number, tuple(steps))


def speaker(step: Step) -> str:
    """Such as agent, human: rejection, system: prompt."""
    name = SPEAKERS[step.source]
    return f"{name}: {step.notes.kind}" if step.notes.kind else name


def answered(step: Step) -> list[tuple[ToolCall | None, Result | None]]:
    """Each call with its result, or without; then results that answer no call, as those of a human's own command."""
    results = {result.source_call_id: result for result in step.results}
    pairs: list[tuple[ToolCall | None, Result | None]] = [(call, results.get(call.tool_call_id)) for call in step.calls]
    return pairs + [(None, result) for result in step.results if result.source_call_id is None]


def call_states(call: ToolCall, result: Result | None, session: Session) -> list[str]:
    """What became of a call: rejected, ends the session, no result."""
    said = ["rejected"] if call.tool_call_id in session.rejected else []
    said += ["ends the session"] if call.notes.ends_session else []
    return said if said or result else ["no result"]


def result_states(result: Result) -> list[str]:
    """How a command ended: not executed, or exit code 1."""
    notes = result.notes
    said = ["not executed"] if notes.executed is False else []
    return said + ([f"exit code {notes.exit_code}"] if notes.exit_code is not None else [])


def arguments(call: ToolCall) -> list[tuple[str, str]]:
    """Names and values of its arguments: texts as they are, anything else as JSON. First the model's own text if that was none."""
    raw = call.notes.raw_arguments
    named = [(name, value if isinstance(value, str) else as_json(value)) for name, value in call.arguments.items()]
    return named if raw is None else [("arguments, no JSON object", raw), *named]


def as_json(value: Any) -> str:
    """A recorded value as JSON to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def aside(*records: Record | None) -> Iterator[tuple[str, str]]:
    """What was kept aside at these places, and other people's keys there: a title and the JSON of each."""
    for record in records:
        extra = getattr(record, "extra", None)
        if extra is not None and extra.limi and extra.limi.kept_aside:
            yield "kept aside", as_json(extra.limi.kept_aside)
        if extra is not None and extra.model_extra:
            yield "other keys", as_json(extra.model_extra)


def tokens(metrics: Metrics | None) -> str:
    """Such as 900 tokens in (512 cached), 40 out, 0.0021 dollars; empty if nothing is known."""
    if metrics is None:
        return ""
    read, written, cached = metrics.prompt_tokens, metrics.completion_tokens, metrics.cached_tokens
    said = [f"{read:,} tokens in{f' ({cached:,} cached)' if cached else ''}"] if read is not None else []
    said += [f"{written:,} {'out' if said else 'tokens out'}"] if written is not None else []
    said += [f"{metrics.cost_usd:.4f} dollars"] if metrics.cost_usd is not None else []
    return ", ".join(said)


def total(session: Session) -> str:
    """Tokens and cost of all steps together, in the same words; what no step tells is left out."""
    sums: dict[str, Any] = {}
    for step in session.steps:
        for name in ("prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd"):
            value = getattr(step.metrics, name, None)
            if value is not None:
                sums[name] = sums.get(name, 0) + value
    return tokens(Metrics.model_construct(**sums)) if sums else ""


def source_total(session: Session) -> str:
    """The source's own totals in the same words; empty if it has none."""
    final = session.final_metrics
    if final is None:
        return ""
    return tokens(
        Metrics.model_construct(
            prompt_tokens=final.total_prompt_tokens,
            completion_tokens=final.total_completion_tokens,
            cached_tokens=final.total_cached_tokens,
            cost_usd=final.total_cost_usd,
        )
    )


def moment(written: str) -> str:
    """A timestamp to the second and with its zone, such as 2026-01-31 14:05:02 +05:30; UTC is said so."""
    zone = "UTC" if written.endswith(("Z", "+00:00", "-00:00")) else written[-6:]
    return f"{written[:10]} {written[11:19]} {zone}"


def since(earlier: datetime | None, later: datetime | None) -> str:
    """The time between, such as 2.2 s, 4.2 min or 3.1 h; empty if one of them is not known."""
    if earlier is None or later is None:
        return ""
    seconds = (later - earlier).total_seconds()
    sign, seconds = "-" if seconds < 0 else "", abs(seconds)
    if seconds < 120:
        return f"{sign}{seconds:.1f} s"
    return f"{sign}{seconds / 60:.1f} min" if seconds < 2 * 3600 else f"{sign}{seconds / 3600:.1f} h"


def whole_time(session: Session) -> str:
    """When it began and how long it took, as far as the steps tell."""
    known = [(step.timestamp, step.at) for step in session.steps if step.timestamp]
    if not known:
        return ""
    took = since(known[0][1], known[-1][1]) if len(known) > 1 else ""
    return f"{moment(known[0][0])}{f', {took} to the last step' if took else ''}"


def counts(session: Session) -> str:
    """Such as 2 rounds, 9 steps, 4 calls, 1 of them rejected."""
    calls, rejected = sum(len(step.calls) for step in session.steps), len(session.rejected)
    said = [count(session.rounds, "round"), count(len(session.steps), "step"), count(calls, "call")]
    return ", ".join(said) + (f", {rejected:,} of them rejected" if rejected else "")


def count(number: int, one: str) -> str:
    """Such as 1 step, 1,204 steps."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def solved(session: Session) -> str:
    """Whether the query was solved, in a word or two."""
    return {True: "solved", False: "not solved", None: "nobody said"}[session.provenance.outcome.success]


def fold(text: str, most_lines: int, most_characters: int) -> tuple[str, str]:
    """The begin of a text, and the rest: empty unless it has more than so many lines or characters. Both together are the text."""
    end = 0
    for _ in range(most_lines):
        found = text.find("\n", end)
        if found < 0:
            end = len(text)
            break
        end = found + 1
    # A rest of a single line would take as much space as what says that it is there.
    if end < len(text) and "\n" not in text[end:].rstrip("\n"):
        end = len(text)
    end = min(end, most_characters) if len(text) > most_characters else end
    return text[:end], text[end:]


def size(rest: str) -> str:
    """How much is folded away, such as 108 more lines, or 5,000 more characters of one line."""
    lines = rest.rstrip("\n").count("\n") + 1
    return f"{lines:,} more lines" if lines > 1 else f"{len(rest):,} more characters"
