"""Read the real-world queries that people bring: JSON lines, every row checked, every problem named by line and column."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


def _not_a_query_id(name: str) -> str:
    if name.startswith("gh-"):
        raise ValueError("ids that begin with gh- belong to queries of pull requests")
    return name


def _given(consent: bool) -> bool:
    if not consent:
        raise ValueError("it must be true: without the contributor's consent a query can't be used")
    return consent


class RealWorldQuery(BaseModel):
    """One query as a person asked it; docs/DATA.md explains the fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,63}$"), AfterValidator(_not_a_query_id)]
    query: Annotated[str, Field(min_length=20, max_length=8000, pattern=r"\S")]
    domain: Literal["vibe-coding", "research-workflow"]
    sub_domain: Literal[
        "front-end",
        "back-end",
        "deployment",
        "debugging",
        "optimization",
        "information-synthesis",
        "experimental-design",
        "data-analysis",
        "knowledge-communication",
    ]
    success_criteria: Annotated[list[Text], Field(min_length=1, max_length=12)]
    contributor_role: Text
    source: Text
    licence: Text
    consent: Annotated[bool, AfterValidator(_given)]


def read_real_world(path: Path) -> list[RealWorldQuery]:
    """Every query of the file, in its order. Raises UserError with every bad, empty or duplicate row."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise UserError(
            f"the file of real-world queries {path} is missing; docs/DATA.md says what its lines hold"
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: {error}") from None
    problems: list[str] = []
    queries: list[RealWorldQuery] = []
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for line, text in enumerate(lines, 1):
        if not text.strip():
            if line < len(lines):
                problems.append(f"{path} line {line}: it is empty; remove it")
            continue
        try:
            query = RealWorldQuery.model_validate(json.loads(text))
        except (ValueError, RecursionError) as error:
            problems += [f"{path} line {line}: {problem}" for problem in _explained(error)]
            continue
        words = " ".join(query.query.lower().split())
        for kind, value, seen in (("id", query.id, ids), ("query", words, texts)):
            if value in seen:
                problems.append(
                    f"{path} line {line}, column {kind}: the same as in line {seen[value]}; remove one of the two"
                )
            seen.setdefault(value, line)
        queries.append(query)
    if problems:
        raise UserError("\n".join(problems))
    return queries


def _explained(error: Exception) -> list[str]:
    if not isinstance(error, ValidationError):
        return [f"it is not JSON ({error})"]
    sentences = []
    for problem in error.errors():
        column = ".".join(map(str, problem["loc"])) or "(row)"
        sentences.append(f"column {column}: {problem['msg']}")
    return sentences
