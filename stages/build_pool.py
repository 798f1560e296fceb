"""Choose the pool: curated/pool.jsonl, every candidate with its reason, the whole ledger, and the funnel."""

from pathlib import Path

from pipeline.files import write_json, write_jsonl
from pipeline.ledger import funnel, lives, read_fates, write_fates
from pipeline.params import read_params
from pipeline.plots import funnel_points, write_points
from pipeline.pool import (
    STAGE,
    candidate_rows,
    choose_from_pulls,
    choose_real_world,
    passed_over,
    pool_fates,
    pool_rows,
)
from pipeline.query_tables import REVIEWED
from pipeline.real_world import read_real_world
from pipeline.tables import LEDGER, SAMPLED
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    real_world = choose_real_world(
        read_real_world(Path(params.pool.real_world)), params.pool.real_world_count, params.seed
    )
    reviewed = REVIEWED.read(Path("data/reviewed.parquet"))
    quotas = {str(name): quota for name, quota in params.pool.sub_domains.items()}
    chosen = choose_from_pulls(reviewed, quotas, params.seed)
    pool = pool_rows(real_world, reviewed, chosen, SAMPLED.read(Path("data/sampled.parquet")), params.pool)
    write_fates(STAGE, pool_fates(reviewed, chosen))
    fates = read_fates()
    LEDGER.write(lives(fates), Path("data/ledger.parquet"))
    steps = funnel(fates)
    write_points("funnel", funnel_points(steps))
    write_json(
        Path("metrics/funnel.json"), {"listed": steps[0]["entered"], **{step["stage"]: step["kept"] for step in steps}}
    )
    write_jsonl(
        Path("curated/candidates.jsonl"), candidate_rows(reviewed, chosen, passed_over(reviewed, quotas, params.seed))
    )
    write_jsonl(Path("curated/pool.jsonl"), pool)


if __name__ == "__main__":
    run_stage(main)
