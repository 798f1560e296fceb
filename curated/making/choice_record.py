"""Reads curated/choice.json: the quotas, the levels and every candidate's reason, as pipeline/pooling/record.py writes them."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from curated.making.written import read_written

CHOICE_FILE = Path("curated/choice.json")


class _Record(BaseModel):
    # An unknown key is an error: what it tells would be missing from the page silently.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class QuotaKept(_Record):
    """A quota in words, its limits, and how many of the pool it counts; with `each`, the limits hold for every value by itself."""

    words: str
    where: dict[str, str]
    each: str
    least: int
    most: int | None
    has: int


class LevelReached(_Record):
    """A level by which pools were compared, with the pool's worth there: thousandths of a mark, or minus a number of pairs."""

    kind: Literal["mark", "spread", "draw"]
    name: str
    worth: int


class CandidateTold(_Record):
    """A candidate with its reason; marks are whole thousandths."""

    id: str
    chosen: bool
    reason: str
    attributes: dict[str, str]
    marks: dict[str, int]


class ChoiceRecord(_Record):
    """The whole file."""

    format: Literal["limi-choice 1"]
    seed: int
    size: int
    quotas: list[QuotaKept]
    levels: list[LevelReached]
    candidates: list[CandidateTold]

    def of_pulls(self, chosen: bool) -> list[CandidateTold]:
        """The candidates of pull requests inside the pool, or outside."""
        return [one for one in self.candidates if one.chosen is chosen and one.attributes.get("origin") == "github_pr"]

    @property
    def chosen(self) -> list[CandidateTold]:
        """The candidates in the pool."""
        return [one for one in self.candidates if one.chosen]


def read_choice(path: Path) -> ChoiceRecord:
    """Read the record. Raises UserError if it is missing or of another shape."""
    return read_written(path, ChoiceRecord, "build_pool")
