"""How far the people agree who judged: alpha with its intervals and how to read it, verdicts, adjudications, reasons for rejecting."""

from collections import Counter, defaultdict
from typing import Any

import polars as pl

from annotation.report.charts import LIMITS, interval_bar, lowest_of, stack
from annotation.report.words import RELIABLE, TENTATIVE, count, plain_estimate, strength, title_of
from curated.making.metrics import Interval
from curated.report.evidence import Evidence
from curated.report.parts import code, few, figures, in_words, note, section, share
from pipeline.html import Markup, element, join

VERDICTS = (("good", "accept"), ("half", "edit"), ("bad", "reject"))
MOST_ROWS = 20  # adjudications on the page
_MEANING = {
    "verdict": "accept, edit or reject",
    "side": "accept and edit against reject: what decides",
    "as_it_is": "accept against all else",
    "alignment": "none, partial, full",
    "realism": "1 to 5",
}


def agreement_section(evidence: Evidence) -> Markup:
    """The whole section, or a sentence where nothing was judged."""
    said, reviewed = evidence.run.reviews, evidence.run.reviewed
    title = "What people said, and how far they agree"
    if not said.judgements:
        return section("agreement", title, element("p", "Nobody has judged a query: nothing is known of agreement."))
    blind = not evidence.run.params.review.show_judge
    return section(
        "agreement",
        title,
        element(
            "p",
            f"{count(len(said.annotators), 'annotator')} gave {count(said.judgements, 'judgement')} on queries of pull requests: "
            f"{in_words(said.verdicts)}. {count(reviewed.height, 'query', 'queries')} had enough of them and stand at "
            f"{in_words(said.queries)}. ",
            "They judged without seeing one another's answers" if blind else "They saw the model judge's scores",
            ".",
            few(reviewed.height, "queries"),
        ),
        _alphas(said.alpha),
        note(
            f"Krippendorff's alpha is 1 for full agreement and 0 for what chance gives. Conclusions are reliable from {RELIABLE} on and "
            f"tentative from {TENTATIVE} on (dashed lines); the reading goes by the lower end of the 95 % interval, which is bootstrapped "
            "over queries: a wide bar means that few speak. The axis ends at 1, the thin line on it is 0. Where "
            "everybody gave one answer, alpha is not defined."
        ),
        _people(reviewed),
        _adjudications(reviewed),
        _rejected(reviewed),
    )


def _alphas(alphas: dict[str, Interval]) -> Markup:
    found = {name: _estimate(one) for name, one in alphas.items()}
    lowest = lowest_of(found.values())
    rows = []
    for name, one in found.items():
        least = one["value"] if one["low"] is None else one["low"]
        rows.append(
            [
                join(title_of(name), element("div", _MEANING[name], class_="faint") if name in _MEANING else None),
                element("div", interval_bar(one, lowest, LIMITS), class_="interval"),
                join(
                    element("span", plain_estimate(one), class_="number"),
                    element("div", "not defined" if least is None else strength(least), class_="faint"),
                ),
            ]
        )
    return figures(
        "Krippendorff's alpha of each question", ["question", "on the axis", "alpha [95 % interval], reading"], rows
    )


def _estimate(found: Interval) -> dict[str, Any]:
    return {"value": found.value, "low": found.low, "high": found.high, "reason": "one answer only, or too few"}


def _people(reviewed: pl.DataFrame) -> Markup:
    given: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for names, verdicts in reviewed.select("annotators", "verdicts").iter_rows():
        for name, verdict in zip(names, verdicts, strict=True):
            given[name][verdict] += 1
    rows = [
        [
            name,
            sum(counts.values()),
            *(counts[verdict] for _, verdict in VERDICTS),
            stack([(shade, verdict, counts[verdict]) for shade, verdict in VERDICTS], sum(counts.values())),
        ]
        for name, counts in sorted(given.items())
    ]
    edited = reviewed.filter((pl.col("verdict") == "accept") & (pl.col("edited_by") != "")).height
    accepted = reviewed.filter(pl.col("verdict") == "accept").height
    return join(
        figures(
            "Judgements of each annotator, on queries that had enough",
            ["annotator", "judged", "accept", "edit", "reject", "shares"],
            rows,
            "bars",
        ),
        element(
            "p",
            f"{edited:,} of {accepted:,} accepted queries ({share(edited, accepted)}) have the text that an annotator edited.",
        ),
    )


def _adjudications(reviewed: pl.DataFrame) -> Markup:
    decided = reviewed.filter(pl.col("adjudicated_by") != "").sort("query_id")
    tied = reviewed.filter(pl.col("verdict") == "disputed").height
    open_words = f" {count(tied, 'query is', 'queries are')} tied still and so kept out." if tied else ""
    if decided.is_empty():
        return element("p", f"Nobody had to decide between annotators.{open_words}")
    rows = [
        [code(row["query_id"]), ", ".join(row["verdicts"]), row["adjudicated_by"], row["verdict"]]
        for row in decided.head(MOST_ROWS).iter_rows(named=True)
    ]
    more = decided.height - MOST_ROWS
    return join(
        figures(
            "Where annotators disagreed and somebody decided",
            ["query", "annotators", "decided by", "stands at"],
            rows,
            "ids",
        ),
        element("p", f"{count(decided.height, 'query was', 'queries were')} decided so.{open_words}"),
        note(f"And {more:,} more.") if more > 0 else None,
    )


def _rejected(reviewed: pl.DataFrame) -> Markup | None:
    rejected = reviewed.filter(pl.col("verdict") == "reject")
    if rejected.is_empty():
        return element("p", "No query stands rejected.")
    named = Counter(reason for reasons in rejected["reject_reasons"].to_list() for reason in reasons)
    without = sum(not reasons for reasons in rejected["reject_reasons"].to_list())
    rows = [[reason, times] for reason, times in sorted(named.items(), key=lambda item: (-item[1], item[0]))]
    return join(
        figures(f"Why {count(rejected.height, 'query was', 'queries were')} rejected", ["reason", "queries"], rows)
        if rows
        else None,
        note("A query may have several reasons.", f" {without:,} have none." if without else ""),
    )
