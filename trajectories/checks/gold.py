"""Rules on the solution: the human must not have handed over the pull request's own lines.

An added line counts if it has enough characters, blanks left out, and a letter among them. It was given by who showed it first: what the
agent wrote, or saw in an output before, the human may quote. Lines are sought without blanks, so indentation and wrapping don't hide them.
"""

from collections.abc import Iterator

from pipeline.patch import changed_lines
from trajectories.archive.session import Session
from trajectories.archive.steps import Step
from trajectories.checks.escapes import readings
from trajectories.checks.finding import Case, Place


def gold_given(case: Case) -> Iterator[Place]:
    """Lines of the pull request that the human was the first to show, in a message, a command or what came of that command."""
    yield from _shown(case, "human", "the human gives {} of the {} lines that the pull request adds")


def gold_found(case: Case) -> Iterator[Place]:
    """Lines of the pull request that stood in an output before the agent wrote them, as when the workspace holds later commits."""
    yield from _shown(
        case, "output", "{} of the {} lines that the pull request adds stand in outputs before the agent writes them"
    )


def gold_most(patch: str, shortest: int) -> frozenset[str]:
    """The added lines that count, without blanks, less those that the patch also removes or shows as context."""
    added, others = changed_lines(patch)
    known = {_bare(line) for line in others}
    lines = (_bare(line) for line in added)
    return frozenset(
        line for line in lines if len(line) >= shortest and line not in known and any(map(str.isalpha, line))
    )


def _shown(case: Case, by: str, said: str) -> Iterator[Place]:
    if not case.known.patch:
        return
    lines = gold_most(case.known.patch, case.limits.gold_line)
    steps = [step for step, who in _first_shown(case.session, lines) if who == by]
    few, share = case.limits.gold_most, case.limits.gold_share
    few = min(few, len(lines))  # of a change of two lines, two are all
    if lines and len(steps) >= few and len(steps) / len(lines) >= share:
        yield Place(
            min(steps),
            "message" if by == "human" else "observation",
            said.format(len(steps), len(lines)),
            len(steps),
            few,
        )


def _first_shown(session: Session, lines: frozenset[str]) -> Iterator[tuple[int, str]]:
    """For each line that is shown, the step that shows it first and by whom: human, agent or output."""
    left = lines
    for step in session.steps:
        for who, text in _texts(step):
            if not left:
                return
            bare = "\n".join(_bare(reading.text) for reading in readings(text))
            shown = {line for line in left if line in bare}
            left -= shown
            for _ in shown:
                yield step.step_id, who


def _texts(step: Step) -> Iterator[tuple[str, str]]:
    if step.source == "agent":
        yield "agent", "\n".join([step.reasoning_content or "", step.text])
        for call in step.calls:
            yield "agent", "\n".join(_strings(call.arguments)) + (call.notes.raw_arguments or "")
        for result in step.results:
            yield "output", result.text
    else:
        who = "human" if step.source == "user" else "output"
        yield who, "\n".join([step.text, step.notes.comment or "", step.notes.command or ""])
        for result in step.results:
            yield who, result.text


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _bare(line: str) -> str:
    return "".join(line.split())
