"""What the run report does not know: said in one place, so that no figure is read for more than it tells."""

from curated.report.evidence import Evidence
from curated.report.parts import section
from pipeline.html import Markup, element


def limits(evidence: Evidence) -> Markup:
    """The last section."""
    params = evidence.run.params
    items = [
        f"Only patches of fewer than {params.filter.max_tokens:,} tokens are looked at: nothing here speaks of larger changes.",
        "Nobody ran a query in an environment: whether an agent can solve it, and how well, is not known.",
        "How long people took and how their manner changed is not in this page; the report of the reviews (limi annotate report) has it.",
        "Real-world queries are as their contributors gave them; what these say of themselves was not verified.",
        "Licences are those that the source of facts names for a repository, unless a row of the dataset says more.",
        f"Each query was to have {params.review.overlap:,} judgements or more. That people agree does not make them right.",
    ]
    if evidence.run.demo:
        items.insert(0, "This is a demo: what holds for it need not hold for any real repository, model or annotator.")
    return section("limits", "What this page does not know", element("ul", *(element("li", item) for item in items)))
