"""Give every listed pull request its verdict: data/verdicts/, one part per repository, and the ledger's part of this stage."""

from pathlib import Path

from pipeline.files import sweep, write_json
from pipeline.filtering import STAGE, Cost, judge_file
from pipeline.fingerprint import code_fingerprint, fingerprint
from pipeline.ledger import write_fates_by_repository
from pipeline.params import read_params
from pipeline.partitions import run_partitions
from pipeline.plots import language_points, write_points
from pipeline.table import part_name
from pipeline.tables import LEDGER, PULLS, REPOS, VERDICTS
from stages.run import run_stage, say

PULLS_PARTS = Path("data/pulls")
PARTS = Path("data/verdicts")


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    repos = REPOS.read(Path("data/repos.parquet"))
    code = code_fingerprint("pipeline.filtering")
    waiting, parts = [], []
    for repo, licence in repos.sort("repo").select("repo", "licence").iter_rows():
        pulls, part = (PULLS_PARTS / part_name(repo)).absolute(), (PARTS / part_name(repo)).absolute()
        if not pulls.exists():  # GitHub has the repository no more
            continue
        parts.append(part)
        made_from = fingerprint(code, params.filter.model_dump(), licence, PULLS.written_from(pulls))
        if VERDICTS.written_from(part) != made_from:
            waiting.append((pulls, params.filter, licence, part, made_from))
    sweep(PARTS, keep=lambda path: path.absolute() in parts)
    costs: dict[str, Cost] = {}
    for part_costs in run_partitions(judge_file, waiting, params.dask, "filtering"):
        for name, cost in part_costs.items():
            costs.setdefault(name, Cost()).add(cost)
    _report(costs)
    write_fates_by_repository(STAGE, (VERDICTS.read(part, list(LEDGER.schema)) for part in parts))
    verdicts = VERDICTS.scan_parts(parts)
    write_points("languages", language_points(verdicts, repos))
    counted = dict(verdicts.group_by("fate").len().collect(engine="streaming").iter_rows())
    write_json(
        Path("metrics/filter_prs.json"),
        {"listed": sum(counted.values()), **{name: counted.get(name, 0) for name in ("kept", "dropped", "failed")}},
    )


def _report(costs: dict[str, Cost]) -> None:
    """What each rule dropped and took, for who watches; seconds of all workers together."""
    for name, cost in sorted(costs.items(), key=lambda item: -item[1].seconds):
        say(f"{name}: {cost.seconds:.2f} s" + (f", {cost.dropped:,} of {cost.seen:,}" if cost.seen else ""))


if __name__ == "__main__":
    run_stage(main)
