"""What the sample and the pool cover: sub-domains and languages, repositories and their shares."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from annotation.report.charts import stack
from annotation.report.words import count
from curated.report.charts import heat_table, legend
from curated.report.evidence import Evidence
from curated.report.parts import figures, note, section, several, share
from pipeline.html import Markup, element, join

MOST_ROWS = 25  # repositories on the page; of the rest the number is told
MOST_NAMED = 5  # repositories in one sentence


def coverage(evidence: Evidence) -> Markup:
    """The section on sub-domains and languages, in the sample and among the pool's pull requests."""
    run, languages = evidence.run, language_by_pull(evidence.run.sampled)
    places = run.sampled.select("pr_id", "sub_domain").iter_rows()
    sample = Counter((languages[pr_id], sub_domain) for pr_id, sub_domain in places)
    pool = Counter((languages[row.source], row.sub_domain) for row in run.pool if row.origin == "github_pr")
    totals = Counter[str]()
    for (language, _), times in sample.items():
        totals[language] += times
    rows = sorted({language for language, _ in {**sample, **pool}}, key=lambda name: (-totals[name], name))
    columns = sorted({sub_domain for _, sub_domain in {**sample, **pool}})
    if not rows:
        return section("coverage", "Which languages and sub-domains", element("p", "Nothing was sampled."))
    empty = sum(not sample[row, column] for row in rows for column in columns)
    return section(
        "coverage",
        "Which languages and sub-domains",
        element(
            "p",
            f"{count(len(rows), 'language')} by {count(len(columns), 'sub-domain')}: {empty:,} of {len(rows) * len(columns):,} cells of "
            "the sample are empty.",
        ),
        element(
            "div",
            heat_table(f"The sample: {sum(sample.values()):,} pull requests", rows, columns, sample),
            heat_table(f"The pool: {sum(pool.values()):,} of them", rows, columns, pool),
            class_="beside",
        ),
        note(
            "The language is that of most of a pull request's files, or else its repository's. In the sample the sub-domain is what rules "
            "say of paths and words, in the pool what the annotators gave, so a pull request may stand in another column there. Shades "
            "count from each table's own largest cell. Real-world queries have no language; they are under ",
            element("a", "the pool", href="#pool"),
            ".",
        ),
    )


def language_by_pull(sampled: pl.DataFrame) -> dict[str, str]:
    """`pr_id -> language`, as the pool's choice takes it (pipeline/pooling/candidates.py)."""
    return {
        pr_id: (names or [language or ""])[0]
        for pr_id, names, language in sampled.select("pr_id", "languages", "language").iter_rows()
    }


def repositories(evidence: Evidence) -> Markup:
    """The section on each repository's share of what was listed, sampled, accepted and chosen."""
    run = evidence.run
    pool = Counter(row.pull_request["repo"] for row in run.pool if row.pull_request)
    counts = {
        "listed": _of_stage(evidence, "collect_prs", every=True),
        "within the rules": _of_stage(evidence, "filter_prs"),
        "sampled": Counter(run.sampled["repo"]),
        "accepted": Counter(run.reviewed.filter(pl.col("verdict") == "accept")["repo"]),
        "in the pool": pool,
    }
    sampled = counts["sampled"]
    order = sorted(
        evidence.repos.iter_rows(named=True), key=lambda row: (-pool[row["repo"]], -sampled[row["repo"]], row["repo"])
    )
    more = len(order) - MOST_ROWS
    return section(
        "repositories",
        "Which repositories",
        element(
            "p",
            f"The pool's queries come from {len(pool):,} of {count(evidence.repos.height, 'repository', 'repositories')}. ",
            *_leading(pool),
        ),
        figures(
            "Pull requests of each repository",
            ["repository", *counts, "sampled, pool"],
            [_row(row, counts) for row in order[:MOST_ROWS]],
            "names",
        ),
        legend(("chosen", "in the pool"), ("kept", "sampled, not in the pool")),
        note(f"And {count(more, 'repository', 'repositories')} more with fewer.") if more > 0 else None,
    )


def _of_stage(evidence: Evidence, stage: str, every: bool = False) -> Counter[str]:
    """How many pull requests of each repository a stage kept, or with `every` how many it had."""
    fates = evidence.fates.get(stage)
    if fates is None:
        return Counter()
    return Counter(fates["repo"] if every else fates.filter(pl.col("fate") == "kept")["repo"])


def _row(row: Mapping[str, Any], counts: Mapping[str, Counter[str]]) -> list[object]:
    name, sampled, pool = row["repo"], counts["sampled"], counts["in the pool"]
    about = " · ".join(filter(None, [row["language"], row["licence"], f"{row['stars']:,} stars"]))
    shares = [
        ("chosen", "in the pool", pool[name]),
        ("kept", "sampled besides", max(sampled[name] - pool[name], 0)),
    ]
    return [
        join(name, element("div", about, class_="faint")),
        *(found[name] for found in counts.values()),
        stack(shares, max(sampled.values(), default=0)),
    ]


def _leading(pool: Counter[str]) -> list[object]:
    """Which repositories have most of the pool, in words."""
    if not pool:
        return []
    largest, whole = max(pool.values()), sum(pool.values())
    leading = sorted(name for name, times in pool.items() if times == largest)
    more = f" and {len(leading) - MOST_NAMED:,} more" if len(leading) > MOST_NAMED else ""
    said = f"The most that one has is {largest:,} of {whole:,} ({share(largest, whole)}): "
    return [said, several(leading[:MOST_NAMED]), f"{more}."]
