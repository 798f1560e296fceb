"""What the card tells of the stages' metrics: only these keys are read, whatever else stands beside them."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import UserError

_Metrics = TypeVar("_Metrics", bound=BaseModel)


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


def read_metrics(path: Path, kind: type[_Metrics]) -> _Metrics:
    """A stage's metrics. Raises UserError if they are missing or of another shape."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro {path.stem}` writes it") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}; `dvc repro --force {path.stem}` writes it anew"
        ) from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise UserError(f"{path}, {place}: {problem['msg']}; `dvc repro --force {path.stem}` writes it anew") from None


def read_masked(path: Path) -> dict[str, int]:
    """How many values of each kind were masked in the sample."""

    class _Sample(BaseModel):
        masked: dict[str, int]

    return read_metrics(path, _Sample).masked
