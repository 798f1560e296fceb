"""The report as one HTML page: no script, no address that a browser would fetch, every text escaped."""

from typing import Any

from annotation.report.agreement_sections import agreement, confusion
from annotation.report.element import Markup, element, join, table
from annotation.report.links import Link
from annotation.report.style import STYLE
from annotation.report.time_sections import drift, judge, times

MOST_SHOWN = 300  # disagreements on the page; the JSON has all
# Even if a text got through as markup, a browser would run and fetch nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(metrics: dict[str, Any], link: Link, title: str = "Reviews") -> str:
    """The page of what `report_metrics` gives; `link` makes a query_id a link to its task."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(STYLE)),
    )
    body = element(
        "body",
        element("h1", title),
        _progress(metrics["progress"]),
        agreement(metrics["questions"]),
        confusion(metrics["questions"]),
        times(metrics["lead_times"], link),
        drift(metrics["drift"]),
        judge(metrics["anchoring"]),
        _disagreements(metrics["disagreements"], link),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _progress(progress: dict[str, Any]) -> Markup:
    total = progress["queries"]
    shown = [(name, progress[name]) for name in ("complete", "begun", "untouched")]
    bar = [
        element("span", class_=name, style=f"width:{100 * count / total:.3f}%", title=f"{name}: {count}")
        for name, count in shown
        if count and name != "untouched"
    ]
    span = "times not known"
    if progress["first_at"]:
        first, last = (progress[end][:19].replace("T", " ") for end in ("first_at", "last_at"))
        span = f"first {first}, last {last} (UTC)"
    by_judgements = ", ".join(f"{count} with {times}" for times, count in progress["by_judgements"].items())
    return element(
        "section",
        element("p", f"{progress['judgements']} judgements of {total} queries; {span}.", class_="faint"),
        element("h2", "Progress"),
        element(
            "div", *bar, class_="stack", role="img", aria_label=", ".join(f"{name} {count}" for name, count in shown)
        ),
        element("p", *(element("span", f"{name} {count}", class_=f"key {name}") for name, count in shown)),
        element(
            "p",
            f"Complete is {progress['overlap']} judgements. Queries by how many they have: {by_judgements or 'none'}.",
            class_="faint",
        ),
        table(["annotator", "judgements"], [[name, count] for name, count in progress["annotators"].items()]),
    )


def _disagreements(found: list[dict[str, Any]], link: Link) -> Markup:
    disputed = sum(one["disputed"] for one in found)
    more = len(found) - MOST_SHOWN
    return element(
        "section",
        element("h2", "Disagreements"),
        element(
            "p",
            f"{len(found)} queries with different answers, {disputed} of them disputed: some would keep, others reject. "
            "Steps of one on a scale are not listed.",
            class_="faint",
        ),
        *(_one(entry, link) for entry in found[:MOST_SHOWN]),
        element("p", f"And {more} more; the JSON beside this page has them all.") if more > 0 else None,
    )


def _one(entry: dict[str, Any], link: Link) -> Markup:
    answers = [
        element(
            "li",
            question,
            ": ",
            *(join("; " if at else None, name, " ", value) for at, (name, value) in enumerate(given.items())),
        )
        for question, given in entry["answers"].items()
    ]
    return element(
        "article",
        element(
            "h3",
            link(entry["query_id"]),
            f" {entry['pr_ref']} ",
            element("span", "disputed", class_="disputed") if entry["disputed"] else None,
        ),
        element("p", entry["query"]),
        element("ul", *answers),
        *(element("p", f"{name}: {note}", class_="faint") for name, note in entry["notes"].items()),
    )
