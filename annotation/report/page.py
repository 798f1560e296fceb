"""The report as one HTML page: no script, no address that a browser would fetch, every text escaped."""

from typing import Any

from annotation.report.agreement_sections import agreement, calibration
from annotation.report.disagreement_sections import disagreement_section
from annotation.report.findings_section import findings_section
from annotation.report.links import Link
from annotation.report.overview import overview, people
from annotation.report.style import STYLE
from annotation.report.time_sections import drift, judge, times
from pipeline.html import Markup, document, element, join


def page(metrics: dict[str, Any], link: Link, title: str) -> str:
    """The page of what `report_metrics` gives; `link` makes a judgement a link to its task."""
    name = f"{title}: reviews"
    return document(name, STYLE, element("h1", name), overview(metrics), people(metrics), _details(metrics, link))


def _details(metrics: dict[str, Any], link: Link) -> Markup:
    if not metrics["progress"]["judgements"]:
        return element("p", "Nothing was judged yet; what there is to say of it comes with the first judgements.")
    return join(
        agreement(metrics["questions"]),
        calibration(metrics["calibration"], link),
        findings_section(metrics["findings"]),
        times(metrics["lead_times"], link),
        drift(metrics["drift"]),
        judge(metrics["anchoring"], metrics["judge_shown"]),
        disagreement_section(metrics["disagreements"], link),
    )
