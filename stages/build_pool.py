"""Choose the pool: curated/pool.jsonl, every candidate with its reason, the record to draw again by, the whole ledger, and the funnel."""

from pathlib import Path

from curated.intake.check import check
from curated.intake.finding import refuse
from curated.intake.rules import rules_of
from pipeline.files import write_json, write_jsonl
from pipeline.ledger import funnel, lives, read_fates, write_fates
from pipeline.params import read_params
from pipeline.plots import funnel_points, write_points
from pipeline.pool import STAGE, candidate_rows, pool_fates, pool_rows, quotas_of
from pipeline.pooling.candidates import candidates_of
from pipeline.pooling.choice import choose
from pipeline.pooling.record import record
from pipeline.pooling.words import reasons_in_words
from pipeline.query_tables import REVIEWED
from pipeline.real_world import read_real_world
from pipeline.tables import LEDGER, SAMPLED
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    path = Path(params.pool.real_world)
    people = read_real_world(path)
    refuse(check(people, rules_of(params)), path)
    reviewed, sampled = REVIEWED.read(Path("data/reviewed.parquet")), SAMPLED.read(Path("data/sampled.parquet"))
    candidates = candidates_of(people, reviewed, sampled, params.pool.similarity)
    size = params.pool.real_world_count + params.pool.github_pr_count
    choice = choose(candidates, size, quotas_of(params.pool), params.seed, params.pool.order)
    reasons = reasons_in_words(choice)
    pool = pool_rows(people, reviewed, sampled, choice.ids, reasons, params.pool)
    write_fates(STAGE, pool_fates(reviewed, choice.ids))
    fates = read_fates()
    LEDGER.write(lives(fates), Path("data/ledger.parquet"))
    steps = funnel(fates)
    write_points("funnel", funnel_points(steps))
    write_json(
        Path("metrics/funnel.json"), {"listed": steps[0]["entered"], **{step["stage"]: step["kept"] for step in steps}}
    )
    write_json(Path("curated/choice.json"), record(choice, reasons))
    write_jsonl(Path("curated/candidates.jsonl"), candidate_rows(reviewed, choice.ids, reasons))
    write_jsonl(Path("curated/pool.jsonl"), pool)


if __name__ == "__main__":
    run_stage(main)
