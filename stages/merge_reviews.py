"""Turn the people's reviews into one verdict per query: data/reviewed.parquet."""

import json
from pathlib import Path

from annotation.agreement import STAGE, merge
from annotation.report.summary import agreement_summary
from annotation.reviews import read_reviews
from pipeline.files import write_json
from pipeline.ledger import write_fates
from pipeline.params import read_params
from pipeline.query_tables import QUERIES, REVIEWED
from pipeline.synthesis.measured import measured_again
from pipeline.tables import SAMPLED
from stages.run import run_stage, say


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    tasks = json.loads(Path("data/tasks.json").read_text(encoding="utf-8"))
    judgements = read_reviews(Path(params.review.export), tasks, params.review)
    reviewed, fates = merge(QUERIES.read(Path("data/queries.parquet")), judgements, params.review.overlap)
    # An edited text is another text: what it gives away is measured anew.
    reviewed = measured_again(reviewed, SAMPLED.read(Path("data/sampled.parquet")))
    REVIEWED.write(reviewed, Path("data/reviewed.parquet"))
    write_fates(STAGE, fates)
    if missing := sum(row["reason"] == "unreviewed" for row in fates):
        say(
            f"{missing} of {len(fates)} queries have fewer than {params.review.overlap} judgements; they are dropped as unreviewed"
        )
    verdicts = dict(reviewed.group_by("verdict").len().sort("verdict").iter_rows())
    write_json(Path("metrics/merge_reviews.json"), {"queries": verdicts, **agreement_summary(judgements, params.seed)})


if __name__ == "__main__":
    run_stage(main)
