"""The written schema of every table between stages, checked when it is written and when it is read.

docs/DATA.md shows the same columns to readers; a test holds the two together.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import UserError
from pipeline.files import atomic


@dataclass(frozen=True)
class Table:
    """A parquet table: its name, the stage that writes it, what a row is, and its columns `name -> (type, meaning)`."""

    name: str
    writer: str
    row: str
    columns: dict[str, tuple[pl.DataType, str]]

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Column names and Polars types, in file order."""
        return {name: kind for name, (kind, _) in self.columns.items()}

    def frame(self, rows: list[dict[str, object]]) -> pl.DataFrame:
        """A frame of this table from row dicts. Raises on a value that is not of the column's type."""
        for row in rows:
            if row.keys() != self.columns.keys():
                raise TypeError(f"a row of {self.name} lacks or adds {sorted(row.keys() ^ self.columns.keys())}")
        return pl.DataFrame(
            {name: [row[name] for row in rows] for name in self.columns}, schema=self.schema, strict=True
        )

    def write(self, frame: pl.DataFrame, path: Path, fingerprint: str = "") -> None:
        """Check the frame against the schema and write it atomically. Raises TypeError on a difference."""
        if list(frame.schema.items()) != list(self.schema.items()):
            raise TypeError(f"{path} would not be a {self.name} table: {_difference(self.schema, dict(frame.schema))}")
        with atomic(path) as unfinished:
            frame.write_parquet(
                unfinished,
                compression="zstd",
                compression_level=3,
                row_group_size=4096,
                metadata={"limi.table": self.name, "limi.fingerprint": fingerprint},
            )

    def read(self, path: Path, columns: list[str] | None = None) -> pl.DataFrame:
        """Read a file of this table (all columns, or some). Raises UserError when it is missing or of another shape."""
        try:
            with path.open("rb") as file:
                found = pl.read_parquet_schema(file)
        except FileNotFoundError:
            raise UserError(f"{path} is missing; `dvc repro {self.writer}` writes it") from None
        except pl.exceptions.ComputeError as error:
            raise UserError(
                f"{path} is not a parquet file ({error}); remove it and run `dvc repro {self.writer}`"
            ) from None
        if list(found.items()) != list(self.schema.items()):
            raise UserError(
                f"{path} is not a {self.name} table of this version: {_difference(self.schema, dict(found))}; "
                f"`dvc repro --force {self.writer}` writes it anew"
            )
        return pl.read_parquet(path, columns=columns, glob=False)

    def read_parts(self, folder: Path, columns: list[str] | None = None) -> pl.DataFrame:
        """Read every part of a partitioned table, in the order of their names."""
        parts = sorted(folder.glob("*.parquet"))
        if not parts:
            raise UserError(f"{folder} holds no part of {self.name}; `dvc repro {self.writer}` writes it")
        return pl.concat([self.read(part, columns) for part in parts])

    def written_from(self, path: Path) -> str:
        """The fingerprint a file was written with; empty if there is no such file of this table."""
        try:
            known = pl.read_parquet_metadata(path)
        except (OSError, pl.exceptions.PolarsError):
            return ""
        return known.get("limi.fingerprint", "") if known.get("limi.table") == self.name else ""


def part_name(repo: str) -> str:
    """The file name of a repository's part. GitHub allows no `__` clash: owners hold letters, digits and single hyphens."""
    return f"{repo.replace('/', '__')}.parquet"


def _difference(wanted: dict[str, pl.DataType], found: dict[str, pl.DataType]) -> str:
    notes = [f"column {name} is missing" for name in wanted if name not in found]
    notes += [f"column {name} is unknown" for name in found if name not in wanted]
    notes += [
        f"column {name} is {found[name]} instead of {kind}"
        for name, kind in wanted.items()
        if name in found and found[name] != kind
    ]
    return "; ".join(notes) or "its columns are in another order"


_TEXT, _COUNT, _FLAG, _SHARE = pl.String(), pl.Int64(), pl.Boolean(), pl.Float64()
_TIME = pl.Datetime("us", "UTC")
_TEXTS = pl.List(pl.String())
FILE = pl.Struct(
    {
        "path": pl.String(),
        "old_path": pl.String(),
        "status": pl.String(),
        "additions": pl.Int64(),
        "deletions": pl.Int64(),
    }
)

REPOSITORY = {
    "repo": (_TEXT, "owner/name"),
    "stars": (_COUNT, "stars when the facts were taken"),
    "language": (_TEXT, "main language"),
    "licence": (_TEXT, "SPDX id as the source of facts says it"),
    "description": (_TEXT, "one line"),
    "head_sha": (_TEXT, "commit of the main branch that everything is read at"),
    "pull_refs": (_TEXT, "sha256 over the clone's refs/pull, which pull requests are also found by"),
    "clone": (_TEXT, "where the clone lies, relative to source.folder"),
}

FRAME = Table(
    "frame",
    "select_repos",
    "a repository that could have been chosen",
    {
        **REPOSITORY,
        "stratum": (_TEXT, "what the draw is stratified by: the language"),
        "draw_key": (_TEXT, "sha256 of seed and name; within a stratum the smallest keys are chosen"),
        "chosen": (_FLAG, "whether it is in repos.parquet"),
        "reason": (_TEXT, "why it is not: too_few_stars, licence_not_allowed or not_drawn; empty if chosen"),
    },
)

REPOS = Table("repos", "select_repos", "a chosen repository", dict(REPOSITORY))

PULLS = Table(
    "pulls",
    "collect_prs",
    "a listed merged pull request",
    {
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "number": (_COUNT, "the pull request's number"),
        "title": (_TEXT, "title; from a clone, of the merge body or the squash subject"),
        "body": (_TEXT, "description; from a clone, the rest of the commit message"),
        "author": (_TEXT, "name of the change's author"),
        "merged_at": (_TIME, "committer date of the commit that brought it"),
        "method": (_TEXT, "merge, squash or rebase"),
        "base_sha": (_TEXT, "the commit it was merged onto; the patch applies there"),
        "merge_sha": (_TEXT, "the commit that brought it to the main branch"),
        "head_sha": (_TEXT, "the branch's last commit where known, else empty"),
        "files": (
            pl.List(FILE),
            "git's raw paths with status (A, D, M, R, T) and line counts; null counts for a binary file",
        ),
        "patch": (_TEXT, "canonical unified diff; null if it was not stored or could not be read"),
        "patch_bytes": (_COUNT, "its size in bytes, also where it was too large to store"),
        "patch_utf8": (_FLAG, "false if some bytes were not UTF-8 and had to be replaced"),
        "patch_source": (_TEXT, "where the patch came from: git"),
        "failure": (_TEXT, "why it could not be collected; empty if it was"),
    },
)

FATE = {
    "pr_id": (_TEXT, "owner/name#number"),
    "repo": (_TEXT, "owner/name"),
    "stage": (_TEXT, "the stage that decided"),
    "fate": (_TEXT, "kept, dropped or failed"),
    "reason": (_TEXT, "name of the rule that dropped it or of the failure; empty if kept"),
    "value": (_SHARE, "the measured value that decided, in the rule's unit; null where there is none"),
    "limit": (_SHARE, "what it was held against; null where there is none"),
}

LEDGER = Table("ledger", "every deciding stage", "the fate of one pull request in one stage", dict(FATE))

VERDICTS = Table(
    "verdicts",
    "filter_prs",
    "a listed pull request with the filter's verdict",
    {
        **FATE,
        "tokens": (_COUNT, "o200k_base tokens of the patch, counted up to filter.count_up_to; null if not counted"),
        "sub_domain": (_TEXT, "front-end, back-end, deployment, debugging or optimization; empty unless kept"),
        "sub_domain_evidence": (_TEXT, "the rule that spoke loudest, as `kind:pattern`"),
        "n_files": (_COUNT, "files touched"),
        "n_hunks": (_COUNT, "hunks, read by unidiff; null unless kept"),
        "additions": (_COUNT, "lines added, from git's numstat"),
        "deletions": (_COUNT, "lines removed, from git's numstat"),
        **{
            name: PULLS.columns[name]
            for name in (
                "number",
                "title",
                "body",
                "author",
                "merged_at",
                "method",
                "base_sha",
                "merge_sha",
                "head_sha",
                "files",
            )
        },
        "patch": (_TEXT, "canonical unified diff; null unless kept"),
    },
)

SAMPLED = Table(
    "sampled",
    "sample_prs",
    "a sampled pull request",
    {
        **{
            name: VERDICTS.columns[name]
            for name in VERDICTS.columns
            if name not in ("stage", "fate", "reason", "value", "limit")
        },
        "language": (_TEXT, "the repository's main language"),
        "licence": (_TEXT, "the repository's licence"),
        "description": (_TEXT, "the repository's description"),
        "frame_size": (_COUNT, "kept pull requests of the repository, from which the sample was drawn"),
        "stratum_size": (_COUNT, "those of the same sub-domain"),
        "stratum_rank": (_COUNT, "place in the stratum by draw_key, from 1"),
        "draw_key": (_TEXT, "sha256 of seed and pr_id"),
    },
)

QUERIES = Table(
    "queries",
    "synthesize",
    "one query, written from one pull request",
    {
        "query_id": (_TEXT, "gh- and the first 12 hex digits of sha256(pr_id); survives a reworded query"),
        "pr_id": (_TEXT, "owner/name#number"),
        "repo": (_TEXT, "owner/name"),
        "query": (_TEXT, "what a developer would have asked before the work was done"),
        "query_sha256": (_TEXT, "of the query's text: a judgement of another text does not apply"),
        "domain": (_TEXT, "vibe-coding or research-workflow"),
        "sub_domain": (_TEXT, "the pull request's sub-domain"),
        "success_criteria": (_TEXTS, "checkable sentences"),
        "writer": (_TEXT, "name and version of the writer"),
        "leaked_identifiers": (_TEXTS, "identifiers the patch introduces that the query names"),
        "leaked_paths": (_TEXTS, "paths of the patch that the query names"),
        "leakage": (_SHARE, "0 to 1, see pipeline/leakage.py"),
    },
)

REVIEWED = Table(
    "reviewed",
    "merge_reviews",
    "a reviewed query",
    {
        **QUERIES.columns,
        "reviews": (_COUNT, "judgements that count"),
        "annotators": (_TEXTS, "who judged, sorted"),
        "verdicts": (_TEXTS, "their verdicts in the same order: accept, edit or reject"),
        "verdict": (_TEXT, "accept, reject or disputed; see annotation/agreement.py"),
        "agreement": (_SHARE, "share of the judgements on the side of the larger group"),
        "alignment": (_SHARE, "mean of none 0, partial 0.5, full 1"),
        "realism": (_SHARE, "mean of 1 to 5"),
        "reviewed_domain": (_TEXT, "what most judges gave; the query's own if none has most"),
        "reviewed_sub_domain": (_TEXT, "likewise"),
        "domain_fit": (_SHARE, "share of the judges who gave that domain and sub-domain"),
        "reject_reasons": (_TEXTS, "all that were named, sorted"),
        "edited_by": (_TEXT, "whose edited text the query now is; empty if nobody's"),
    },
)

TABLES = (FRAME, REPOS, PULLS, VERDICTS, LEDGER, SAMPLED, QUERIES, REVIEWED)
