"""Hold every kept pull request against public benchmarks and against all the others: data/repeats.parquet and the ledger's part."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from pipeline.compare.duplicates import find_duplicates
from pipeline.compare.fates import STAGE, compared, named_clusters
from pipeline.compare.fingerprints import table
from pipeline.compare.similarity import Bands
from pipeline.files import write_json
from pipeline.ledger import write_fates_by_repository
from pipeline.params import read_params
from pipeline.table import part_name
from pipeline.tables import FACTS, PULLS, REPEATS, REPOS
from stages.run import run_stage

PULLS_PARTS = Path("data/pulls")
FACT_PARTS = Path("data/facts")
FINGERPRINT_PARTS = Path("data/fingerprints")
REPEATED = Path("data/repeats.parquet")
SCRATCH = Path(".limi/compare.sqlite")


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    repos = sorted(REPOS.read(Path("data/repos.parquet"), ["repo"])["repo"])
    parts = {repo: part for repo in repos if (part := FACT_PARTS / part_name(repo)).exists()}
    for part in parts.values():
        # A lost part would look like one without repeats.
        table(Bands.at(params.compare.similarity)).check(FINGERPRINT_PARTS / part.name)
    SCRATCH.parent.mkdir(exist_ok=True)
    found = find_duplicates(FINGERPRINT_PARTS, _patches, SCRATCH, params.compare.similarity)
    REPEATS.write_pieces(found, REPEATED)

    repeats = REPEATS.scan(REPEATED)
    named = named_clusters(FACTS.scan_parts(list(parts.values())), repeats, params.compare)

    def by_repository() -> Iterator[pl.DataFrame]:
        for repo, part in parts.items():
            # Sorted by pr_id, so that most of the file is passed over.
            own = repeats.filter(pl.col("pr_id").is_between(pl.lit(f"{repo}#"), pl.lit(f"{repo}$"))).collect()
            yield compared(FACTS.read(part, ["pr_id", "repo", "contamination"]), own, named, params.compare)

    write_fates_by_repository(STAGE, by_repository())
    fates = pl.scan_parquet(f"data/ledger/{STAGE}.parquet", glob=False)
    counted = fates.group_by("fate", "reason").len().sort("fate", "reason").collect(engine="streaming")
    write_json(
        Path(f"metrics/{STAGE}.json"),
        {
            "repeats": REPEATS.scan(REPEATED).select(pl.len()).collect().item(),
            **{reason or fate: number for fate, reason, number in counted.iter_rows()},
        },
    )


def _patches(pr_ids: list[str]) -> dict[str, str]:
    """The patches of some pull requests, read from the raw store."""
    wanted = pl.DataFrame({"pr_id": pr_ids}).with_columns(repo=pl.col("pr_id").str.replace(r"#[0-9]+$", ""))
    patches: dict[str, str] = {}
    for (repo,), group in wanted.group_by("repo"):
        rows = PULLS.scan(PULLS_PARTS / part_name(str(repo)), ["pr_id", "patch"])
        patches |= dict(rows.filter(pl.col("pr_id").is_in(group["pr_id"].to_list())).collect().iter_rows())
    return patches


if __name__ == "__main__":
    run_stage(main)
