"""Reasons in words: for a chosen one what it fills and is worth, for a rejected one what the best pool with it would lose."""

from pipeline.pooling.candidates import MARKS, Candidate
from pipeline.pooling.choice import Choice
from pipeline.pooling.levels import Level
from pipeline.pooling.reasons import Reason, reasons


def reasons_in_words(choice: Choice, exact: bool | None = None) -> dict[str, str]:
    """`id -> reason` of every candidate, chosen or not; `exact` as in `reasons`."""
    return {choice.model.candidates[one.candidate].id: in_words(choice, one) for one in reasons(choice, exact)}


def in_words(choice: Choice, reason: Reason) -> str:
    """One reason as a sentence or two."""
    candidate, chosen = choice.model.candidates[reason.candidate], bool(choice.point[reason.candidate])
    if not chosen:
        return f"not in the pool: {_otherwise(choice, reason, 'with it')}"
    counted = ", ".join(_fills(choice, candidate))
    marks = _marks(candidate)
    return (
        f"in the pool{f', counted by: {counted}' if counted else ''}{f'; {marks}' if marks else ''}; "
        f"{_otherwise(choice, reason, 'without it')}"
    )


def _otherwise(choice: Choice, reason: Reason, forced: str) -> str:
    level = choice.model.levels[reason.level]
    if reason.kind == "blocked":
        return f"no pool {forced} keeps {' and '.join(reason.blocked)}"
    if reason.kind == "none":
        return f"no single swap gives a pool {forced}"
    swap = ""
    if reason.swap is not None:
        other = choice.model.candidates[reason.swap].id
        swap = f", {other} in its place" if forced == "without it" else f", in the place of {other}"
    pool = f"the best pool {forced}{' that a single swap gives' if reason.kind == 'swap' else ''}"
    if level.kind == "draw":
        return f"{pool} is as good{swap}, and the draw decided"
    return f"{pool} has {_loss(level, reason.loss)}{swap}"


def _loss(level: Level, loss: int) -> str:
    """`0.25 less agreement in sum`, `0.1 more leakage in sum`, `2 more pairs of one repository`."""
    more = level.kind != "mark" or MARKS[level.name] < 0
    name = str(level)
    if level.kind == "spread" and loss == 1:
        name = name.replace("pairs", "pair", 1)
    return f"{level.shown(loss)} {'more' if more else 'less'} {name}{' in sum' if level.kind == 'mark' else ''}"


def _fills(choice: Choice, candidate: Candidate) -> list[str]:
    """The quotas that count a candidate, with how many places are taken."""
    pool = [choice.model.candidates[place] for place in choice.chosen]
    found = []
    for quota in choice.quotas:
        if quota.counts(candidate):
            value = candidate.attributes[quota.each] if quota.each else ""
            taken = sum(quota.counts(one) and (not quota.each or one.attributes[quota.each] == value) for one in pool)
            found.append(f"{f'at most {quota.most} of {quota.each} {value}' if value else quota} (has {taken})")
    return found


def _marks(candidate: Candidate) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {candidate.marks[name] / 1000:g}" for name in MARKS if name in candidate.marks
    )
