"""What the card tells of the stages' metrics: only these keys are read, whatever else stands beside them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from curated.making.written import Written, read_written


class Interval(BaseModel):
    """An estimate with its 95 % interval; null where there is none."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    value: float | None
    low: float | None
    high: float | None


class Reviews(BaseModel):
    """What the card tells of metrics/merge_reviews.json."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    queries: dict[str, int]
    judgements: int
    annotators: dict[str, int]
    verdicts: dict[str, int]
    adjudicated: int
    alpha: dict[str, Interval]


class Synthesis(BaseModel):
    """What the card tells of metrics/synthesize.json."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    writer: str
    queries: int
    drafts: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    accepted: int
    cost_per_accepted_usd: float | None
    found_in_queries: dict[str, int]


def read_metrics(path: Path, kind: type[Written]) -> Written:
    """The metrics of the stage that the file is named after. Raises UserError if they are missing or of another shape."""
    return read_written(path, kind, path.stem)


def read_masked(path: Path) -> dict[str, int]:
    """How many values of each kind were masked in the sample."""

    class _Sample(BaseModel):
        masked: dict[str, int]

    return read_metrics(path, _Sample).masked
