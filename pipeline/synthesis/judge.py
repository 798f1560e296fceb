"""Judge a draft with a model: several judgements of the same question, their medians, and how far they agree.

A draft is accepted if more than half of the judgements accept it and the median of each score is at least LEAST_SCORE. The
agreement is the share of the most frequent verdict among the judgements that came: 1 if all agree, 0.5 if they are split evenly.
Unless more than half of them came, nothing is decided. The judge never sees the writer's rationale, nor who wrote.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipeline.llm.reply import Reply
from pipeline.llm.request import Message, Request
from pipeline.llm.structured import Door, Structured, Unusable, ask_for, request_of
from pipeline.sections import Model
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.fence import fenced
from pipeline.synthesis.prompting import render, version
from pipeline.synthesis.records import Judgement
from pipeline.synthesis.shown import LIMITS, shown
from pipeline.synthesis.writers import Draft

LEAST_SCORE = 4  # of 5; what the judge's prompt calls good enough to accept
_MOST_REASONS = 8
_LIMITS = LIMITS | {"request": 8_000, "criteria": 4_000, "context": 2_000}  # characters
_SCORES = ("fidelity", "realism", "leakage")


@dataclass(frozen=True)
class Judged:
    """What the judgements of one draft say. `asked` were asked for; the scores' medians are of 1 to 5, None if none came."""

    asked: int
    judgements: tuple[Structured[Judgement], ...]
    failures: tuple[Unusable, ...]

    @property
    def decided(self) -> bool:
        """Whether more than half of the judgements came."""
        return 2 * len(self.judgements) > self.asked

    @property
    def accepted(self) -> bool:
        """See the module's docstring."""
        accepts = sum(given.value.verdict == "accept" for given in self.judgements)
        scores = [self.score(name) for name in _SCORES]
        return (
            self.decided
            and 2 * accepts > len(self.judgements)
            and all(score is not None and score >= LEAST_SCORE for score in scores)
        )

    @property
    def agreement(self) -> float | None:
        """The share of the most frequent verdict among the judgements that came; None if none came."""
        verdicts = Counter(given.value.verdict for given in self.judgements)
        return max(verdicts.values()) / len(self.judgements) if verdicts else None

    @property
    def reasons(self) -> list[Finding]:
        """Why a draft is not accepted: the scores whose median is too low, then what was said, each once; empty if accepted."""
        if self.accepted:
            return []
        low = [
            Finding(f"judge_{name}", score, LEAST_SCORE, "")
            for name in _SCORES
            if (score := self.score(name)) is not None and score < LEAST_SCORE
        ]
        said = {
            reason: min(given.value.fidelity, given.value.realism, given.value.leakage)
            for given in self.judgements
            if given.value.verdict == "rewrite"
            for reason in given.value.reasons
        }
        told = [
            Finding("judge", worst, LEAST_SCORE, _one_line(reason))
            for reason, worst in list(said.items())[:_MOST_REASONS]
        ]
        # A writer without any reason would be asked the first question again, and its answer is known.
        return low + told or [Finding("judge", 0, 1, "too few readers accept the request, and they do not say why")]

    @property
    def replies(self) -> list[Reply]:
        """All that was answered, also where it could not be used."""
        given = [reply for judgement in self.judgements for reply in judgement.replies]
        return given + [reply for failure in self.failures for reply in failure.replies]

    def score(self, name: str) -> float | None:
        """The median of `fidelity`, `realism` or `leakage`; None if no judgement came."""
        values = [getattr(given.value, name) for given in self.judgements]
        return float(median(values)) if values else None


class Judge:
    """Asks for `judgements` judgements of each draft."""

    def __init__(self, door: Door, chosen: Model, judgements: int) -> None:
        self._door = door
        self._chosen = chosen
        self._judgements = judgements
        self.name = f"{chosen.name} {version('judge')}"

    async def judge(self, pull: dict[str, Any], draft: Draft) -> Judged:
        """What the judgements of a SAMPLED row's draft say. They are asked for together, as samples of one question."""
        asked = messages(pull, draft)
        # Each is waited for, so that what is paid is kept even if another stops the stage.
        answers = await asyncio.gather(
            *(ask_for(Judgement, self._door, asked, self._chosen, sample) for sample in range(self._judgements)),
            return_exceptions=True,
        )
        given, failed = [], []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            if isinstance(answer, Unusable):
                failed.append(answer)
            else:
                given.append(answer)
        return Judged(self._judgements, tuple(given), tuple(failed))


def first_requests(pull: dict[str, Any], draft: Draft, chosen: Model, judgements: int) -> list[Request]:
    """The first requests for a draft, for an estimate of what they will cost."""
    asked = messages(pull, draft)
    return [request_of(Judgement, asked, chosen, sample) for sample in range(judgements)]


def messages(pull: dict[str, Any], draft: Draft) -> list[Message]:
    """What the judge is sent: two messages. The draft stands in fences too, for its writer has read the same texts."""
    said = {
        "request": draft.query,
        "criteria": "\n".join(f"{at}. {text}" for at, text in enumerate(draft.success_criteria, 1)) or "(none)",
        "context": "\n".join(draft.needed_context) or "(none)",
    }
    mark, texts = fenced(shown(pull) | said, _LIMITS)
    return [
        {"role": "system", "content": render("judge", "system")},
        {"role": "user", "content": render("judge", "user", texts | {"mark": mark})},
    ]


def _one_line(reason: str) -> str:
    return " ".join(reason.split())
