"""Write one query per sampled pull request: data/queries.parquet."""

from pathlib import Path

from pipeline.files import write_json
from pipeline.ledger import write_fates
from pipeline.params import read_params
from pipeline.synthesis.queries import STAGE, synthesize, writer_for
from pipeline.tables import QUERIES, SAMPLED
from stages.run import run_stage


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    writer = writer_for(params.synthesize)
    queries, fates = synthesize(SAMPLED.read(Path("data/sampled.parquet")), writer)
    QUERIES.write(queries, Path("data/queries.parquet"))
    write_fates(STAGE, fates)
    leakage = queries["leakage"]
    write_json(
        Path("metrics/synthesize.json"),
        {
            "writer": writer.name,
            "queries": queries.height,
            "without_leakage": int((leakage == 0).sum()),
            "mean_leakage": round(float(leakage.sum()) / max(1, queries.height), 6),
        },
    )


if __name__ == "__main__":
    run_stage(main)
