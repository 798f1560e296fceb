"""The shape of Label Studio's JSON export, as far as it is read. Other keys are Label Studio's own and are left alone."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pipeline.errors import UserError


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class Value(_Shape):
    """An answer: of choices, of a rating (1 to 5), or of a text area (one text or several)."""

    choices: list[str] = []
    rating: Any = None
    text: list[str] | str = []


class Answer(_Shape):
    """One answered control of the interface."""

    from_name: str
    value: Value


class Annotation(_Shape):
    """One annotator's answers on one task."""

    result: list[Answer]


class Task(_Shape):
    """One task; its annotations are read one by one with `read_answers`, so that a problem names the annotation."""

    data: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    annotations: list[dict[str, Any]] = []


_EXPORT = TypeAdapter(list[Task])


def read_tasks(path: Path) -> list[Task]:
    """Read an export. Raises UserError if it is missing, not JSON, or of another shape, naming the place."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            f"the review export {path} is missing; export the reviewed tasks from Label Studio as JSON to it"
        ) from None
    except OSError as error:
        raise UserError(f"the review export {path} cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not JSON in UTF-8: {error}") from None
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON: {error}; export the tasks from Label Studio as JSON once more") from None
    if isinstance(data, list) and any(
        isinstance(task, dict) and "annotator" in task and "data" not in task for task in data
    ):
        raise UserError(f"{path} is in the format JSON-MIN, which leaves out what is checked here; export it as JSON")
    try:
        return _EXPORT.validate_python(data)
    except (ValidationError, RecursionError) as error:
        raise UserError(
            f"{path} is not Label Studio's JSON export (a list of tasks): {problem_of(error)}; export the tasks as JSON once more"
        ) from None


def read_answers(annotation: dict[str, Any]) -> list[Answer]:
    """The answers of one annotation. Raises ValueError, in words, if it has another shape."""
    try:
        return Annotation.model_validate(annotation).result
    except (ValidationError, RecursionError) as error:
        raise ValueError(problem_of(error)) from None


def problem_of(error: Exception) -> str:
    """The first problem of a validation, with its place."""
    if not isinstance(error, ValidationError):
        return "it is nested too deeply"
    problem = error.errors()[0]
    place = ".".join(map(str, problem["loc"]))
    return f"{place or 'the file'}: {problem['msg']}, not {str(problem['input'])[:60]!r}"
