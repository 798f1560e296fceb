"""The funnel as a drawing with its counts, and every reason for which a pull request was lost, each with an example drawn by hash."""

from typing import Any

import polars as pl

from annotation.report.words import count
from curated.report.charts import step_bar
from curated.report.evidence import Evidence
from curated.report.parts import code, drawn, figures, in_words, note, pull_link, section, share
from pipeline.html import Markup, element, join

STAGE_WORDS = {
    "collect_prs": "read from their repositories",
    "filter_prs": "within the rules for patches",
    "compare_prs": "on no benchmark, no repeat",
    "sample_prs": "drawn for the sample",
    "synthesize": "made a query",
    "merge_reviews": "accepted by people",
    "build_pool": "with a place in the pool",
}
_LONG = 160  # characters of an example's evidence


def funnel_section(evidence: Evidence) -> Markup:
    """The section on how many pull requests each stage kept and lost, and why."""
    steps = evidence.run.steps
    listed = steps[0]["entered"] if steps else 0
    real = sum(row.origin == "real_world" for row in evidence.run.pool)
    return section(
        "funnel",
        "How many were left at each step",
        note(
            "Each bar has the pull requests that came to a step: in the strong colour those that stayed, in the pale one those that were "
            "lost there. All bars have one scale, from none to all that were listed."
        ),
        element(
            "ol",
            _first(listed),
            *(_step(step, listed) for step in steps),
            class_="funnel",
        ),
        element(
            "p",
            f"{count(real, 'real-world query', 'real-world queries')} joined them: the pool has {len(evidence.run.pool):,}.",
        ),
        _reasons(evidence, listed),
        note(
            "An example is the pull request of that reason whose hash with the seed is the smallest: nobody picked it. ",
            code("limi explain ID"),
            " tells the whole life of any pull request; docs/FILTERS.md says what each rule means.",
        ),
    )


def _first(listed: int) -> Markup:
    return _line("listed", "merged pull requests", listed, step_bar(listed, 0, 0, listed, f"listed: {listed:,}"), "")


def _step(step: dict[str, Any], listed: int) -> Markup:
    dropped, failed = sum(step["dropped"].values()), sum(step["failed"].values())
    words = (
        f"{step['stage']}: {step['entered']:,} came, {step['kept']:,} stayed, {dropped:,} dropped, {failed:,} failed"
    )
    lost = [f"{dropped:,} dropped ({share(dropped, step['entered'])}): {in_words(step['dropped'])}"] if dropped else []
    lost += [f"{failed:,} failed: {in_words(step['failed'])}"] if failed else []
    return _line(
        step["stage"],
        STAGE_WORDS.get(step["stage"], ""),
        step["kept"],
        step_bar(step["kept"], dropped, failed, listed, words),
        "; ".join(lost) or "none lost",
    )


def _line(name: str, words: str, number: int, bar: Markup, lost: str) -> Markup:
    return element(
        "li",
        element("div", element("strong", name), element("div", words, class_="faint"), class_="name"),
        element("div", bar, element("div", lost, class_="faint") if lost else None, class_="drawing"),
        element("div", f"{number:,}", class_="large"),
    )


def _reasons(evidence: Evidence, listed: int) -> Markup:
    rows = []
    for step in evidence.run.steps:
        fates = evidence.fates.get(step["stage"])
        for fate in ("dropped", "failed"):
            for reason, times in step[fate].items():
                example = _example(evidence, fates, fate, reason) if fates is not None else "none"
                where = f"{step['stage']}{', failed' if fate == 'failed' else ''}"
                named = join(code(reason), element("div", where, class_="faint"))
                rows.append([named, times, share(times, listed), example])
    if not rows:
        return element("p", "No pull request was lost on the way.")
    heads = ["reason, stage", "lost", "of listed", "an example"]
    return figures("Every reason, with an example", heads, rows, "ids")


def _example(evidence: Evidence, fates: pl.DataFrame, fate: str, reason: str) -> Markup:
    """The drawn pull request, the value that decided, what it was held against, and the rule's own words."""
    found = fates.filter((pl.col("fate") == fate) & (pl.col("reason") == reason))
    seed = evidence.run.params.seed
    row = min(found.iter_rows(named=True), key=lambda row: drawn(seed, row["pr_id"]))
    measured = [] if row["value"] is None else [f"measured {row['value']:,g}"]
    measured += [] if row["limit"] is None else [f"limit {row['limit']:,g}"]
    said = row["evidence"] if len(row["evidence"]) <= _LONG else f"{row['evidence'][:_LONG]}…"
    words = "; ".join([", ".join(measured)] * bool(measured) + [said] * bool(said))
    return join(pull_link(row["pr_id"], evidence.run.params), element("div", words, class_="faint") if words else None)
