"""Judge pull requests: run the rules one after the other, count the tokens of what is left, and give each its one verdict.

The engine, not the rules, counts and measures the time: `Judged.costs` says for each rule how many it saw, how many it dropped and
how long it took.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipeline.filters import Rule, content_rules, rules, too_many_tokens
from pipeline.patch import PatchUnreadableError, structure
from pipeline.sections import Filter
from pipeline.tables import PULLS, VERDICTS
from pipeline.tokens import count_up_to

STAGE = "filter_prs"
TOKENS = "tokens"  # the name of the counting among the costs
PARQUET = "parquet"  # that of reading and writing
# What the rules and the engine read of PULLS.
COLUMNS = [
    *(
        "pr_id",
        "repo",
        "number",
        "title",
        "body",
        "author",
        "author_is_bot",
        "additions",
        "deletions",
        "changed_files",
        "files",
    ),
    *("skipped", "patch", "patch_bytes", "patch_utf8", "failure"),
]


@dataclass
class Cost:
    """What one step took: rows it saw, rows it dropped, seconds."""

    seen: int = 0
    dropped: int = 0
    seconds: float = 0.0

    def add(self, other: "Cost") -> None:
        """Count another part's cost of the same step."""
        self.seen += other.seen
        self.dropped += other.dropped
        self.seconds += other.seconds


@dataclass
class Judged:
    """The verdicts of some rows, a VERDICTS frame, and what each step cost."""

    verdicts: pl.DataFrame
    costs: dict[str, Cost] = field(default_factory=dict)


def judge(pulls: pl.DataFrame, chosen: Filter, licence: str = "") -> Judged:
    """One verdict for each row of a PULLS frame (at least COLUMNS) that was collected, in the same order.

    `licence` is that of the rows' repository.
    """
    engine = _Engine(pulls.filter(pl.col("failure") == "").select(COLUMNS), chosen)
    for rule in rules(chosen, licence):
        engine.run(rule)
    engine.fail(_has_no_patch, "patch_not_collected")
    engine.count()
    for rule in (too_many_tokens(chosen.max_tokens), *content_rules(chosen)):
        engine.run(rule)
    engine.fail(_disagrees_with_git, "unidiff_disagrees_with_git")
    return engine.finish()


def judge_file(pulls: Path, chosen: Filter, licence: str, verdicts: Path, made_from: str) -> dict[str, Cost]:
    """Judge a part of PULLS and write its part of VERDICTS, in pieces, so that a large repository needs no more memory than a small one.

    Returns the costs, those of reading and writing as PARQUET. This is what a worker does.
    """
    costs: dict[str, Cost] = {PARQUET: Cost()}
    pieces = [VERDICTS.frame([])]
    started = time.perf_counter()
    for piece in PULLS.read_slices(pulls, COLUMNS):
        costs[PARQUET].seconds += time.perf_counter() - started
        judged = judge(piece, chosen, licence)
        pieces.append(judged.verdicts)
        for name, cost in judged.costs.items():
            costs.setdefault(name, Cost()).add(cost)
        started = time.perf_counter()
    VERDICTS.write(pl.concat(pieces), verdicts, made_from)
    costs[PARQUET].seconds += time.perf_counter() - started
    return costs


class _Engine:
    """The rows that still wait for a verdict, and those that have one."""

    def __init__(self, pulls: pl.DataFrame, chosen: Filter) -> None:
        self.waiting = pulls.with_row_index("row").with_columns(tokens=pl.lit(None, pl.Int64()))
        self.limit, self.enough = chosen.max_tokens, chosen.count_up_to
        self.decided: list[pl.DataFrame] = []
        self.costs: dict[str, Cost] = {}

    def run(self, rule: Rule) -> None:
        """Drop the rows that a rule drops."""
        with self._measured(rule.name) as cost:
            drops = self.waiting.select(rule.drops.fill_null(False)).to_series()
            if len(drops) < self.waiting.height:  # an expression of literals gives one row
                drops = drops.new_from_index(0, self.waiting.height) if self.waiting.height else drops.clear()
            if rule.confirm and drops.any():
                suspects = self.waiting.with_columns(suspect=drops).select("suspect", "title", "body", "patch")
                drops = pl.Series(
                    [row["suspect"] and rule.confirm(row) for row in suspects.iter_rows(named=True)], dtype=pl.Boolean()
                )
            cost.dropped += int(drops.sum())
            self._decide(drops, "dropped", pl.lit(rule.reason), rule.value, rule.limit, rule.evidence)

    def count(self) -> None:
        """Fill the column `tokens`: exact below `count_up_to`, else a number that the patch really reaches.

        A patch of fewer bytes than the limit has fewer tokens for certain, so it is not counted.
        """
        with self._measured(TOKENS):
            rows = self.waiting.select("patch_bytes", "patch").iter_rows()
            counted = [None if size < self.limit else count_up_to(patch, self.enough) for size, patch in rows]
            self.waiting = self.waiting.with_columns(pl.Series("tokens", counted, dtype=pl.Int64()))

    def fail(self, failed: Callable[[pl.DataFrame], pl.Series], reason: str) -> None:
        """Take out the rows that cannot be judged."""
        with self._measured(reason) as cost:
            those = failed(self.waiting)
            cost.dropped += int(those.sum())
            self._decide(those, "failed", pl.lit(reason))

    def finish(self) -> Judged:
        """Whoever still waits is kept."""
        self._decide(pl.repeat(True, self.waiting.height, dtype=pl.Boolean(), eager=True), "kept")
        whole = pl.concat(self.decided).sort("row").select(*VERDICTS.schema)
        return Judged(whole, self.costs)

    def _decide(
        self,
        those: pl.Series,
        fate: str,
        reason: pl.Expr | None = None,
        value: pl.Expr | None = None,
        limit: pl.Expr | None = None,
        evidence: pl.Expr | None = None,
    ) -> None:
        nothing = pl.lit(None)
        if not those.any() and self.decided:
            return
        self.decided.append(
            self.waiting.filter(those).select(
                "row",
                "pr_id",
                "repo",
                stage=pl.lit(STAGE),
                fate=pl.lit(fate),
                reason=pl.lit("") if reason is None else reason,
                value=(nothing if value is None else value).cast(pl.Float64()),
                limit=(nothing if limit is None else limit).cast(pl.Float64()),
                evidence=(pl.lit("") if evidence is None else evidence).fill_null(""),
                tokens=pl.col("tokens"),
            )
        )
        self.waiting = self.waiting.filter(~those)

    @contextmanager
    def _measured(self, name: str) -> Iterator[Cost]:
        cost = self.costs.setdefault(name, Cost())
        cost.seen += self.waiting.height
        started = time.perf_counter()
        yield cost
        cost.seconds += time.perf_counter() - started


def _has_no_patch(waiting: pl.DataFrame) -> pl.Series:
    """Rows that were skipped while collecting, and that the same facts drop no more."""
    return waiting.select((pl.col("skipped") != "") | pl.col("patch").is_null()).to_series()


def _disagrees_with_git(waiting: pl.DataFrame) -> pl.Series:
    """Patches that add or remove another number of lines than git says: by counting signs, and where that differs by unidiff.

    Each changed text file of a diff has one `---` and one `+++` line in its header. A change of type, such as from a file to a link,
    has two, and is one for unidiff.
    """
    file = pl.element().struct
    headers = pl.col("files").list.eval((file.field("additions") + file.field("deletions")) > 0).list.sum()
    doubtful = waiting.select(
        (pl.col("patch").str.count_matches(r"(?m)^\+") != pl.col("additions") + headers)
        | (pl.col("patch").str.count_matches(r"(?m)^-") != pl.col("deletions") + headers)
    ).to_series()
    unread = iter(
        [not _is_read(*row) for row in waiting.filter(doubtful).select("patch", "additions", "deletions").iter_rows()]
    )
    return pl.Series([doubt and next(unread) for doubt in doubtful], dtype=pl.Boolean())


def _is_read(patch: str, additions: int, deletions: int) -> bool:
    try:
        structure(patch, additions, deletions)
    except PatchUnreadableError:
        return False
    return True
