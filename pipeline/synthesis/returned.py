"""What reviewers sent back to be written anew: the file `limi annotate return` adds to, that people commit, and that synthesize reads.

A line belongs to one text of one query, by its hash. So a text that was written anew is not told the reasons of the one before, and can
be sent back itself; and the same file, parameters and answers of a model give the same queries again.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError
from pipeline.files import write_jsonl
from pipeline.synthesis.checks import LEAKS, Finding

FOLDER = Path("annotation/returned")
CHECK = "review"  # the name that its reasons have among the findings of a draft
_LEAKING = ("leaks solution", "leaks-solution")  # the reviewers' words for it
MOST_REASONS = 12
LONGEST = 200  # characters of a reason

Reasons = Mapping[tuple[str, str], tuple[Finding, ...]]


class Returned(BaseModel):
    """One text of one query that reviewers rejected, and why, in words."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    query_id: Annotated[str, Field(pattern=r"^gh-[0-9a-f]{12}$")]
    query_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    reasons: list[Annotated[str, Field(min_length=1, max_length=LONGEST)]] = Field(
        min_length=1, max_length=MOST_REASONS
    )


def returned_file(export: str) -> Path:
    """Where the queries stand that the reviews in `review.export` sent back."""
    return FOLDER / f"{Path(export).stem}.jsonl"


def read_returned(path: Path) -> list[Returned]:
    """The lines of the file; none where there is no file. Raises UserError on what is not such a line, naming it."""
    if not path.exists():
        return []
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    for at, line in enumerate(lines, 1):
        try:
            rows.append(Returned.model_validate(json.loads(line)))
        except (ValueError, RecursionError) as error:
            problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise UserError(
                f"{path}, line {at}, is no returned query: {problem}; `limi annotate return` writes them"
            ) from None
    return rows


def write_returned(path: Path, rows: Iterable[Returned]) -> None:
    """Write the file, sorted, so that the order in which queries were sent back does not matter."""
    ordered = sorted(rows, key=lambda row: (row.query_id, row.query_sha256))
    write_jsonl(path, (row.model_dump() for row in ordered))


def reasons_by_text(rows: Iterable[Returned]) -> Reasons:
    """(query_id, hash of the text) -> why it came back, as findings that a writer is told."""
    return {(row.query_id, row.query_sha256): tuple(map(_finding, row.reasons)) for row in rows}


def _finding(reason: str) -> Finding:
    said = " ".join(reason.split())
    # What gives the solution away is what a check measures too, so the writers know what to do about it.
    check = LEAKS[0] if said.startswith(_LEAKING) else CHECK
    return Finding(check, 1.0, 0.0, said)
