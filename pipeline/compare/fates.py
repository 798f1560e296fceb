"""The fate of each kept pull request after the comparison: named by a benchmark, a repeat of an older one, or still kept."""

import polars as pl

from pipeline.params import Compare
from pipeline.tables import LEDGER

STAGE = "compare_prs"
SEPARATOR = "; "


def compared(facts: pl.DataFrame, repeats: pl.DataFrame, chosen: Compare) -> pl.DataFrame:
    """A LEDGER frame of the rows of one FACTS part (pr_id, repo, contamination), with the REPEATS among them.

    A row that a benchmark names by one of the chosen kinds goes for that reason, also if it repeats another. What repeats a named
    one goes as its repeat: it holds the same change. A row that stays all the same has in its evidence what was found.
    """
    is_repeat = pl.col("keeper").is_not_null()
    through = pl.when(pl.col("through") != "").then(" through " + pl.col("through")).otherwise(pl.lit(""))
    found = pl.concat_list(
        pl.col("contamination"), pl.when(is_repeat).then("repeats " + pl.col("keeper") + through)
    ).list.drop_nulls()
    # A benchmark's name holds no colon, see contamination.py.
    dropping = pl.element().str.contains(rf"^[^:]*: (?:{'|'.join(chosen.contamination)}) ")
    named = pl.col("contamination").list.eval(dropping).list.any() if chosen.contamination else pl.lit(False)
    repeated = ~named & is_repeat & pl.lit(chosen.duplicates == "drop")
    kind = pl.when(pl.col("kind") == "exact").then(pl.lit("duplicate")).otherwise(pl.lit("near_duplicate"))
    return (
        facts.join(repeats, on="pr_id", how="left", maintain_order="left")
        .select(
            "pr_id",
            "repo",
            stage=pl.lit(STAGE),
            fate=pl.when(named | repeated).then(pl.lit("dropped")).otherwise(pl.lit("kept")),
            reason=pl.when(named).then(pl.lit("contaminated")).when(repeated).then(kind).otherwise(pl.lit("")),
            value=pl.when(repeated).then(pl.col("similarity")),
            limit=pl.when(repeated).then(pl.lit(chosen.similarity)),
            evidence=found.list.join(SEPARATOR),
        )
        .select(*LEDGER.schema)
    )
