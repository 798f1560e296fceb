"""The sections of the page on agreement: per question, per annotator, per pair, and what was answered against what."""

from typing import Any

from annotation.report.charts import LIMITS, estimate_words, interval_bar, lowest_of
from annotation.report.element import Markup, element, join, table

MEANING = {
    "verdict": "accept, edit or reject",
    "side": "accept and edit against reject: what decides",
    "as_it_is": "accept against all else: good without a change",
}


def agreement(questions: list[dict[str, Any]]) -> Markup:
    """Alpha and plain shares of every question."""
    lowest = lowest_of(question["alpha"] for question in questions)
    rows: list[list[object]] = [
        [
            question["name"],
            interval_bar(question["alpha"], lowest, LIMITS),
            estimate_words(question["alpha"]),
            estimate_words(question["same"]),
            question["alpha"]["queries"],
            join(question["level"], f": {MEANING[question['name']]}" if question["name"] in MEANING else None),
        ]
        for question in questions
    ]
    return element(
        "section",
        element("h2", "Agreement"),
        element(
            "p",
            "Krippendorff's alpha: 1 is full agreement, 0 what chance gives. The bar is the 95 % interval over queries; dashed "
            f"lines stand at {LIMITS[0]} (tentative conclusions) and {LIMITS[1]} (reliable ones). Beside it, the plain share of "
            "pairs of annotators with the same answer.",
            class_="faint",
        ),
        table(["question", "alpha", "", "same answer", "queries", "compared as"], rows),
        *(_details(question) for question in questions),
    )


def _details(question: dict[str, Any]) -> Markup:
    lowest = lowest_of([pair["kappa"] for pair in question["pairs"]])
    annotators: list[list[object]] = [
        [
            one["name"],
            ", ".join(f"{value}: {times}" for value, times in one["values"].items()),
            estimate_words(one["same_as_others"]),
            estimate_words(one["alpha_without"]),
        ]
        for one in question["annotators"]
    ]
    pairs: list[list[object]] = [
        [
            " and ".join(pair["annotators"]),
            interval_bar(pair["kappa"], lowest),
            estimate_words(pair["kappa"]),
            pair["kappa"]["queries"],
        ]
        for pair in question["pairs"]
    ]
    kappa = "Cohen's kappa" + (", weighted by distance" if question["level"] == "ordinal" else "")
    return element(
        "details",
        element("summary", f"{question['name']}, per annotator and pair"),
        table(["annotator", "answers", "same as the others", "alpha of the others alone"], annotators),
        table(["pair", kappa, "", "queries"], pairs),
    )


def confusion(questions: list[dict[str, Any]]) -> Markup:
    """The table of every pair: the verdict's in sight, the others folded. What two never judged together has none."""
    parts = []
    for question in questions:
        tables = [_counts(question["values"], pair) for pair in question["pairs"] if pair["kappa"]["queries"]]
        shown = element("div", *tables, class_="pairs") if tables else element("p", "No query has two answers.")
        title = question["name"]
        parts.append(
            join(element("h3", title), shown)
            if title == "verdict"
            else element("details", element("summary", title), shown)
        )
    return element(
        "section",
        element("h2", "Confusion"),
        element("p", "Rows: what the first of two answered; columns: the second, on the same queries.", class_="faint"),
        *parts,
    )


def _counts(values: list[str], pair: dict[str, Any]) -> Markup:
    first, second = pair["annotators"]
    body = [
        element(
            "tr",
            element("th", value, scope="row"),
            *(element("td", times, class_="same" if at == column else None) for column, times in enumerate(counts)),
        )
        for at, (value, counts) in enumerate(zip(values, pair["table"], strict=True))
    ]
    heads = [
        element("th", join(first, " \\ ", second), scope="col"),
        *(element("th", value, scope="col") for value in values),
    ]
    return element(
        "div",
        element("table", element("thead", element("tr", *heads)), element("tbody", *body), class_="counts"),
        class_="wide",
    )
