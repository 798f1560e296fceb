"""Runs a plan: every step is a generator that pulls batches from the step below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sieve.expr import Batch
from sieve.plan import Filter, Limit, Plan, Scan, Select, Sort, WithColumn
from sieve.profile import Profile


def row_count(batch: Batch) -> int:
    return len(next(iter(batch.values()), []))


def concat(batches: Iterable[Batch]) -> Batch:
    """All batches as one."""
    whole: Batch = {}
    for batch in batches:
        for name, values in batch.items():
            whole.setdefault(name, []).extend(values)
    return whole


def run(plan: Plan, profile: Profile | None = None, depth: int = 0) -> Iterator[Batch]:
    """Yield the plan's rows; with a profile, note rows and seconds of every step in it."""
    batches = _produce(plan, profile, depth + 1)
    if profile is None:
        return batches
    return profile.watch(profile.begin(plan.label(), depth), batches)


def _produce(plan: Plan, profile: Profile | None, depth: int) -> Iterator[Batch]:
    if isinstance(plan, Scan):
        yield from plan.source.batches()
        return
    child = run(plan.child, profile, depth)
    if isinstance(plan, Filter):
        for batch in child:
            yield _filtered(batch, plan)
    elif isinstance(plan, Select):
        for batch in child:
            yield {name: batch[name] for name in plan.columns}
    elif isinstance(plan, WithColumn):
        for batch in child:
            yield {**batch, plan.name: plan.expr.evaluate(batch, row_count(batch))}
    elif isinstance(plan, Sort):
        yield _sorted(concat(child), plan)
    elif isinstance(plan, Limit):
        left = plan.count
        for batch in child:
            if left > 0:
                yield {name: values[:left] for name, values in batch.items()}
            left -= row_count(batch)
    else:
        raise TypeError(f"not a step of a plan: {plan!r}")


def _filtered(batch: Batch, plan: Filter) -> Batch:
    keep = plan.predicate.evaluate(batch, row_count(batch))
    return {
        name: [value for value, wanted in zip(values, keep) if wanted]
        for name, values in batch.items()
    }


def _sorted(whole: Batch, plan: Sort) -> Batch:
    if not whole:
        return whole
    keys = whole[plan.by]
    order = sorted(
        range(len(keys)), key=lambda at: (keys[at] is None, keys[at]), reverse=plan.descending
    )
    return {name: [values[at] for at in order] for name, values in whole.items()}
