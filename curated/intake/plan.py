"""What an import has to do: which of the rows that are brought are new, there already, other than the row of their id, or withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.real_world import RealWorldQuery


@dataclass
class ImportPlan:
    """Rows by what is to be done: append, nothing, replace (as `(there, brought)`), or leave out as withdrawn."""

    new: list[RealWorldQuery] = field(default_factory=list)
    same: list[RealWorldQuery] = field(default_factory=list)
    other: list[tuple[RealWorldQuery, RealWorldQuery]] = field(default_factory=list)
    withdrawn: list[RealWorldQuery] = field(default_factory=list)


def plan_import(
    brought: Sequence[RealWorldQuery], there: Sequence[RealWorldQuery], withdrawn: Mapping[str, str]
) -> ImportPlan:
    """Compare by id, then by content. A withdrawn id stays out whatever its content."""
    by_id = {query.id: query for query in there}
    plan = ImportPlan()
    for query in brought:
        if query.id in withdrawn:
            plan.withdrawn.append(query)
        elif query.id not in by_id:
            plan.new.append(query)
        elif by_id[query.id] == query:
            plan.same.append(query)
        else:
            plan.other.append((by_id[query.id], query))
    return plan


def differences(there: RealWorldQuery, brought: RealWorldQuery) -> dict[str, tuple[object, object]]:
    """Column -> (what is there, what is brought), of the columns in which two rows differ."""
    before, after = there.model_dump(), brought.model_dump()
    return {name: (before[name], after[name]) for name in before if before[name] != after[name]}
