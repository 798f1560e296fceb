"""The sections of the page on what may lead annotators astray: time per task, drift, and the model judge."""

from typing import Any

from annotation.report.charts import interval_bar, lowest_of, stack, time_bar
from annotation.report.links import Link
from annotation.report.words import duration, estimate_words, listed, moment
from pipeline.html import Markup, element, join, table

MOST_OUTLIERS = 5  # named for each annotator on the page; the JSON has all
SHADES = {"accept": "good", "edit": "half", "reject": "bad"}


def times(lead_times: list[dict[str, Any]], link: Link) -> Markup:
    """Median and quartiles per annotator, and the outliers by name."""
    longest = max((found["upper_quartile"] or 0.0 for found in lead_times), default=0.0)
    rows: list[list[object]] = [
        [
            found["annotator"],
            time_bar(found, longest),
            "-" if found["median"] is None else element("span", duration(found["median"]), class_="number"),
            element("span", f"{found['timed']:,} of {found['timed'] + found['untimed']:,}", class_="number"),
            _outliers(found, link),
        ]
        for found in lead_times
    ]
    if not any(found["timed"] for found in lead_times):
        return element("section", element("h2", "Time per task", id="times"), element("p", "No time was recorded."))
    axis = f" The axis ends at {duration(longest)}." if longest else ""
    return element(
        "section",
        element("h2", "Time per task", id="times"),
        element(
            "p",
            f"As the annotators' browsers report it: an open tab counts. The bar is the middle half, the dot the median.{axis}",
            class_="faint",
        ),
        table(["annotator", "quartiles", "median", "timed", "far from the rest"], rows),
    )


def _outliers(found: dict[str, Any], link: Link) -> Markup:
    named = [
        element("span", link(query, found["annotator"], query), f" {duration(seconds)}", class_="number")
        for query, seconds in found["outliers"]
    ]
    more = f"and {len(named) - MOST_OUTLIERS:,} more" if len(named) > MOST_OUTLIERS else None
    return join(*(join(one, " ") for one in named[:MOST_OUTLIERS]), more) if named else join("none")


def drift(found: list[dict[str, Any]]) -> Markup:
    """Verdicts and agreement by thirds of each annotator's sequence."""
    rows: list[list[object]] = []
    for one in found:
        if not one["thirds"]:
            continue
        when = f"{moment(one['thirds'][0]['first'])} to {moment(one['thirds'][-1]['last'])}"
        rows.append(
            [one["annotator"], *(_third(third) for third in one["thirds"]), element("span", when, class_="faint")]
        )
    noted: dict[str, list[str]] = {}
    for one in found:
        if one["note"]:
            noted.setdefault(one["note"], []).append(one["annotator"])
    return element(
        "section",
        element("h2", "Drift", id="drift"),
        element(
            "p",
            "Each annotator's judgements in their order, in three equal parts: share of accept, edit and reject, and how often the "
            "others gave the same verdict.",
            class_="faint",
        ),
        *(element("p", f"{listed(names)}: {note}.") for note, names in noted.items()),
        table(["annotator", "first third", "second third", "last third", "from, to (UTC)"], rows) if rows else None,
    )


def _third(third: dict[str, Any]) -> Markup:
    whole = third["judgements"]
    shares = [(SHADES[value], value, given) for value, given in third["values"].items()]
    percents = " · ".join(f"{given / whole:.0%}" for given in third["values"].values())
    return join(
        stack(shares, whole),
        element("div", percents, class_="number"),
        element("div", "same ", estimate_words(third["same_as_others"]), class_="faint"),
    )


def judge(found: list[dict[str, Any]], shown: bool) -> Markup:
    """How often annotators answer as the model judge does, against as each other; `shown` is whether they saw what it said."""
    lowest = lowest_of(one["difference"] for one in found)
    rows: list[list[object]] = [
        [
            one["annotator"] or "all together",
            estimate_words(one["as_judge"]),
            estimate_words(one["as_others"]),
            interval_bar(one["difference"], lowest),
            estimate_words(one["difference"]),
            element("span", f"{one['difference']['queries']:,}", class_="number"),
        ]
        for one in found
    ]
    heads: list[object] = ["annotator", "as the judge", "as another annotator", "difference", "", "queries"]
    seen = (
        "Annotators saw what the judge said (review.show_judge): a difference above nought speaks for anchoring."
        if shown
        else "Annotators did not see what the judge said (review.show_judge is false): a difference above nought is no anchoring, it says "
        "that the judge is nearer to each of them than they are to one another."
    )
    return element(
        "section",
        element("h2", "Anchoring on the model judge", id="judge"),
        element("p", seen),
        element(
            "p",
            "How often an annotator and the judge agree on accept against anything else, and how often two annotators do, on the "
            "same queries.",
            class_="faint",
        ),
        table(heads, rows)
        if any(one["difference"]["queries"] for one in found)
        else element("p", f"Nothing to compare: {found[0]['difference']['reason']}."),
    )
