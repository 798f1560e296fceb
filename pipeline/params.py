"""Read `params.yaml`, the one file to edit, and check it whole.

pipeline/sections.py says what its keys mean; docs/PARAMETERS.md lists them, and a test holds the two together. An unknown or mistyped
key is an error that names the file, the line and, for an unknown one, the nearest known name.
"""

import difflib
import types
import typing
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from pipeline.errors import UserError
from pipeline.sections import (
    MAX_TOKEN_BYTES,
    Checks,
    Collect,
    Compare,
    Dask,
    Filter,
    Mask,
    Model,
    Pool,
    Review,
    Sample,
    Section,
    Select,
    Source,
    Synthesize,
)
from pipeline.strict_yaml import line_numbers, load
from pipeline.train_sections import Train
from pipeline.trajectory_sections import Trajectories

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]  # what numpy takes, which a training seeds as well


class Params(Section):
    """The whole of `params.yaml`."""

    profile: str = Field(description="name of the profile this file came from")
    seed: Seed = Field(description="every draw is a hash of this seed and a name")
    dask: Dask
    source: Source
    select: Select
    collect: Collect
    filter: Filter
    compare: Compare
    sample: Sample
    mask: Mask
    model: Model
    synthesize: Synthesize
    checks: Checks
    review: Review
    pool: Pool
    trajectories: Trajectories
    train: Train

    @model_validator(mode="after")
    def _limits_fit(self) -> "Params":
        least = self.filter.max_tokens * MAX_TOKEN_BYTES
        if self.collect.max_patch_bytes < least:
            raise ValueError(
                f"collect.max_patch_bytes must be at least {least} (filter.max_tokens x {MAX_TOKEN_BYTES} bytes), or a patch "
                "could be neither counted nor dropped by its size"
            )
        if self.collect.max_changed_lines < self.filter.max_tokens:
            raise ValueError(
                f"collect.max_changed_lines must be at least filter.max_tokens ({self.filter.max_tokens}), or a patch that would stay "
                "might not be fetched"
            )
        if self.filter.count_up_to < self.filter.max_tokens:
            raise ValueError(f"filter.count_up_to must be at least filter.max_tokens ({self.filter.max_tokens})")
        return self


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check a parameter file. Raises UserError with every problem, one per line."""
    try:
        text = path.read_text(encoding="utf-8")
        data = load(text)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `limi profile demo` writes one") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    # PyYAML lets a bad date, an unhashable key or a list that holds itself through as these.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    try:
        return Params.model_validate(data)
    except ValidationError as error:
        lines = line_numbers(text)
        problems = [_sentence(path, lines, problem) for problem in error.errors()]
        raise UserError("\n".join(problems)) from None


def known_keys() -> dict[str, str]:
    """Every leaf key in dotted form with its meaning, in the order of the file."""
    return dict(_leaves(Params, ""))


def _leaves(model: type[BaseModel], prefix: str) -> typing.Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and not isinstance(kind, types.GenericAlias) and issubclass(kind, BaseModel):
            yield from _leaves(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.description or ""


def _sentence(path: Path, lines: dict[str, int], problem: Any) -> str:
    steps = [str(step) for step in problem["loc"] if step != "[key]"]
    key = ".".join(steps)
    line = next((lines[k] for end in range(len(steps), 0, -1) if (k := ".".join(steps[:end])) in lines), 1)
    where = f"{path} line {line}: "
    if problem["type"] == "extra_forbidden":
        section = key.rpartition(".")[0]
        names = [*Params.model_fields] if not section else [*known_keys()]
        near = difflib.get_close_matches(key, names, n=1, cutoff=0.6) or difflib.get_close_matches(
            key.rpartition(".")[2], [known.rpartition(".")[2] for known in known_keys()], n=1, cutoff=0.6
        )
        hint = f"did you mean {near[0]}?" if near else "docs/PARAMETERS.md lists the known ones"
        return f"{where}{key} is not a known parameter{f' of {section}' if section else ''}; {hint}"
    if problem["type"] == "missing":
        return f"{where}{key} is missing ({known_keys().get(key, 'a block of parameters')})"
    given = "" if isinstance(problem["input"], dict) else f", not {problem['input']!r}"
    return f"{where}{key + ': ' if key else ''}{problem['msg'].removeprefix('Value error, ')}{given}"
