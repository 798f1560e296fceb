"""Give every listed pull request its verdict: data/verdicts/, one part per repository, and the ledger's part of this stage."""

from pathlib import Path

from pipeline.cluster import run_partitions
from pipeline.files import sweep, write_json
from pipeline.filtering import STAGE, judge
from pipeline.fingerprint import code_fingerprint, fingerprint
from pipeline.ledger import write_fates
from pipeline.params import Filter, read_params
from pipeline.plots import language_points, patch_token_points, sub_domain_points, write_points
from pipeline.tables import LEDGER, PULLS, REPOS, VERDICTS
from stages.run import run_stage

PULLS_PARTS = Path("data/pulls")
PARTS = Path("data/verdicts")


def filter_part(pulls: Path, chosen: Filter, part: Path, made_from: str) -> None:
    """One partition's work, on a worker."""
    VERDICTS.write(judge(PULLS.read(pulls), chosen), part, made_from)


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    code = code_fingerprint("pipeline.filtering")
    waiting, parts = [], set()
    for pulls in sorted(PULLS_PARTS.glob("*.parquet")):
        part = (PARTS / pulls.name).absolute()
        parts.add(part.name)
        made_from = fingerprint(code, params.filter.model_dump(), PULLS.written_from(pulls))
        if VERDICTS.written_from(part) != made_from:
            waiting.append((pulls.absolute(), params.filter, part, made_from))
    sweep(PARTS, keep=lambda path: path.name in parts)
    run_partitions(filter_part, waiting, params.dask, "filtering")
    verdicts = VERDICTS.read_parts(PARTS, [*LEDGER.schema, "tokens", "sub_domain"])
    write_fates(STAGE, verdicts.select(*LEDGER.schema))
    write_points("patch_tokens", patch_token_points(verdicts, params.filter))
    write_points("sub_domains", sub_domain_points(verdicts))
    write_points("languages", language_points(verdicts, REPOS.read(Path("data/repos.parquet"))))
    counted = dict(verdicts.group_by("fate").len().iter_rows())
    write_json(
        Path("metrics/filter_prs.json"),
        {
            "listed": verdicts.height,
            **{name: counted.get(name, 0) for name in ("kept", "dropped", "failed")},
        },
    )


if __name__ == "__main__":
    run_stage(main)
