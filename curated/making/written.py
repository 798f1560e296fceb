"""Reads what a stage wrote; whatever is wrong with it ends in the command that writes it anew."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import UserError

Written = TypeVar("Written", bound=BaseModel)


def read_written(path: Path, kind: type[Written], stage: str) -> Written:
    """A JSON file of that stage. Raises UserError if it is missing or of another shape."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro {stage}` writes it") from None
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}; `dvc repro --force {stage}` writes it anew"
        ) from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise UserError(f"{path}, {place}: {problem['msg']}; `dvc repro --force {stage}` writes it anew") from None
