"""How large the patches are: the histogram of their tokens, with the limit that decides and the places of the pool's."""

from curated.report.charts import histogram, legend
from curated.report.evidence import Evidence
from curated.report.parts import figures, note, section
from pipeline.html import Markup, element


def sizes(evidence: Evidence) -> Markup:
    """The section, or a sentence where no patch was counted."""
    bins, limit = evidence.bins, evidence.run.params.filter.max_tokens
    total = sum(one.patches for one in bins)
    if not total:
        return section("sizes", "How large the patches are", element("p", "No patch was counted."))
    over = sum(step["dropped"].get("patch_too_large", 0) for step in evidence.run.steps)
    pool = sorted(row.pull_request["tokens"] for row in evidence.run.pool if row.pull_request)
    said = f"{total:,} patches were counted: {total - over:,} with fewer than {limit:,} tokens, {over:,} with more or just as many."
    most = max(one.patches for one in bins)
    rows = [[f"{one.start:,} to {one.until - 1:,}", one.patches] for one in bins[:-1] if one.patches]
    rows += [[f"{bins[-1].start:,} or more", bins[-1].patches]] if bins[-1].patches else []
    return section(
        "sizes",
        "How large the patches are",
        element("p", f"{said} {_range('sample', sorted(evidence.run.sampled['tokens']))} {_range('pool', pool)}"),
        element(
            "figure",
            element("figcaption", f"Patches by o200k_base tokens; the tallest bar has {most:,}"),
            histogram(bins, limit, pool, f"Patches by tokens, limit {limit:,}", said),
            legend(("kept", "below the limit"), ("lost", "dropped as too large"), ("chosen", "patches of the pool")),
        ),
        note(
            f"A bar is {bins[0].until - bins[0].start:,} tokens wide; the last one holds all from {bins[-1].start:,} on. What an earlier "
            "rule dropped was not counted, and one too large by its lines or bytes alone stands where these put it."
        ),
        element(
            "details",
            element("summary", "The same as a table"),
            figures("Patches by tokens; ranges without any are left out", ["tokens", "patches"], rows),
        ),
    )


def _range(name: str, values: list[int]) -> str:
    if not values:
        return f"The {name} has none."
    half = len(values) // 2
    middle = values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
    return f"Those of the {name} have {values[0]:,} to {values[-1]:,}, the median is {middle:,g}."
