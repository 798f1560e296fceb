"""Make the review tasks for Label Studio: data/tasks.json."""

from pathlib import Path

from annotation.tasks import build_tasks
from pipeline.files import write_json
from pipeline.query_tables import QUERIES
from pipeline.tables import SAMPLED
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    tasks = build_tasks(QUERIES.read(Path("data/queries.parquet")), SAMPLED.read(Path("data/sampled.parquet")))
    write_json(Path("data/tasks.json"), tasks)


if __name__ == "__main__":
    run_stage(main)
