"""What the paths, words and patch of a kept pull request say of it: sub-domain, difficulty, language, diff hash, contamination.

Nothing here decides; it is what later stages choose by and readers look at.
"""

import re

import polars as pl

from pipeline.compare.contamination import Contamination
from pipeline.paths import is_test, language_of
from pipeline.subdomains import classify
from pipeline.tables import FACTS
from pipeline.text_language import text_language
from pipeline.tokens import count_up_to

COLUMNS = ["pr_id", "repo", "title", "body", "merged_at", "changed_files", "files", "patch"]  # of PULLS
MOST_SYMBOLS = 50
MOST_TOKENS = 7_500  # params.py: no limit is higher, so a kept patch has fewer
_HEADING = re.compile(r"^@@ -[0-9,]{1,21} \+[0-9,]{1,21} @@ (.+)$", re.MULTILINE)
_PATHS = pl.col("files").list.eval(pl.element().struct.field("path"))
_PATH = pl.element()


def describe(pulls: pl.DataFrame, tokens: pl.Series, diff_hashes: pl.Series, named: Contamination) -> pl.DataFrame:
    """A FACTS frame of kept rows of PULLS (at least COLUMNS), in the same order.

    `tokens` are those that the filter counted; null where it had no need to.
    """
    classified = [
        classify([file["path"] for file in files], title, body)
        for files, title, body in pulls.select("files", "title", "body").iter_rows()
    ]
    return (
        pulls.with_columns(
            tokens=pl.Series(
                [
                    count_up_to(patch, MOST_TOKENS) if known is None else known
                    for patch, known in zip(pulls["patch"], tokens, strict=True)
                ],
                dtype=pl.Int64(),
            ),
            sub_domain=pl.Series([name for name, _ in classified], dtype=pl.String()),
            sub_domain_evidence=pl.Series([evidence for _, evidence in classified], dtype=pl.String()),
            n_files=pl.col("changed_files"),
            n_hunks=pl.col("patch").str.count_matches(r"(?m)^@@ ").cast(pl.Int64()),
            languages=_PATHS.list.eval(language_of(_PATH)).list.eval(_most_frequent_first()),
            test_files=_PATHS.list.eval(is_test(_PATH)).list.sum().cast(pl.Int64()),
            text_language=pl.Series(
                [text_language(title, body) for title, body in pulls.select("title", "body").iter_rows()],
                dtype=pl.String(),
            ),
            diff_hash=diff_hashes,
        )
        .with_columns(contamination=pl.lit([], pl.List(pl.String())))
        .pipe(lambda frame: frame.with_columns(contamination=named.of_rows(frame)))
        .select(*FACTS.schema)
    )


def _most_frequent_first() -> pl.Expr:
    """The different texts of a list, the most frequent first, then by name, without the empty one."""
    known = _PATH.filter(_PATH != "")
    return known.unique(maintain_order=True).sort_by(
        known.unique_counts(), known.unique(maintain_order=True), descending=[True, False]
    )


def symbols(patch: str) -> list[str]:
    """What git prints after a hunk's line numbers: the lines of the functions, classes or sections that the hunks are in."""
    return sorted({line.strip() for line in _HEADING.findall(patch)})[:MOST_SYMBOLS]
