"""The run report as one HTML page: no script, no address that a browser would fetch, every text escaped."""

from collections.abc import Callable

from curated.making.provenance import Provenance
from curated.report.about_section import about
from curated.report.agreement_section import agreement_section
from curated.report.compared_section import compared
from curated.report.coverage_section import coverage, repositories
from curated.report.evidence import Evidence
from curated.report.examples_section import examples
from curated.report.funnel_section import funnel_section
from curated.report.head import head
from curated.report.leakage_section import leakage
from curated.report.limits_section import limits
from curated.report.pool_section import pool_section
from curated.report.sizes_section import sizes
from curated.report.spend_section import spend
from curated.report.style import STYLE
from pipeline.html import Markup, document, element

# In the order of a reader's questions: how many, of what, by whose word, what is wrong with it, why these.
_SECTIONS: tuple[tuple[str, str, Callable[[Evidence], Markup]], ...] = (
    ("funnel", "Funnel", funnel_section),
    ("sizes", "Sizes", sizes),
    ("coverage", "Languages", coverage),
    ("repositories", "Repositories", repositories),
    ("agreement", "Agreement", agreement_section),
    ("leakage", "Leakage", leakage),
    ("compared", "Contamination", compared),
    ("spend", "Cost", spend),
    ("pool", "The pool", pool_section),
    ("examples", "Examples", examples),
)


def page(evidence: Evidence, made: Provenance | None = None) -> str:
    """The whole page. The same evidence and provenance give the same text: no clock and no path is in it."""
    title = f"How this pool was chosen: run of the profile {evidence.run.params.profile}"
    named = [*((name, words) for name, words, _ in _SECTIONS), ("run", "This run"), ("limits", "What is not known")]
    contents = (element("li", element("a", words, href=f"#{name}")) for name, words in named)
    return document(
        title,
        STYLE,
        element(
            "header",
            element("h1", title),
            head(evidence),
            element("nav", element("ul", *contents), aria_label="Contents"),
        ),
        element(
            "main",
            *(make(evidence) for *_, make in _SECTIONS),
            about(evidence, made or Provenance()),
            limits(evidence),
        ),
    )
