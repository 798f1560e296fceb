"""What every check of the intake returns: one thing about one query, whether it keeps the query out, and where it stands."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

MOST_TOLD = 50  # findings in one error; of more the rest is counted


@dataclass(frozen=True)
class Finding:
    """One thing that was found in a query.

    `column` is the key it stands in (a criterion is `success_criteria.0`); `line` and `character` say where in that text, from 1, and
    are 0 where it is about the text as a whole. `refused`: the query cannot be used as it is; otherwise it is flagged, for people to
    look at. `said` is a sentence without a subject. `evidence` quotes the place and never shows a secret or personal value.
    """

    query_id: str
    column: str
    check: str
    refused: bool
    said: str
    value: float = 1
    limit: float = 0
    evidence: str = ""
    line: int = 0
    character: int = 0

    @property
    def verdict(self) -> str:
        """`refused` or `flagged`."""
        return "refused" if self.refused else "flagged"

    def what(self) -> str:
        """The sentence with its place in the text and the evidence, without query and column."""
        place = f"line {self.line}, character {self.character}: " if self.line else ""
        return f"{place}{self.said}{f' [{self.evidence}]' if self.evidence else ''}"

    def told(self) -> str:
        """The whole sentence."""
        return f"query {self.query_id}, column {self.column}: {self.what()}"

    def row(self) -> dict[str, Any]:
        """The finding for a machine."""
        fields = asdict(self)
        return {name: value for name, value in fields.items() if name != "refused"} | {"verdict": self.verdict}


def refuse(findings: Iterable[Finding], path: Path) -> None:
    """Raises UserError with the sentence of every refused finding of a file. Flagged ones stop nothing."""
    refused = [finding.told() for finding in findings if finding.refused]
    if refused:
        more = [f"and {len(refused) - MOST_TOLD} more; `limi intake check {path}` names all"][
            : len(refused) > MOST_TOLD
        ]
        raise UserError("\n".join(f"{path}: {said}" for said in [*refused[:MOST_TOLD], *more]))
