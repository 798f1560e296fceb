"""Write one query per sampled pull request: data/queries.parquet, and every draft on the way: data/drafts.parquet."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import polars as pl

from pipeline.errors import LimiError
from pipeline.files import write_json
from pipeline.ledger import write_fates
from pipeline.llm.opening import open_door
from pipeline.params import Params, read_params
from pipeline.progress import counting
from pipeline.query_tables import DRAFTS, QUERIES
from pipeline.synthesis.plan import judging
from pipeline.synthesis.queries import STAGE, Synthesized, needs_model, synthesize, writer_and_judge
from pipeline.synthesis.returned import read_returned, reasons_by_text, returned_file
from pipeline.synthesis.summary import summary
from pipeline.tables import SAMPLED
from stages.run import run_stage, say


def main() -> None:
    """See the module's docstring."""
    params = read_params()
    found, writer = asyncio.run(_synthesized(SAMPLED.read(Path("data/sampled.parquet")), params))
    QUERIES.write(found.queries, Path("data/queries.parquet"))
    DRAFTS.write(found.drafts, Path("data/drafts.parquet"))
    write_fates(STAGE, found.fates)
    write_json(Path("metrics/synthesize.json"), summary(found.queries, found.drafts, writer))
    failed = [fate for fate in found.fates if fate["fate"] == "failed"]
    if failed and len(failed) == len(found.fates):
        raise LimiError(
            f"not one of {len(failed)} queries could be written (the last: {failed[-1]['reason']}. {failed[-1]['evidence']}); "
            "data/drafts.parquet holds what came instead"
        )
    if failed:
        say(
            f"{len(failed)} of {len(found.fates)} queries failed, data/drafts.parquet says why; `dvc repro --force synthesize` asks those "
            "again to which no reply came"
        )


async def _synthesized(sampled: pl.DataFrame, params: Params) -> tuple[Synthesized, str]:
    """What was written, and the writer's name."""
    async with AsyncExitStack() as stack:
        door = await stack.enter_async_context(open_door(params.model)) if needs_model(params.synthesize) else None
        if door:
            door.know(judging(params.synthesize, params.model).name)
        writer, judge = writer_and_judge(params.synthesize, params.model, door)
        # A batch takes all questions together; else twice the concurrency keeps the door busy while texts are checked.
        at_once = (
            1 if door is None else sampled.height if params.model.mode == "batch" else 2 * params.model.concurrency
        )
        step = stack.enter_context(counting(sampled.height, "queries"))

        def seen() -> None:
            step(door.spend().told if door else "")

        returned = reasons_by_text(read_returned(returned_file(params.review.export)))
        return await synthesize(
            sampled, writer, judge, params.synthesize, params.checks, max(1, at_once), seen, returned
        ), writer.name


if __name__ == "__main__":
    run_stage(main)
