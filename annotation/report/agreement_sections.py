"""The sections of the page on agreement: per question, per annotator, per pair with what was answered against what, and calibration."""

from typing import Any

from annotation.report.charts import LIMITS, interval_bar, lowest_of
from annotation.report.links import Link
from annotation.report.words import count, estimate_words, title_of
from pipeline.html import Markup, element, join, table

MEANING = {
    "verdict": "accept, edit or reject",
    "side": "accept and edit against reject: what decides",
    "as_it_is": "accept against all else: good without a change",
    "alignment": "none, partial, full, in this order",
    "realism": "1 to 5, in this order",
}
MOST_PAIRS = 10  # of the verdict in sight; more are folded
MOST_TABLES = 28  # of a question on the page, all pairs of eight
FEW = 10  # queries, of which resamples look much alike
MOST_QUERIES = 20  # of the calibration on the page; the JSON has all


def agreement(questions: list[dict[str, Any]]) -> Markup:
    """Alpha and plain shares of every question, with details to unfold."""
    return element(
        "section",
        element("h2", "Agreement", id="agreement"),
        element(
            "p",
            "Krippendorff's alpha: 1 is full agreement, 0 what chance gives. The bar is the 95 % interval over queries; dashed "
            f"lines stand at {LIMITS[0]} (tentative conclusions) and {LIMITS[1]} (reliable ones). Beside it, the plain share of "
            "pairs of annotators with the same answer. Adjudications are not counted.",
            class_="faint",
        ),
        _questions(questions),
        *(_details(question) for question in questions if question["pairs"]),
    )


def _questions(questions: list[dict[str, Any]]) -> Markup:
    lowest = lowest_of(question["alpha"] for question in questions)
    rows: list[list[object]] = [
        [
            join(
                title_of(question["name"]),
                element("div", MEANING[question["name"]], class_="faint") if question["name"] in MEANING else None,
            ),
            interval_bar(question["alpha"], lowest, LIMITS),
            estimate_words(question["alpha"]),
            estimate_words(question["same"]),
            element("span", f"{question['alpha']['queries']:,}", class_="number"),
        ]
        for question in questions
    ]
    return table(["question", "alpha", "", "same answer", "queries"], rows)


def _details(question: dict[str, Any]) -> Markup:
    annotators: list[list[object]] = [
        [
            one["name"],
            ", ".join(f"{value} {times:,}" for value, times in one["values"].items()),
            estimate_words(one["same_as_others"]),
            estimate_words(one["alpha_without"]),
        ]
        for one in question["annotators"]
    ]
    shared = [pair for pair in question["pairs"] if pair["kappa"]["queries"]]
    kappa = "Cohen's kappa" + (", weighted by distance" if question["level"] == "ordinal" else "")
    more = len(shared) - MOST_TABLES
    # The verdict's is what a reader looks at first, as long as it is short.
    shown = "" if question["name"] == "verdict" and len(shared) <= MOST_PAIRS else None
    return element(
        "details",
        element("summary", f"{title_of(question['name'])}: each annotator, each pair"),
        table(["annotator", "answers", "same as the others", "alpha of the others alone"], annotators),
        element(
            "p",
            f"What two answered to the same queries. Rows: the first; columns: the second. Below: {kappa}.",
            class_="faint",
        )
        if shared
        else element("p", "No two have judged a query together."),
        element("div", *(_counts(question["values"], pair) for pair in shared[:MOST_TABLES]), class_="pairs"),
        element("p", f"And {count(more, 'pair')} more in report.json.") if more > 0 else None,
        open=shown,
    )


def _counts(values: list[str], pair: dict[str, Any]) -> Markup:
    first, second = pair["annotators"]
    body = [
        element(
            "tr",
            element("th", value, scope="row"),
            *(
                element("td", f"{times:,}", class_="same" if at == column else "none" if not times else None)
                for column, times in enumerate(counts)
            ),
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
        element("p", "kappa ", estimate_words(pair["kappa"])),
        class_="wide",
    )


def calibration(found: dict[str, Any], link: Link) -> Markup | None:
    """The queries that everyone judged, or nothing where none is set apart."""
    queries = found["queries"]
    if not queries and not found["wanted"]:
        return None
    names = sorted({name for query in queries for name in query["answers"]})
    rows: list[list[object]] = [
        [
            query["query_id"],
            *(link(query["query_id"], name, " · ".join(query["answers"][name])) for name in names),
        ]
        for query in queries[:MOST_QUERIES]
    ]
    more = len(queries) - MOST_QUERIES
    return element(
        "section",
        element("h2", "Calibration", id="calibration"),
        element(
            "p",
            f"{count(len(queries), 'query was', 'queries were') if queries else 'No query was'} judged by everyone"
            + (f", {found['wanted']:,} are wanted" if found["wanted"] else "")
            + ". On these all annotators can be compared; the agreement above has them as well."
            + (f" Of fewer than {FEW} queries an interval is rough." if 0 < len(queries) < FEW else ""),
            class_="faint",
        ),
        *(
            [
                _questions(found["questions"]),
                element("p", "Verdict, alignment and realism of each:", class_="faint"),
                table(["query", *names], rows),
            ]
            if queries
            else []
        ),
        element("p", f"And {count(more, 'query', 'queries')} more in report.json.") if more > 0 else None,
    )
