"""Contamination and repeats: what was held against public benchmarks and against the other pull requests, and what came of it."""

from collections import Counter

import polars as pl

from annotation.report.words import count
from curated.report.evidence import Evidence
from curated.report.parts import code, figures, in_words, note, pull_link, section, several
from pipeline.html import Markup, element, join

STAGE = "compare_prs"
MOST_ROWS = 20  # dropped pull requests on the page


def compared(evidence: Evidence) -> Markup:
    """The section; it names benchmarks, what they dropped and flagged, and what repeats what."""
    run, params = evidence.run, evidence.run.params.compare
    step = next((step for step in run.steps if step["stage"] == STAGE), None)
    dropped: dict[str, int] = step["dropped"] if step else {}
    by = join("by ", several(params.contamination)) if params.contamination else "though the rule is off"
    return section(
        "compared",
        "Contamination and repeats",
        element(
            "p",
            f"{step['entered'] if step else 0:,} pull requests were held against the lists of "
            f"{count(len(run.benchmarks), 'public benchmark')}, ",
            by,
            f", and against each other: {in_words(dropped) if dropped else 'none was dropped'}. A patch is nearly another one from a "
            f"similarity of {params.similarity:g} on",
            "." if params.duplicates == "drop" else "; repeats are flagged, not dropped.",
        ),
        _dropped(evidence),
        _flagged(evidence),
        _texts(evidence),
        element("p", "The benchmarks: ", several(run.benchmarks), "."),
        note(
            "A list is as complete as the project's copy of it, and as old. A benchmark that is not named here was not looked at, nor "
            "whether a model has met the repositories in its training."
        ),
    )


def _dropped(evidence: Evidence) -> Markup | None:
    fates = evidence.fates.get(STAGE)
    if fates is None:
        return None
    lost = fates.filter(pl.col("fate") != "kept").sort("reason", "pr_id")
    rows = [
        [pull_link(row["pr_id"], evidence.run.params), code(row["reason"]), row["evidence"] or "not told"]
        for row in lost.head(MOST_ROWS).iter_rows(named=True)
    ]
    more = lost.height - MOST_ROWS
    return join(
        figures("Dropped by the comparison", ["pull request", "reason", "what was found"], rows) if rows else None,
        note(f"And {more:,} more in ", code(f"data/ledger/{STAGE}.parquet"), ".") if more > 0 else None,
    )


def _flagged(evidence: Evidence) -> Markup:
    reviewed = set(evidence.run.reviewed["pr_id"])
    flagged: Counter[str] = Counter()
    pulls = set()
    for pr_id, entries in evidence.run.sampled.select("pr_id", "contamination").iter_rows():
        if pr_id in reviewed and entries:
            pulls.add(pr_id)
            # An entry is `benchmark: what`.
            flagged.update({entry.split(":")[0] for entry in entries})
    if not pulls:
        return element("p", "No reviewed query comes from a pull request that one of the benchmarks names.")
    inside = sum(row.source in pulls for row in evidence.run.pool if row.origin == "github_pr")
    return join(
        element(
            "p",
            f"{count(len(pulls), 'reviewed query comes', 'reviewed queries come')} from pull requests that a benchmark names in a way that "
            f"does not drop them; {inside:,} of them are in the pool.",
        ),
        figures(
            "Benchmarks that name reviewed queries all the same",
            ["benchmark", "queries"],
            [[name, times] for name, times in sorted(flagged.items())],
        ),
    )


def _texts(evidence: Evidence) -> Markup:
    reviewed = evidence.run.reviewed
    alike = reviewed.filter(pl.col("repeats") != "").height
    together = Counter(one.attributes["text"] for one in evidence.choice.chosen if one.attributes.get("text"))
    pairs = sum(times > 1 for times in together.values())
    return element(
        "p",
        f"{alike:,} of {count(reviewed.height, 'reviewed query', 'reviewed queries')} repeat the words of an earlier one; in the pool "
        f"{count(pairs, 'group', 'groups')} of two or more have texts that are alike.",
    )
