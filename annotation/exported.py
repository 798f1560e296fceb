"""The export of reviews: the file that `limi annotate pull` writes, that people commit, and that `dvc repro` reads.

Canonical: every task of data/tasks.json by query_id, the annotations of each by role and annotator, and nothing of the moment it was
pulled at, so that two pulls of the same reviews give the same bytes. It holds no HTML and no e-mail address.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import UserError
from pipeline.files import write_text

FORMAT = "limi-reviews 1"
Role = Literal["annotator", "adjudicator"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Submitted(_Shape):
    """One person's submitted answers on one query: `result` is as Label Studio gave it, times are ISO 8601, `lead_time` seconds."""

    id: int
    project: int
    task: int
    annotator: str
    role: Role
    created_at: str
    updated_at: str
    lead_time: float | None
    result: list[dict[str, Any]]


class ReviewedTask(_Shape):
    """One task with all that was submitted on it."""

    query_id: str
    query_sha256: str
    task_sha256: str
    annotations: list[Submitted]


class Export(_Shape):
    """The whole file. `tasks_sha256` is that of the tasks it was pulled for."""

    format: Literal["limi-reviews 1"]
    tasks_sha256: str
    tasks: list[ReviewedTask]


def read_export(path: Path) -> Export:
    """Read an export. Raises UserError if it is missing, not JSON, or of another shape, naming the place."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"the reviews {path} are missing; `limi annotate pull` writes them from Label Studio") from None
    except OSError as error:
        raise UserError(f"the reviews {path} cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not JSON in UTF-8: {error}") from None
    try:
        data = json.loads(text, parse_constant=_refuse)
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON: {error}; `limi annotate pull` writes it once more") from None
    if isinstance(data, list):
        raise UserError(
            f"{path} is an export made by Label Studio itself, which checks nothing; `limi annotate pull` writes the one that is read here"
        )
    try:
        return Export.model_validate(data)
    except (ValidationError, RecursionError) as error:
        raise UserError(
            f"{path} is not of the form {FORMAT!r}: {problem_of(error)}; `limi annotate pull` writes it once more"
        ) from None


def write_export(path: Path, export: Export) -> None:
    """Write an export, whole or not at all; the same export gives the same bytes."""
    write_text(path, json.dumps(export.model_dump(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def problem_of(error: Exception) -> str:
    """The first problem of a validation, with its place."""
    if not isinstance(error, ValidationError):
        return "it is nested too deeply"
    problem = error.errors()[0]
    place = ".".join(map(str, problem["loc"]))
    try:
        given = str(problem["input"])[:60]
    except RecursionError:
        return "it is nested too deeply"
    return f"{place or 'the file'}: {problem['msg']}, not {given!r}"


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
