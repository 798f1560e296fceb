"""The sections of `params.yaml`: every key with its type, its bounds and its meaning."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

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
PersonName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
EMail = Annotated[str, Field(pattern=r"^[^@\s<>\"']{1,64}@[A-Za-z0-9.-]{1,190}$")]
Attribute = Literal["origin", "domain", "sub_domain", "language", "repository", "text"]
# One list, since a union of two would tell every fault twice.
PoolLevel = Literal[
    "agreement",
    "domain_fit",
    "alignment",
    "leakage",
    "realism",
    "origin",
    "domain",
    "sub_domain",
    "language",
    "repository",
    "text",
]
Suffix = Annotated[str, Field(pattern=r"^\.[A-Za-z0-9]+$")]


class Section(BaseModel):
    """A block of parameters: strict types, no unknown key, never changed after it is read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Dask(Section):
    """Where partitions are worked on."""

    scheduler: str = Field(description="`local`, or the address of a Dask scheduler such as tcp://host:8786")
    workers: NonNegative = Field(description="local workers; 0: one per core, 1: none, the stage works itself")
    memory_per_worker: str = Field(description="a local worker's memory limit, such as 4GiB; else there is none")


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


class Model(Section):
    """The model that writes and judges, at any address that speaks OpenAI's protocol. Its key comes from OPENAI_API_KEY."""

    endpoint: Address = Field(description="where the model is: OpenAI, or the base URL of a compatible server")
    name: str = Field(min_length=1, description="the model, as the server names it")
    structured: Literal["json_schema", "json_object", "off"] = Field(
        description="how the form of a reply is asked for; off: in words alone. Each reply is checked here in any case"
    )
    max_output_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="most tokens of a reply, those of its reasoning included"
    )
    limit_field: Literal["max_completion_tokens", "max_tokens"] = Field(
        description="what the server calls that limit; older compatible servers know max_tokens"
    )
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] | None = Field(
        description="sampling temperature; null: not sent, as models that reason refuse it"
    )
    reasoning_effort: str = Field(description="low, medium, high, as the model knows it; empty: not sent")
    concurrency: Annotated[int, Field(ge=1, le=10_000)] = Field(description="requests under way at most")
    requests_per_minute: NonNegative = Field(description="0: what the server's headers say")
    tokens_per_minute: NonNegative = Field(description="0: what the server's headers say")
    max_usd: Annotated[float, Field(ge=0.0, le=1_000_000.0)] = Field(
        description="hard cap in dollars on all that was ever paid from `.limi/model`"
    )
    mode: Literal["direct", "batch"] = Field(
        description="one request after the other, or the Batch API: half the price, within a day"
    )
    timeout_seconds: Annotated[float, Field(gt=0.0, le=86_400.0)] = Field(description="how long a reply may take")
    tries: Positive = Field(description="attempts of a request until its row fails")


class Checks(Section):
    """What a query is held against before anybody judges it (pipeline/synthesis/checks.py)."""

    leakage: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        description="a query may give away so much of the solution; one name alone is 0.25"
    )
    min_words: NonNegative = Field(description="fewest words of a query")
    max_words: Positive = Field(description="most words of a query")
    language: Literal["english", "any"] = Field(description="whether queries in other languages than English stay")
    similarity: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        description="from which share of common pairs of words on (Jaccard) one query repeats another"
    )


class Synthesize(Section):
    """Who writes the queries, and what is done with one that is not good."""

    writer: Literal["template", "model"] = Field(
        description="`template`: deterministic and extractive, no model; `model`: the one of section model"
    )
    rewrites: NonNegative = Field(description="how often a query that fails is written again, with the reasons")
    judgements: NonNegative = Field(description="how many judgements of the model each query gets; 0: no judge")
    judge: str = Field(description="another model of the same server that judges; empty: model.name")
    failing: Keep = Field(description="whether a query stays that fails in the end, with what was found, or is dropped")


class Review(Section):
    """Who judges them, and where."""

    annotators: dict[PersonName, EMail] = Field(
        min_length=1, description="name of each annotator: e-mail address of the account in Label Studio"
    )
    adjudicators: dict[PersonName, EMail] = Field(
        description="likewise, who decides where annotators disagree; {}: nobody, and what is disputed stays out"
    )
    overlap: Positive = Field(description="judgements each query needs")
    calibration: NonNegative = Field(description="so many queries are judged by every annotator, and first")
    show_judge: bool = Field(description="whether annotators see what the model judge said; false: they judge blind")
    server: Address = Field(description="Label Studio; its key comes from LABEL_STUDIO_API_KEY")
    project: Annotated[
        str, Field(min_length=1, max_length=30, pattern=r"^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9])?$")
    ] = Field(description="begin of the titles of the projects there, one for each person")
    export: str = Field(description="the reviews, as `limi annotate pull` writes them")

    @model_validator(mode="after")
    def _enough_people(self) -> "Review":
        if self.overlap > len(self.annotators):
            raise ValueError(f"overlap {self.overlap} needs as many annotators, there are {len(self.annotators)}")
        if both := sorted(set(self.annotators) & set(self.adjudicators)):
            raise ValueError(f"{both[0]} is an annotator and an adjudicator; nobody decides on their own judgement")
        addresses = [address.casefold() for address in [*self.annotators.values(), *self.adjudicators.values()]]
        if len(set(addresses)) != len(addresses):
            raise ValueError("two people have the same e-mail address")
        return self


class PoolQuota(Section):
    """A further quota of the pool, as pipeline/pooling/quotas.py explains it."""

    where: dict[Attribute, str] = {}
    each: Literal["", "origin", "domain", "sub_domain", "language", "repository", "text"] = ""
    least: NonNegative = 0
    most: NonNegative | None = None


class Pool(Section):
    """What the pool is made of (paper: 60 real-world queries and 18 of pull requests)."""

    real_world: str = Field(description="JSON lines of real-world queries, see docs/DATA.md")
    real_world_count: NonNegative = Field(description="how many of them the pool holds")
    github_pr_count: NonNegative = Field(description="how many queries of pull requests the pool holds")
    sub_domains: dict[SubDomain, NonNegative] = Field(description="how many of those from each sub-domain")
    per_repository: Positive = Field(description="how many queries of one repository at most")
    quotas: list[PoolQuota] = Field(
        description="further quotas, such as `{where: {language: Go}, least: 1}` or `{each: language, most: 6}`"
    )
    order: list[PoolLevel] = Field(description="what makes a pool better than another, the first decides first")
    similarity: Annotated[float, Field(ge=0.5, le=1.0)] = Field(
        description="texts of this likeness (Jaccard) or more count as a pair of like texts"
    )
    origin_note: str = Field(description="written into every row: what this pool is")

    @model_validator(mode="after")
    def _quotas_add_up(self) -> "Pool":
        total = sum(self.sub_domains.values())
        if total != self.github_pr_count:
            raise ValueError(f"the quotas of sub_domains add up to {total}, github_pr_count is {self.github_pr_count}")
        return self
