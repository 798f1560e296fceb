"""What every query writer gets and gives."""

from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.synthesis.leakage import Solution


@dataclass(frozen=True)
class Draft:
    """A query as a writer gives it, before anything is measured."""

    query: str
    domain: str
    success_criteria: list[str]


class QueryWriter(Protocol):
    """Writes what a developer would have asked before a pull request's work was done."""

    @property
    def name(self) -> str:
        """Name and version, as the `writer` column shows them."""

    def write(self, pull: dict[str, Any], solution: Solution) -> Draft | None:
        """A draft for one SAMPLED row; None if nothing can be asked of it. `solution` is what must not be given away."""
