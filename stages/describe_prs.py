"""Describe every kept pull request: data/facts/ (what readers and the sample look at) and data/fingerprints/ (what is compared)."""

from pathlib import Path

import polars as pl

from pipeline.compare.contamination import Contamination, contamination_of
from pipeline.compare.fingerprints import fingerprints, table
from pipeline.compare.similarity import Bands
from pipeline.description import COLUMNS, describe
from pipeline.files import sweep
from pipeline.fingerprint import code_fingerprint, fingerprint
from pipeline.params import read_params
from pipeline.partitions import run_partitions
from pipeline.plots import patch_token_points, sub_domain_points, write_points
from pipeline.table import part_name
from pipeline.tables import FACTS, PULLS, REPOS, VERDICTS
from stages.run import run_stage

PULLS_PARTS = Path("data/pulls")
VERDICT_PARTS = Path("data/verdicts")
FACT_PARTS = Path("data/facts")
FINGERPRINT_PARTS = Path("data/fingerprints")


def describe_part(name: str, named: tuple[Path, str], bands: Bands, made_from: str, folder: Path) -> None:
    """One partition's work, on a worker. `name` is the part's file name, `folder` where data/ lies, `named` says which lists."""
    verdicts = VERDICTS.read(folder / VERDICT_PARTS / name, ["pr_id", "fate", "tokens"])
    kept = verdicts.filter(pl.col("fate") == "kept").select("pr_id", "tokens")
    fingerprint_table = table(bands)
    facts, prints = [FACTS.frame([])], [fingerprint_table.frame([])]
    for piece in PULLS.read_slices(folder / PULLS_PARTS / name, COLUMNS):
        pulls = piece.join(kept, on="pr_id", how="inner", maintain_order="left")
        prints.append(fingerprints(pulls, bands))
        facts.append(describe(pulls, pulls["tokens"], prints[-1]["diff_hash"], contamination_of(*named)))
    fingerprint_table.write(pl.concat(prints), folder / FINGERPRINT_PARTS / name, made_from)
    FACTS.write(pl.concat(facts), folder / FACT_PARTS / name, made_from)


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    folder = Path(params.compare.lists).absolute()
    named = (folder, Contamination.read(folder).fingerprint())
    bands = Bands.at(params.compare.similarity)
    code = code_fingerprint("stages.describe_prs")
    waiting, parts = [], []
    for repo in sorted(REPOS.read(Path("data/repos.parquet"), ["repo"])["repo"]):
        name = part_name(repo)
        if not (VERDICT_PARTS / name).exists():
            continue
        parts.append(name)
        made_from = fingerprint(
            code,
            named[1],
            [bands.number, bands.rows],
            PULLS.written_from(PULLS_PARTS / name),
            VERDICTS.written_from(VERDICT_PARTS / name),
        )
        found = {FACTS.written_from(FACT_PARTS / name), table(bands).written_from(FINGERPRINT_PARTS / name)}
        if found != {made_from}:
            waiting.append((name, named, bands, made_from, Path.cwd()))
    for place in (FACT_PARTS, FINGERPRINT_PARTS):
        sweep(place, keep=lambda path: path.name in parts)
    for _ in run_partitions(describe_part, waiting, params.dask, "describing"):
        pass
    facts = FACTS.scan_parts([FACT_PARTS / name for name in parts])
    verdicts = VERDICTS.scan_parts([VERDICT_PARTS / name for name in parts])
    write_points("sub_domains", sub_domain_points(facts))
    write_points("patch_tokens", patch_token_points(verdicts, facts, params.filter))


if __name__ == "__main__":
    run_stage(main)
