"""Write a query, check it, have it judged, and write it again with the reasons: every draft is kept with all that was found.

The checks without a model come first, as they cost nothing; only a draft that passes them is judged. The first draft that
passes both is chosen. A model that gives nothing usable ends the row, with its raw reply kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pipeline.llm.reply import Reply
from pipeline.llm.structured import Unusable
from pipeline.sections import Checks
from pipeline.synthesis.checks import Finding, findings
from pipeline.synthesis.judge import Judge, Judged
from pipeline.synthesis.leakage import Solution, solution_of
from pipeline.synthesis.writers import Draft, QueryWriter


class Writer(Protocol):
    """A `QueryWriter` that may have to wait for a model, and whose model may give nothing that can be used."""

    @property
    def name(self) -> str:
        """Name and version, as the `writer` column shows them."""

    async def write(
        self,
        pull: dict[str, Any],
        solution: Solution,
        reasons: Sequence[Finding] = (),
        earlier: Draft | None = None,
    ) -> Draft | Unusable | None:
        """Like `QueryWriter.write`; `earlier` is the latest of the drafts that the reasons are about."""


class WithoutModel:
    """A writer that needs no model, behind the call of one that does."""

    def __init__(self, writer: QueryWriter) -> None:
        self._writer = writer
        self.name = writer.name

    async def write(
        self, pull: dict[str, Any], solution: Solution, reasons: Sequence[Finding] = (), earlier: Draft | None = None
    ) -> Draft | None:
        """The writer's own draft; it needs no `earlier` one to write anew."""
        return self._writer.write(pull, solution, reasons)


@dataclass(frozen=True)
class Attempt:
    """One draft, or what was given instead of one, and what was found. `judged` is None where nobody was asked to judge."""

    draft: Draft | Unusable
    findings: tuple[Finding, ...] = ()
    judged: Judged | None = None

    @property
    def replies(self) -> list[Reply]:
        """All that models answered for this draft, its judgements included."""
        return [*self.draft.replies, *(self.judged.replies if self.judged else ())]

    @property
    def cost(self) -> int:
        """Billionths of a dollar that its replies cost when they were paid, in this run or an earlier one."""
        return sum(reply.cost for reply in self.replies)

    @property
    def reasons(self) -> list[Finding]:
        """Why it has to be written again; empty if it is good, or if there is nothing to write again."""
        return [*self.findings, *(self.judged.reasons if self.judged else ())]


@dataclass(frozen=True)
class Outcome:
    """All drafts in their order, which one was chosen, and the fate for the ledger: kept, dropped or failed, with a reason.

    A row is dropped as nothing_to_ask, checks (the last draft has findings) or judge (it is not accepted). It fails with the
    name of what was wrong with a reply (no_reply, refused, truncated, not_json, not_valid), or as not_judged.
    """

    drafts: tuple[Attempt, ...]
    chosen: int | None
    fate: str
    reason: str = ""

    @property
    def draft(self) -> Draft | None:
        """The chosen draft."""
        draft = None if self.chosen is None else self.drafts[self.chosen].draft
        return draft if isinstance(draft, Draft) else None

    def followed_by(self, later: "Outcome") -> "Outcome":
        """This one's drafts and then those of another attempt at the same query, whose choice and fate count."""
        chosen = None if later.chosen is None else len(self.drafts) + later.chosen
        return replace(later, drafts=(*self.drafts, *later.drafts), chosen=chosen)

    @property
    def cost(self) -> int:
        """Billionths of a dollar that all drafts and judgements cost."""
        return sum(attempt.cost for attempt in self.drafts)


async def written(
    pull: dict[str, Any],
    writer: Writer,
    judge: Judge | None,
    limits: Checks,
    rewrites: int,
    given: Sequence[Finding] = (),
    earlier: Draft | None = None,
) -> Outcome:
    """The query of one SAMPLED row, written at most 1 + `rewrites` times; without a judge, the checks decide alone.

    `given` is why an `earlier` draft that had passed came back from its reviewers.
    """
    solution = solution_of(pull["patch"], pull["files"])
    drafts: list[Attempt] = []
    reasons: list[Finding] = list(given)
    while True:
        draft = await writer.write(pull, solution, reasons, earlier)
        if draft is None:
            return Outcome(tuple(drafts), None, "dropped", "nothing_to_ask")
        if isinstance(draft, Unusable):
            return Outcome((*drafts, Attempt(draft)), None, "failed", draft.failure)
        found = tuple(findings(draft.query, draft.success_criteria, solution, limits))
        judged = await judge.judge(pull, draft) if judge and not found else None
        drafts.append(Attempt(draft, found, judged))
        if not found and (judged is None or judged.accepted):
            return Outcome(tuple(drafts), len(drafts) - 1, "kept")
        if judged is not None and not judged.decided:
            return Outcome(tuple(drafts), None, "failed", "not_judged")
        if len(drafts) > rewrites or _says_the_same(draft, earlier):
            return Outcome(tuple(drafts), None, "dropped", "checks" if found else "judge")
        # All so far, each once: what one draft was told, the next must not bring back.
        reasons = list(dict.fromkeys([*reasons, *drafts[-1].reasons]))
        earlier = draft


def _says_the_same(draft: Draft, earlier: Draft | None) -> bool:
    """Whether a writer has no more to give: it was told the reasons and says what it said before."""
    return earlier is not None and (draft.query, draft.success_criteria) == (earlier.query, earlier.success_criteria)
