"""Read the real-world queries that people bring: JSON lines, every row checked, every problem named by line and column."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError

Domain = Literal["vibe-coding", "research-workflow"]
SubDomain = Literal[
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
# Which sub-domain belongs to which domain (paper, section on data): the first five are vibe coding, the rest are research.
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "vibe-coding": get_args(SubDomain)[:5],
    "research-workflow": get_args(SubDomain)[5:],
}
MOST_CHARACTERS = 8_000  # of a query
MOST_CRITERIA = 12
MOST_OF_A_LINE = 2**20  # characters; a row whose columns are all as long as they may be has a fortieth
_WORD = r"\S"
_SHOWN = 60  # characters of an unknown key
_MOST_PROBLEMS = 20  # of one row; a hostile one could have a hundred thousand


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
    query: Annotated[str, Field(min_length=20, max_length=MOST_CHARACTERS, pattern=_WORD)]
    domain: Domain
    sub_domain: SubDomain
    success_criteria: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=1_000, pattern=_WORD)]],
        Field(min_length=1, max_length=MOST_CRITERIA),
    ]
    contributor_role: Annotated[str, Field(min_length=1, max_length=200, pattern=_WORD)]
    source: Annotated[str, Field(min_length=1, max_length=500, pattern=_WORD)]
    licence: Annotated[str, Field(min_length=1, max_length=200, pattern=_WORD)]
    consent: Annotated[bool, AfterValidator(_given)]


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line, from 1; `column` is empty where it is the line as a whole."""

    line: int
    column: str
    what: str

    def told(self, path: Path) -> str:
        """The sentence that names file, line and column."""
        where = f"column {self.column}: {self.what}" if self.column else self.what
        separator = "," if self.what.startswith(_THE_SAME) else ":"
        return f"{path} line {self.line}{separator} {where}"


@dataclass(frozen=True)
class Rows:
    """The good rows of a file as `(line, query)`, in its order, and what is wrong with the others."""

    queries: list[tuple[int, RealWorldQuery]]
    problems: list[Problem]


_THE_SAME = "the same as in line "


def read_real_world(path: Path) -> list[RealWorldQuery]:
    """Every query of the file, in its order. Raises UserError with every bad, empty or duplicate row."""
    rows = rows_of(read_text(path))
    if rows.problems:
        raise UserError("\n".join(problem.told(path) for problem in rows.problems))
    return [query for _, query in rows.queries]


def read_text(path: Path) -> str:
    """The text of a file of queries, with its line ends as they are. Raises UserError if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UserError(
            f"the file of real-world queries {path} is missing; docs/DATA.md says what its lines hold"
        ) from None
    except OSError as error:
        raise UserError(f"the file of real-world queries {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from None


def rows_of(text: str) -> Rows:
    """The rows of JSON lines. An id or a text (whatever its case and blanks) that an earlier line has is a problem as well."""
    lines = text.split("\n")
    rows = Rows([], [])
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for line, row in enumerate(lines, 1):
        if not row.strip():
            if line < len(lines):
                rows.problems.append(Problem(line, "", "it is empty; remove it"))
            continue
        query = read_row(row)
        if not isinstance(query, RealWorldQuery):
            rows.problems.extend(Problem(line, column, what) for column, what in query)
            continue
        words = " ".join(query.query.lower().split())
        for kind, value, seen in (("id", query.id, ids), ("query", words, texts)):
            if value in seen:
                rows.problems.append(Problem(line, kind, f"{_THE_SAME}{seen[value]}; remove one of the two"))
            seen.setdefault(value, line)
        rows.queries.append((line, query))
    return rows


def read_row(row: str) -> RealWorldQuery | list[tuple[str, str]]:
    """The query of one line of JSON, or its problems as `(column, what)`."""
    data = parsed(row)
    return query_of(data) if not isinstance(data, NotJson) else [("", data.why)]


@dataclass(frozen=True)
class NotJson:
    """Why a text is no JSON that can be used, as a sentence without its subject."""

    why: str


def parsed(text: str, most: int = MOST_OF_A_LINE) -> Any:
    """The JSON of a text of up to `most` characters, in which no object has a key twice; else a NotJson."""
    if len(text) > most:
        return NotJson(f"it has {len(text):,} characters, more than the {most:,} that are read")
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except _TwiceError as error:
        return NotJson(f"the key {error.key[:_SHOWN]!a} stands twice; which of the two counts nobody can tell")
    except (ValueError, RecursionError) as error:
        return NotJson(f"it is not JSON ({error})")


def query_of(data: Any) -> RealWorldQuery | list[tuple[str, str]]:
    """The query of one parsed row, or its problems as `(column, what)`."""
    try:
        return RealWorldQuery.model_validate(data)
    except ValidationError as error:
        return [_explained(problem) for problem in error.errors(include_input=False)[:_MOST_PROBLEMS]]


class _TwiceError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _TwiceError(key)
        found[key] = value
    return found


def _explained(problem: Any) -> tuple[str, str]:
    column = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(column[:_SHOWN], RealWorldQuery.model_fields, n=1)
        known = f"did you mean {near[0]}?" if near else f"the known ones are {', '.join(RealWorldQuery.model_fields)}"
        # A key is anybody's text: it is shown as Python would print it.
        shown = (
            column if column.isascii() and column.isidentifier() and len(column) <= _SHOWN else ascii(column[:_SHOWN])
        )
        return shown, f"it is not a known column; {known}"
    return column or "(row)", problem["msg"].removeprefix("Value error, ")
