"""What the dataset is made of, read from what the stages wrote and checked to be of one run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from curated.making.choice_record import CHOICE_FILE, ChoiceRecord, read_choice
from curated.making.columns import REVIEW
from curated.making.metrics import Reviews, Synthesis, read_masked, read_metrics
from curated.making.rights import Licence, licences_of
from pipeline.compare.contamination import Contamination
from pipeline.errors import UserError
from pipeline.files import sha256_text
from pipeline.ledger import FOLDER, funnel, read_fates
from pipeline.params import Params
from pipeline.query_tables import REVIEWED
from pipeline.tables import LICENCES, SAMPLED
from trajectories.export.rows import TRAJECTORIES

POOL_FILE = Path("curated/pool.jsonl")
SESSIONS_FILE = Path("sft/train.parquet")
CANDIDATES_FILE = Path("curated/candidates.jsonl")
SCRIPT_FILE = Path("docs/draw_again.py")
DEMO_SOURCE = "written for the demo world"  # what each query of demo/real_world.jsonl gives as its source


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PoolRow(_Row):
    """A line of curated/pool.jsonl, see docs/DATA.md. An unknown key is an error: what it tells would be lost silently."""

    id: str
    origin: str
    origin_note: str
    query: str
    domain: str
    sub_domain: str
    success_criteria: list[str]
    reason: str
    licence: str
    source: str
    contributor_role: str | None
    pull_request: dict[str, Any] | None
    review: dict[str, Any] | None


class _Candidate(BaseModel):
    """What of a line of curated/candidates.jsonl data/reviewed.parquet does not have, and what tells that both are of one run."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    query_id: str
    query_sha256: str
    chosen: bool
    reason: str


@dataclass(frozen=True)
class Inputs:
    """Everything that the dataset is a function of, besides where it was made (provenance).

    `steps` is the ledger's funnel (pipeline.ledger.funnel), `masked` how many values of each kind were masked in the sample,
    `benchmarks` the names of those it was held against, `choice_file` what curated/choice.json
    holds, byte for byte, `script` the one that draws again from it,
    `licences` those of the sampled pull requests, by pr_id, `sessions` the rows that export_sft wrote.
    """

    pool: list[PoolRow]
    reviewed: pl.DataFrame
    choices: dict[str, tuple[bool, str]]
    sampled: pl.DataFrame
    steps: list[dict[str, Any]]
    reviews: Reviews
    synthesis: Synthesis
    masked: dict[str, int]
    params: Params
    benchmarks: list[str]
    choice: ChoiceRecord
    choice_file: bytes
    script: bytes
    licences: Mapping[str, Licence] = field(default_factory=dict)
    sessions: pl.DataFrame = field(default_factory=lambda: TRAJECTORIES.frame([]))

    @property
    def demo(self) -> bool:
        """Whether any of it comes from the demo world, its real-world queries included."""
        return (
            self.params.source.kind == "demo"
            or normpath(self.params.pool.real_world).split("/")[0] == "demo"
            # A copy of the file says so itself, wherever it lies.
            or any(row.origin == "real_world" and row.source == DEMO_SOURCE for row in self.pool)
        )


def read_inputs(root: Path, params: Params) -> Inputs:
    """Read a project's outputs. Raises UserError if something is missing, of another shape, or of another run."""
    lines = [_candidate(root / CANDIDATES_FILE, number, line) for number, line in _lines(root / CANDIDATES_FILE)]
    sampled = SAMPLED.read(root / "data/sampled.parquet")
    lists = Contamination.read(root / params.compare.lists)
    inputs = Inputs(
        pool=[_pool_row(root / POOL_FILE, number, line) for number, line in _lines(root / POOL_FILE)],
        reviewed=REVIEWED.read(root / "data/reviewed.parquet"),
        choices={line.query_id: (line.chosen, line.reason) for line in lines},
        sampled=sampled,
        steps=funnel(read_fates(root / FOLDER)),
        reviews=read_metrics(root / "metrics/merge_reviews.json", Reviews),
        synthesis=read_metrics(root / "metrics/synthesize.json", Synthesis),
        masked=read_masked(root / "metrics/sample_prs.json"),
        params=params,
        benchmarks=sorted({name for names in lists.named.values() for name in names}),
        choice=read_choice(root / CHOICE_FILE),
        choice_file=(root / CHOICE_FILE).read_bytes(),
        script=(root / SCRIPT_FILE).read_bytes(),
        licences=licences_of(_licences(root / "data/licences.parquet", sampled), sampled),
        sessions=TRAJECTORIES.read(root / SESSIONS_FILE),
    )
    if len(inputs.choices) != len(lines):
        raise UserError(f"{CANDIDATES_FILE} has a query twice; `dvc repro --force build_pool` writes it anew")
    reviewed = dict(inputs.reviewed.select("query_id", "query_sha256").iter_rows())
    if reviewed != {line.query_id: line.query_sha256 for line in lines}:
        raise UserError(f"{CANDIDATES_FILE} and data/reviewed.parquet are of different runs; `dvc repro` mends it")
    check_one_run(inputs)
    return inputs


def check_one_run(inputs: Inputs) -> None:
    """Raises UserError where the evidence tells of other rows than there are: a card must not praise another run's data."""
    kept = {step["stage"]: step["kept"] for step in inputs.steps}
    verdicts = dict(inputs.reviewed["verdict"].value_counts().iter_rows())
    from_pulls = sorted(row.id for row in inputs.pool if row.origin == "github_pr")
    told = [
        ("the ledger's last stage", kept.get("build_pool", 0), "queries of pull requests in the pool", len(from_pulls)),
        ("the ledger's merge_reviews", kept.get("merge_reviews", 0), "accepted queries", verdicts.get("accept", 0)),
        (
            "metrics/merge_reviews.json",
            sum(inputs.reviews.queries.values()),
            "reviewed queries",
            inputs.reviewed.height,
        ),
    ]
    wrong = [f"{who} tells of {said}, there are {found} {what}" for who, said, what, found in told if said != found]
    if inputs.reviews.queries != verdicts:
        wrong.append(f"metrics/merge_reviews.json tells of the verdicts {inputs.reviews.queries}, there are {verdicts}")
    if len({row.id for row in inputs.pool}) != len(inputs.pool):
        wrong.append(f"{POOL_FILE} has a query twice")
    if from_pulls != sorted(name for name, (chosen, _) in inputs.choices.items() if chosen):
        wrong.append(f"{POOL_FILE} has other queries of pull requests than {CANDIDATES_FILE} calls chosen")
    if {one.id for one in inputs.choice.chosen} != {row.id for row in inputs.pool}:
        wrong.append(f"{CHOICE_FILE} has chosen other queries than {POOL_FILE} has")
    if set(inputs.choices) != set(inputs.reviewed["query_id"]):
        wrong.append(f"{CANDIDATES_FILE} has other queries than data/reviewed.parquet")
    texts = dict(inputs.reviewed.select("query_id", "query").iter_rows())
    if other := [row.id for row in inputs.pool if row.origin == "github_pr" and texts.get(row.id) != row.query]:
        wrong.append(f"{other[0]} has another text in {POOL_FILE} than in data/reviewed.parquet")
    if lost := sorted(set(inputs.reviewed["pr_id"]) - set(inputs.sampled["pr_id"])):
        wrong.append(f"{lost[0]} was reviewed and is not in data/sampled.parquet")
    recorded = {one.id: one.reason for one in inputs.choice.candidates}
    said = {row.id: row.reason for row in inputs.pool} | {
        name: inputs.choices[name][1]
        for name in inputs.reviewed.filter(pl.col("verdict") == "accept")["query_id"]
        if name in inputs.choices
    }
    if other := [name for name, reason in sorted(said.items()) if recorded.get(name) != reason]:
        wrong.append(f"{other[0]} has another reason in {CHOICE_FILE} than in {POOL_FILE} or {CANDIDATES_FILE}")
    bases = dict(inputs.sampled.select("pr_id", "base_sha").iter_rows())
    if moved := [
        row for row in inputs.pool if row.pull_request and row.pull_request.get("base_sha") != bases.get(row.source)
    ]:
        wrong.append(f"{moved[0].id} has another base commit in {POOL_FILE} than in data/sampled.parquet")
    asked = {row.id: sha256_text(row.query) for row in inputs.pool}
    for name, query_id, sha256 in inputs.sessions.select("trajectory_id", "query_id", "query_sha256").iter_rows():
        if asked.get(query_id) != sha256:
            wrong.append(f"{name} in {SESSIONS_FILE} is no work on a query of {POOL_FILE}")
            break
    if wrong:
        raise UserError(f"these are not of one run: {'; '.join(wrong)}. `dvc repro` brings them together")


def _licences(path: Path, sampled: pl.DataFrame) -> pl.DataFrame:
    found = LICENCES.read(path)
    if set(found.select("pr_id", "base_sha").rows()) != set(sampled.select("pr_id", "base_sha").rows()):
        raise UserError(
            f"{path} is of another sample than data/sampled.parquet; `dvc repro read_licences` writes it anew"
        )
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro build_pool` writes it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}; `dvc repro --force build_pool` writes it anew") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line]


def _pool_row(path: Path, number: int, line: str) -> PoolRow:
    try:
        row = PoolRow.model_validate_json(line)
    except ValidationError as error:
        raise _bad_line(path, number, error) from None
    if row.origin not in ("real_world", "github_pr") or (row.origin == "github_pr") != (row.review is not None):
        raise UserError(f"{path} line {number}: {row.id!r:.80} is neither a real-world query nor one of a pull request")
    if row.review is not None and row.review.keys() != REVIEW.keys():
        raise UserError(
            f"{path} line {number}, review: it lacks or adds {sorted(row.review.keys() ^ REVIEW.keys())}; "
            "curated/making/columns.py has the dataset's columns"
        )
    return row


def _candidate(path: Path, number: int, line: str) -> _Candidate:
    try:
        return _Candidate.model_validate_json(line)
    except ValidationError as error:
        raise _bad_line(path, number, error) from None


def _bad_line(path: Path, number: int, error: ValidationError) -> UserError:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, problem["loc"])) or "the line"
    return UserError(
        f"{path} line {number}, {place}: {problem['msg']}; curated/making/columns.py has the dataset's columns, "
        "`dvc repro --force build_pool` writes the file anew"
    )
