"""What queries give away of their solution: how leakage is spread over them, where the limit lies, and how the worst one looks."""

from collections.abc import Iterable

from annotation.report.charts import stack
from annotation.report.words import count
from curated.report.evidence import Evidence
from curated.report.parts import code, few, figures, note, pull_link, section, several
from pipeline.html import Markup, element, join

EDGES = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)  # with the limit among them; 0.25 is one name


def leakage(evidence: Evidence) -> Markup:
    """The section, on all queries as written, the candidates as reviewed, and the pool."""
    written, reviewed = evidence.queries["leakage"].to_list(), evidence.run.reviewed["leakage"].to_list()
    pool = [row.review["leakage"] for row in evidence.run.pool if row.review]
    limit = evidence.run.params.checks.leakage
    failing = sum("leakage" in found for found in evidence.queries["findings"].to_list())
    title = "What the queries give away"
    if not written:
        return section("leakage", title, element("p", "No query was written, so there is nothing to measure."))
    none = sum(value == 0 for value in written)
    return section(
        "leakage",
        title,
        element(
            "p",
            f"{none:,} of {count(len(written), 'query', 'queries')} had nothing of their patch when they were written, and "
            f"{sum(value == 0 for value in pool):,} of the {len(pool):,} in the pool. The limit of the check is {limit:g}; "
            f"{count(failing, 'written query', 'written queries')} failed it.{_edited(evidence)}",
            few(len(pool), "queries in the pool"),
        ),
        _table(written, reviewed, pool, limit),
        note(
            "Leakage goes from 0 to 1: 0.25 for each identifier or path that the patch brings and the query names, and the share of the "
            "query's runs of four words that the added lines have. The check finds names in another spelling besides, so a query may "
            "fail it with a smaller value here. What the rest of the repository gives away is not known. As reviewed: with the "
            "annotators' edits, measured again."
        ),
        _worst(evidence),
    )


def _edited(evidence: Evidence) -> str:
    """What the annotators' edits did to it; people who know the patch may name what it brings."""
    before = dict(evidence.queries.select("query_id", "leakage").iter_rows())
    after = evidence.run.reviewed.select("query_id", "leakage").iter_rows()
    changes = [value - before[query_id] for query_id, value in after if value != before[query_id]]
    if not changes:
        return " Editing changed it in none."
    more = sum(change > 0 for change in changes)
    return f" Editing raised it in {more:,} and lowered it in {len(changes) - more:,} of the reviewed ones."


def _table(written: list[float], reviewed: list[float], pool: list[float], limit: float) -> Markup:
    edges = sorted({*EDGES, limit} - {0.0})
    ranges = [("0: nothing", -1.0, 0.0)]
    ranges += [(f"over {low:g}, to {high:g}", low, high) for low, high in zip([0.0, *edges], edges, strict=False)]
    most = max(_between(reviewed, low, high) for _, low, high in ranges)
    rows: list[list[object]] = []
    for words, low, high in ranges:
        over = high > limit
        found = [_between(values, low, high) for values in (written, reviewed, pool)]
        named = join(words, element("div", "over the limit" if over else "within the limit", class_="faint"))
        rows.append([named, *found, stack([("bad" if over else "kept", "as reviewed", found[1])], most)])
    heads = ["leakage", "as written", "as reviewed", "in the pool", "as reviewed, drawn"]
    return figures(f"Queries by leakage; the limit is {limit:g}", heads, rows, "bars")


def _between(values: Iterable[float], low: float, high: float) -> int:
    return sum(low < value <= high for value in values)


def _worst(evidence: Evidence) -> Markup:
    reviewed = evidence.run.reviewed
    if reviewed.is_empty() or not reviewed["leakage"].max():
        return element("p", "No reviewed query gives anything away by this measure, so there is no worst one to show.")
    row = reviewed.sort(["leakage", "query_id"], descending=[True, False]).row(0, named=True)
    chosen, reason = evidence.run.choices[row["query_id"]]
    names = [*row["leaked_identifiers"], *row["leaked_paths"]]
    told = reason.removeprefix("in the pool, ").removeprefix("not in the pool: ")
    return element(
        "article",
        element("h3", f"The worst that was reviewed: {row['leakage']:.3f}"),
        element("p", code(row["query_id"]), " of ", pull_link(row["pr_id"], evidence.run.params), class_="facts"),
        element("blockquote", row["query"], dir="auto"),
        element(
            "p",
            *(
                ["It names ", several(names), "."]
                if names
                else ["It names nothing; runs of its words are in the patch."]
            ),
            f" It stands at {row['verdict']} and is {'in the pool' if chosen else 'not in the pool'}: {told}.",
        ),
    )
