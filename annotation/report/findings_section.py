"""The section of the page on what annotators found: reasons to reject, and what they marked."""

from typing import Any

from annotation.report.charts import count_bar
from annotation.report.words import shortened, title_of
from pipeline.html import Markup, element, table


def findings_section(found: dict[str, list[dict[str, Any]]]) -> Markup:
    """Two tables side by side."""
    return element(
        "section",
        element("h2", "What they found", id="findings"),
        element(
            "div",
            _counted("reason to reject", found["reject_reasons"], "Nobody rejected a query."),
            _counted("marked", found["marks"], "Nobody marked anything.", named=True),
            class_="pairs",
        ),
    )


def _counted(head: str, found: list[dict[str, Any]], nothing: str, named: bool = False) -> Markup:
    if not any(one["times"] for one in found):
        return element("p", nothing, class_="faint")
    most = max(one["times"] for one in found)
    rows: list[list[object]] = [
        [
            shortened(f"{title_of(one['control'])}: {one['label']}" if named else one["label"], 80),
            count_bar(one["times"], most),
            element("span", f"{one['queries']:,}", class_="number"),
            ", ".join(f"{name} {times:,}" for name, times in one["annotators"].items()),
        ]
        for one in found
    ]
    return table([head, "times", "queries", "by"], rows, class_="found")
