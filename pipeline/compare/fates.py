"""The fate of each kept pull request after the comparison: named by a benchmark, a repeat of an older one, or still kept."""

import polars as pl

from pipeline.sections import Compare
from pipeline.tables import LEDGER

STAGE = "compare_prs"
SEPARATOR = "; "


NAMES = {"keeper": pl.String(), "named": pl.String(), "contamination": pl.List(pl.String())}


def named_clusters(facts: pl.LazyFrame, repeats: pl.LazyFrame, chosen: Compare) -> pl.DataFrame:
    """The clusters of repeats that a benchmark names: one row (NAMES) for each, with the first of its members that is named."""
    named = facts.select("pr_id", "contamination").filter(_is_named(chosen))
    keepers = repeats.select("keeper").unique().with_columns(pr_id=pl.col("keeper"))
    members = pl.concat([repeats.select("pr_id", "keeper"), keepers.select("pr_id", "keeper")])
    return (
        named.join(members, on="pr_id")
        .sort("pr_id")
        .unique("keeper", keep="first", maintain_order=True)
        .select("keeper", pl.col("pr_id").alias("named"), "contamination")
        .sort("keeper")
        .collect(engine="streaming")
    )


def compared(facts: pl.DataFrame, repeats: pl.DataFrame, named: pl.DataFrame, chosen: Compare) -> pl.DataFrame:
    """A LEDGER frame of the rows of one FACTS part (pr_id, repo, contamination), with the REPEATS among them and `named_clusters`.

    A row that a benchmark names by one of the chosen kinds goes for that reason, and so do all that say the same, older and newer:
    they hold the benchmark's solution. A row that stays all the same has in its evidence what was found.
    """
    is_named, is_repeat = _is_named(chosen), pl.col("keeper").is_not_null()
    says_the_same = pl.col("named").is_not_null() & (pl.col("named") != pl.col("pr_id"))
    found = pl.concat_list(
        pl.col("contamination"),
        pl.when(is_repeat).then("repeats " + pl.col("keeper")),
        pl.when(says_the_same).then(
            "says the same as " + pl.col("named") + ", " + pl.col("of_named").list.join(SEPARATOR)
        ),
    ).list.drop_nulls()
    contaminated = is_named | pl.col("named").is_not_null()
    repeated = ~contaminated & is_repeat & pl.lit(chosen.duplicates == "drop")
    kind = pl.when(pl.col("kind") == "exact").then(pl.lit("duplicate")).otherwise(pl.lit("near_duplicate"))
    return (
        facts.join(repeats, on="pr_id", how="left", maintain_order="left")
        .with_columns(cluster=pl.coalesce("keeper", "pr_id"))
        .join(
            named.rename({"keeper": "cluster", "contamination": "of_named"}),
            on="cluster",
            how="left",
            maintain_order="left",
        )
        .select(
            "pr_id",
            "repo",
            stage=pl.lit(STAGE),
            fate=pl.when(contaminated | repeated).then(pl.lit("dropped")).otherwise(pl.lit("kept")),
            reason=pl.when(contaminated).then(pl.lit("contaminated")).when(repeated).then(kind).otherwise(pl.lit("")),
            value=pl.when(repeated).then(pl.col("similarity")),
            limit=pl.when(repeated).then(pl.lit(chosen.similarity)),
            evidence=found.list.join(SEPARATOR),
        )
        .select(*LEDGER.schema)
    )


def _is_named(chosen: Compare) -> pl.Expr:
    """Whether `contamination` holds one of the chosen kinds. A benchmark's name holds no colon, see contamination.py."""
    if not chosen.contamination:
        return pl.lit(False)
    dropping = pl.element().str.contains(rf"^[^:]*: (?:{'|'.join(chosen.contamination)}) ")
    return pl.col("contamination").list.eval(dropping).list.any()
