"""The lazy frame: what users hold while they build a query."""

from __future__ import annotations

from collections.abc import Iterator

from sieve.execute import concat, row_count, run
from sieve.expr import Batch, Expr
from sieve.plan import Filter, Limit, Plan, Select, Sort, WithColumn
from sieve.profile import Profile


class LazyFrame:
    """A query that has not run yet. Every method returns a new frame."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def filter(self, predicate: Expr) -> LazyFrame:
        return LazyFrame(Filter(self.plan, predicate))

    def select(self, *columns: str) -> LazyFrame:
        return LazyFrame(Select(self.plan, columns))

    def with_column(self, name: str, expr: Expr) -> LazyFrame:
        return LazyFrame(WithColumn(self.plan, name, expr))

    def sort(self, by: str, descending: bool = False) -> LazyFrame:
        return LazyFrame(Sort(self.plan, by, descending))

    def limit(self, count: int) -> LazyFrame:
        return LazyFrame(Limit(self.plan, count))

    def batches(self, profile: Profile | None = None) -> Iterator[Batch]:
        """Run the query and hand out its rows batch by batch."""
        return run(self.plan, profile)

    def collect(self, profile: Profile | None = None) -> Batch:
        """Run the query and return all of its rows as one batch."""
        return concat(self.batches(profile))

    def count(self) -> int:
        """Run the query and return only the number of its rows."""
        return sum(row_count(batch) for batch in self.batches())
