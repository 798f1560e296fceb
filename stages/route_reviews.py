"""Make the review tasks for Label Studio: data/tasks.json."""

from pathlib import Path

from annotation.tasks import build_tasks
from pipeline.files import write_json
from pipeline.params import read_params
from pipeline.query_tables import QUERIES
from pipeline.tables import SAMPLED
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    queries, sampled = QUERIES.read(Path("data/queries.parquet")), SAMPLED.read(Path("data/sampled.parquet"))
    tasks = build_tasks(queries, sampled, read_params().review.show_judge)
    write_json(Path("data/tasks.json"), tasks)


if __name__ == "__main__":
    run_stage(main)
