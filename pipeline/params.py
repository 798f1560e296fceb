"""The typed, strict form of `params.yaml`: the one file to edit.

Every key is here with its type, bounds and meaning; docs/PARAMETERS.md lists them, and a test holds the two together. An
unknown or mistyped key is an error that names the file, the line and, for an unknown one, the nearest known name.
"""

import difflib
import types
import typing
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.errors import UserError
from pipeline.strict_yaml import line_numbers, load

MAX_TOKEN_BYTES = 128  # the longest token of o200k_base, in bytes; measured over all of its 199,998 ranks

SubDomain = Literal["front-end", "back-end", "deployment", "debugging", "optimization"]
Positive = Annotated[int, Field(ge=1)]
NonNegative = Annotated[int, Field(ge=0)]
# tiktoken fails on about a million whitespace characters in a row; 7,500 tokens of 128 bytes stay below that.
Tokens = Annotated[int, Field(ge=1, le=7_500)]
Keep = Literal["keep", "drop"]
# A token must not travel in the clear, except to a stand-in on this machine.
Address = Annotated[
    str,
    Field(
        pattern=r"^(https://[A-Za-z0-9][A-Za-z0-9.-]*|http://(127\.0\.0\.1|localhost))(:[0-9]+)?(/[A-Za-z0-9._/-]*)?$"
    ),
]
Suffix = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]+$")]


class Section(BaseModel):
    """A block of parameters: strict types, no unknown key, never changed after it is read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Dask(Section):
    """Where partitions are worked on."""

    scheduler: str = Field(description="`local`, or the address of a Dask scheduler such as tcp://host:8786")
    workers: NonNegative = Field(description="local worker processes; 0 is one per core")
    memory_per_worker: str = Field(description="a local worker's memory limit, such as 4GiB")


class Source(Section):
    """Where pull requests come from."""

    kind: Literal["demo", "clones", "github"] = Field(
        description="the embedded world, local git clones, or GitHub's API"
    )
    input: str = Field(
        description="what the choice of repositories depends on: for clones, the CSV of repository facts"
    )
    folder: str = Field(
        description="where the clones lie (demo: where they are built; GitHub: where all that it answered is kept)"
    )
    api: Address = Field(description="GitHub's API; a GitHub Enterprise server's is https://HOST/api/v3")
    git: Address = Field(description="where git fetches from, OWNER/NAME.git follows")
    reading: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = Field(
        description="GitHub: name of this reading; what it read stays as it is, another name asks anew"
    )


class Select(Section):
    """Which repositories."""

    min_stars: NonNegative = Field(description="a repository needs more stars than this")
    repositories: Positive = Field(description="how many are chosen at most")
    licences: list[str] = Field(description="allowed SPDX ids; an empty list allows all")
    languages: list[str] = Field(description="allowed main languages; an empty list allows all")
    archived: Keep = Field(description="whether archived repositories can be chosen (GitHub)")
    forks: Keep = Field(description="whether forks can be chosen (GitHub)")
    active_since: Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = Field(
        description="a repository needs a push on this day or later, such as '2025-01-31'; empty: any (GitHub)"
    )

    @field_validator("active_since")
    @classmethod
    def _a_day(cls, value: str) -> str:
        if value:
            date.fromisoformat(value)
        return value


class Collect(Section):
    """What is read of each repository."""

    max_listed: Positive = Field(description="newest merged pull requests listed per repository")
    max_patch_bytes: Positive = Field(description="a longer patch is not stored, only its size")
    max_changed_lines: Positive = Field(
        description="a change of so many lines or more costs GitHub no patch: each line is a token at least"
    )


# What of `filter` decides before there is a patch: the rules of `pipeline/filters.py` that need facts only.
FACT_RULES = (
    *("markdown", "markdown_suffixes", "max_files", "bots", "empty_titles", "empty_bodies", "reverts", "backports"),
    *("branch_merges", "version_bumps", "unwritten"),
)


class Filter(Section):
    """Which pull requests stay (paper, section on data collection; docs/FILTERS.md)."""

    max_tokens: Tokens = Field(description="a patch stays if it has fewer o200k_base tokens than this")
    count_up_to: Tokens = Field(description="how far a patch over the limit is counted, for the histogram only")
    markdown: Literal["only", "any", "off"] = Field(
        description="drop a change of only Markdown, of any Markdown, or none"
    )
    markdown_suffixes: list[Suffix] = Field(description="what counts as Markdown, compared without case")
    binary: Literal["any", "only", "off"] = Field(
        description="drop a change with any binary file, of only binaries, or none"
    )
    max_files: NonNegative = Field(description="most files a change may touch; 0 is no limit")
    licences: list[str] = Field(description="SPDX ids whose repositories' pull requests stay; an empty list allows all")
    bots: Keep = Field(description="whether pull requests of bots stay")
    empty_titles: Keep = Field(description="whether a pull request without a title stays")
    empty_bodies: Keep = Field(description="whether a pull request without a description stays")
    reverts: Keep = Field(description="whether a revert of an earlier change stays")
    backports: Keep = Field(description="whether a backport to another branch stays")
    branch_merges: Keep = Field(description="whether a merge of one long-lived branch into another stays")
    version_bumps: Keep = Field(description="whether a change of nothing but version numbers stays")
    unwritten: Keep = Field(description="whether a change of only lock, generated or vendored files stays")
    whitespace: Keep = Field(description="whether a change of nothing but whitespace stays")
    comments: Keep = Field(description="whether a change of nothing but comments and docstrings stays")
    non_english: Keep = Field(
        description="whether a pull request whose title and description are in another language than English stays"
    )

    def of_facts(self) -> dict[str, object]:
        """The parameters of the rules that need no patch; collecting from GitHub depends on them."""
        return self.model_dump(include=set(FACT_RULES))

    @field_validator("markdown", "binary", mode="before")
    @classmethod
    def _bare_off(cls, value: object) -> object:
        """YAML reads a bare `off` as false."""
        return "off" if value is False else value


class Compare(Section):
    """What a kept pull request is held against: public benchmarks, and all the others."""

    contamination: list[Literal["repository", "pull", "diff"]] = Field(
        description="by which of these a public benchmark must name a pull request for it to go; else it is flagged"
    )
    lists: str = Field(description="folder of the lists of benchmarks, CSV files that you can add to")
    duplicates: Keep = Field(description="whether a pull request that repeats an older one stays")
    similarity: Annotated[float, Field(ge=0.5, le=1.0)] = Field(
        description="from which share of common parts (Jaccard) on a change repeats another; 1: all of them"
    )


class Sample(Section):
    """How many of the kept pull requests go on."""

    per_repository: Positive = Field(description="sampled per repository at most")
    strategy: Literal["stratified", "random"] = Field(description="equal shares of the sub-domains, or one plain draw")


class Mask(Section):
    """What a model or an annotator never sees."""

    kinds: list[Literal["secret", "email", "ip", "phone", "handle"]] = Field(
        description="what is masked in titles, descriptions and patches of sampled pull requests"
    )


class Synthesize(Section):
    """Who writes the queries."""

    writer: Literal["template"] = Field(description="`template`: deterministic and extractive, no model")


class Review(Section):
    """Who judges them."""

    annotators: dict[str, Positive] = Field(min_length=1, description="name of each annotator: user id in Label Studio")
    overlap: Positive = Field(description="judgements each query needs")
    export: str = Field(description="Label Studio's JSON export of the reviewed tasks")

    @model_validator(mode="after")
    def _enough_annotators(self) -> "Review":
        if self.overlap > len(self.annotators):
            raise ValueError(f"overlap {self.overlap} needs as many annotators, there are {len(self.annotators)}")
        if len(set(self.annotators.values())) != len(self.annotators):
            raise ValueError("two annotators have the same user id")
        return self


class Pool(Section):
    """What the pool is made of (paper: 60 real-world queries and 18 of pull requests)."""

    real_world: str = Field(description="JSON lines of real-world queries, see docs/DATA.md")
    real_world_count: NonNegative = Field(description="how many of them the pool holds")
    github_pr_count: NonNegative = Field(description="how many queries of pull requests the pool holds")
    sub_domains: dict[SubDomain, NonNegative] = Field(description="how many of those from each sub-domain")
    origin_note: str = Field(description="written into every row: what this pool is")

    @model_validator(mode="after")
    def _quotas_add_up(self) -> "Pool":
        total = sum(self.sub_domains.values())
        if total != self.github_pr_count:
            raise ValueError(f"the quotas of sub_domains add up to {total}, github_pr_count is {self.github_pr_count}")
        return self


class Params(Section):
    """The whole of `params.yaml`."""

    profile: str = Field(description="name of the profile this file came from")
    seed: NonNegative = Field(description="every draw is a hash of this seed and a name")
    dask: Dask
    source: Source
    select: Select
    collect: Collect
    filter: Filter
    compare: Compare
    sample: Sample
    mask: Mask
    synthesize: Synthesize
    review: Review
    pool: Pool

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
    key = ".".join(str(step) for step in problem["loc"])
    line = next((lines[k] for k in (key, key.rpartition(".")[0]) if k in lines), 1)
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
