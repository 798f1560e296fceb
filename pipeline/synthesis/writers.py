"""What every query writer gets and gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline.llm.reply import Reply
from pipeline.synthesis.checks import Finding
from pipeline.synthesis.leakage import Solution


@dataclass(frozen=True)
class Draft:
    """A query as a writer gives it, before anything is measured. It holds no id: whose query it is, its row says.

    What a writer without a model does not know is empty; an empty `sub_domain` is the pull request's.
    """

    query: str
    domain: str
    success_criteria: list[str]
    sub_domain: str = ""
    needed_context: list[str] = field(default_factory=list)
    difficulty: str = ""
    rationale: str = ""
    replies: tuple[Reply, ...] = ()  # what a model answered on the way, with key, tokens and cost


class QueryWriter(Protocol):
    """Writes what a developer would have asked before a pull request's work was done."""

    @property
    def name(self) -> str:
        """Name and version, as the `writer` column shows them."""

    def write(self, pull: dict[str, Any], solution: Solution, reasons: Sequence[Finding] = ()) -> Draft | None:
        """A draft for one SAMPLED row; None if nothing can be asked of it.

        `solution` is what must not be given away, `reasons` all that was wrong with earlier drafts of the row.
        """
