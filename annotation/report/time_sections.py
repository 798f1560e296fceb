"""The sections of the page on what may lead annotators astray: time per task, drift, and the model judge."""

from typing import Any

from annotation.report.charts import estimate_words, interval_bar, lowest_of, time_bar
from annotation.report.element import Markup, element, join, table
from annotation.report.links import Link

MOST_OUTLIERS = 12  # named for each annotator on the page; the JSON has all


def times(lead_times: list[dict[str, Any]], link: Link) -> Markup:
    """Median and quartiles per annotator, and the outliers by name."""
    longest = max((found["upper_quartile"] or 0.0 for found in lead_times), default=0.0)
    rows: list[list[object]] = [
        [
            found["annotator"],
            time_bar(found, longest),
            "-" if found["median"] is None else f"{found['median']:.0f} s",
            found["timed"],
            found["untimed"],
            _outliers(found["outliers"], link),
        ]
        for found in lead_times
    ]
    return element(
        "section",
        element("h2", "Time per task"),
        element(
            "p",
            "As the annotators' browsers report it: an open tab counts. The bar is the middle half.",
            class_="faint",
        ),
        table(["annotator", "quartiles", "median", "with a time", "without", "far from the rest"], rows),
    )


def _outliers(outliers: list[list[Any]], link: Link) -> Markup:
    named = [
        join(", " if at else None, link(query), f" {seconds:.0f} s") for at, (query, seconds) in enumerate(outliers)
    ]
    more = f", and {len(named) - MOST_OUTLIERS} more" if len(named) > MOST_OUTLIERS else None
    return join(*named[:MOST_OUTLIERS], more) if named else join("none")


def drift(found: list[dict[str, Any]]) -> Markup:
    """Verdicts and agreement by thirds of each annotator's sequence."""
    rows: list[list[object]] = []
    for one in found:
        for at, third in enumerate(one["thirds"], 1):
            shares = ", ".join(f"{value} {times / third['judgements']:.0%}" for value, times in third["values"].items())
            same = third["same_as_others"]
            when = f"{third['first'][:16]} to {third['last'][:16]}".replace("T", " ")
            rows.append(
                [join(one["annotator"], f", third {at}"), when, third["judgements"], shares, estimate_words(same)]
            )
    notes = [element("li", join(one["annotator"], ": ", one["note"])) for one in found if one["note"]]
    return element(
        "section",
        element("h2", "Drift"),
        element("p", "Each annotator's judgements in their order (UTC), in three equal parts.", class_="faint"),
        element("ul", *notes) if notes else None,
        table(["annotator", "when", "judgements", "verdicts", "same verdict as the others"], rows),
    )


def judge(found: list[dict[str, Any]]) -> Markup:
    """How often annotators answer as the model judge does, against as each other."""
    lowest = lowest_of(one["difference"] for one in found)
    rows: list[list[object]] = [
        [
            one["annotator"] or "all together",
            estimate_words(one["as_judge"]),
            estimate_words(one["as_others"]),
            interval_bar(one["difference"], lowest),
            estimate_words(one["difference"]),
            one["difference"]["queries"],
        ]
        for one in found
    ]
    heads: list[object] = ["annotator", "as the judge", "as another annotator", "difference", "", "queries"]
    return element(
        "section",
        element("h2", "Anchoring on the model judge"),
        element(
            "p",
            "How often an annotator and the judge agree on accept against anything else, and how often two annotators do, on the "
            "same queries. Above nought speaks for anchoring only where annotators had seen the judge's answer.",
            class_="faint",
        ),
        table(heads, rows)
        if any(one["difference"]["queries"] for one in found)
        else element("p", found[0]["difference"]["reason"] + "."),
    )
