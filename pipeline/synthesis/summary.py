"""What metrics/synthesize.json tells of a run: how many queries, what was wrong on the way, and what they cost."""

from typing import Any

import polars as pl


def summary(queries: pl.DataFrame, drafts: pl.DataFrame, writer: str) -> dict[str, Any]:
    """Counts and dollars of a QUERIES and a DRAFTS frame. The same run answered from the store gives the same figures.

    Accepted are queries in which nothing is found and that repeat none; their cost is that of everything that was paid on the way,
    the drafts and rows that came to nothing included.
    """
    cost = float(drafts["cost_usd"].sum())
    accepted = queries.filter((pl.col("findings").list.len() == 0) & (pl.col("repeats") == "")).height
    return {
        "writer": writer,
        "queries": queries.height,
        "without_leakage": int((queries["leakage"] == 0).sum()),
        "mean_leakage": round(float(queries["leakage"].sum()) / max(1, queries.height), 6),
        "drafts": drafts.height,
        "written_again": int((queries["drafts"] > 1).sum()),
        "found_in_first_drafts": _checks(drafts.filter(pl.col("draft") == 1)),
        "found_in_queries": _counts(queries["findings"].explode().drop_nulls()),
        "repeats": int((queries["repeats"] != "").sum()),
        "failed_replies": _counts(drafts.filter(pl.col("failure") != "")["failure"]),
        "judged": int((queries["judgements"] > 0).sum()),
        "judges_agree": _mean(queries["judges_agree"]),
        "calls": int(drafts["calls"].list.len().sum()),
        "input_tokens": int(drafts["input_tokens"].sum()),
        "output_tokens": int(drafts["output_tokens"].sum()),
        "cost_usd": round(cost, 6),
        "accepted": accepted,
        "cost_per_accepted_usd": round(cost / accepted, 6) if accepted else None,
    }


def _checks(drafts: pl.DataFrame) -> dict[str, int]:
    return _counts(drafts["findings"].list.eval(pl.element().struct.field("check")).explode().drop_nulls())


def _counts(names: pl.Series) -> dict[str, int]:
    return dict(sorted(names.value_counts().iter_rows()))


def _mean(values: pl.Series) -> float | None:
    mean = values.drop_nulls().mean()
    return None if mean is None else round(float(mean), 6)  # type: ignore[arg-type]
