"""Make rows to train on of the archive's sessions on queries of the pool: sft/train.parquet, and what became of every session."""

from pathlib import Path

from pipeline.files import write_json
from pipeline.params import read_params
from stages.run import run_stage, say
from trajectories.archive.file import sessions
from trajectories.checks.limits import Limits
from trajectories.export.policy import Policy
from trajectories.export.rows import rows_of, write_rows
from trajectories.queries import pool_queries
from trajectories.selection import Selection, chosen, counting_by, metrics


def main() -> None:
    """See the module's docstring."""
    section = read_params().trajectories
    limits, policy = Limits(**section.checks.model_dump()), Policy(**section.export.model_dump())
    pool, selection = pool_queries(), Selection()
    counting = counting_by(section.tokenizer)
    taken = chosen(sessions(Path(section.archive)), pool, limits, policy, selection, counting)
    rows = rows_of(taken, policy, lambda query_id: pool[query_id].licence, counting)
    tokens = write_rows(rows, Path("sft/train.parquet"))
    write_json(Path("metrics/export_sft.json"), metrics(selection, tokens, len(pool)))
    for name, reason in selection.left_out.items():
        say(f"{name} is left out: {reason}; `limi trajectories check {name}` tells more")


if __name__ == "__main__":
    run_stage(main)
