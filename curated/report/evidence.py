"""What the run report is made of: the dataset's inputs, and what only the report tells, checked to be of one run."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from curated.making.choice_record import CHOICE_FILE, ChoiceRecord
from curated.making.inputs import CANDIDATES_FILE, POOL_FILE, Inputs, read_inputs
from pipeline.errors import UserError
from pipeline.ledger import FOLDER, read_fates, reconcile
from pipeline.params import Params
from pipeline.query_tables import QUERIES
from pipeline.tables import REPOS

TOKENS_FILE = Path("plots/patch_tokens.csv")
_TOKENS = {"tokens": pl.Int64, "until": pl.Int64, "pulls": pl.Int64, "limit": pl.Int64}


class Bin(NamedTuple):
    """A bar of the histogram: patches of `start` tokens or more and fewer than `until`."""

    start: int
    until: int
    patches: int


@dataclass(frozen=True)
class Evidence:
    """Everything that the page is a function of.

    `fates` has a LEDGER frame for each stage, `queries` is the QUERIES and `repos` the REPOS frame, `bins` the histogram of
    plots/patch_tokens.csv, `hashes` the sha256 of the files that hold the decisions, by their paths.
    """

    run: Inputs
    fates: dict[str, pl.DataFrame]
    queries: pl.DataFrame
    repos: pl.DataFrame
    bins: list[Bin]
    hashes: dict[str, str]

    @property
    def choice(self) -> ChoiceRecord:
        """The record of the choice."""
        return self.run.choice


def read_evidence(root: Path, params: Params) -> Evidence:
    """Read a project's outputs. Raises UserError if something is missing, of another shape, or of another run."""
    evidence = Evidence(
        run=read_inputs(root, params),
        fates=read_fates(root / FOLDER),
        queries=QUERIES.read(root / "data/queries.parquet"),
        repos=REPOS.read(root / "data/repos.parquet").sort("repo"),
        bins=_bins(root / TOKENS_FILE),
        hashes={
            path.as_posix(): hashlib.sha256((root / path).read_bytes()).hexdigest()
            for path in (POOL_FILE, CANDIDATES_FILE, CHOICE_FILE)
        },
    )
    reconcile(evidence.fates)
    check_the_rest(evidence)
    return evidence


def check_the_rest(evidence: Evidence) -> None:
    """Raises UserError where a table that only the report reads is of another run than the pool."""
    run, wrong = evidence.run, []
    if lost := sorted(set(run.reviewed["query_id"]) - set(evidence.queries["query_id"])):
        wrong.append(f"{lost[0]} was reviewed and is not in data/queries.parquet")
    if lost := sorted(set(run.sampled["repo"]) - set(evidence.repos["repo"])):
        wrong.append(f"{lost[0]} was sampled from and is not in data/repos.parquet")
    if wrong:
        raise UserError(f"these are not of one run: {'; '.join(wrong)}. `dvc repro` brings them together")


def _bins(path: Path) -> list[Bin]:
    try:
        found = pl.read_csv(path, schema=_TOKENS)
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro describe_prs` writes it") from None
    except pl.exceptions.PolarsError as error:
        raise UserError(
            f"{path} has another form than tokens, until, pulls, limit ({str(error).splitlines()[0]}); "
            "`dvc repro --force describe_prs` writes it anew"
        ) from None
    return [Bin(*row) for row in found.select("tokens", "until", "pulls").iter_rows()]
