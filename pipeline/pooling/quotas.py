"""Quotas: how many of which candidates a pool has, at least, at most or exactly, in a form that people write and read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.errors import UserError
from pipeline.pooling.candidates import ATTRIBUTES, Candidate


@dataclass(frozen=True)
class Quota:
    """How many of the candidates that have all attributes of `where` are in the pool: `least` to `most`, both included.

    With `each`, the limits hold for every value of that attribute among them by itself (`each="repository", most=2`); such a quota
    has only a `most`, for nobody knows beforehand which values there are. Raises UserError for a quota that says nothing.
    """

    where: Mapping[str, str] = field(default_factory=dict)
    least: int = 0
    most: int | None = None
    each: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(({*self.where, self.each} - {""}) - set(ATTRIBUTES))
        if unknown:
            raise UserError(f"a quota names {', '.join(unknown)}; what it can count by is {', '.join(ATTRIBUTES)}")
        if empty := [name for name, value in self.where.items() if not value]:
            raise UserError(f"a quota names no value of {', '.join(empty)}")
        if self.least < 0 or (self.most is not None and self.most < self.least):
            raise UserError(f"the quota '{self}' can't hold: its limits are {self.least} and {self.most}")
        if self.each and (self.least or self.most is None):
            raise UserError(f"a quota for each {self.each} needs a most and has no least")
        if not self.least and self.most is None:
            raise UserError("a quota needs a least, a most, or both")

    def __str__(self) -> str:
        """The quota in words, such as `exactly 4 of origin github_pr and sub_domain front-end`."""
        of = " and ".join(f"{name} {value}" for name, value in self.where.items())
        if self.each:
            return f"at most {self.most} of each {self.each}" + (f" among those of {of}" if of else "")
        return f"{_limits(self.least, self.most)} {'of ' + of if of else 'in all'}"

    def counts(self, candidate: Candidate) -> bool:
        """Whether the candidate is one of those that it counts, under any value of `each`."""
        of = candidate.attributes
        return all(of.get(name) == value for name, value in self.where.items()) and (
            not self.each or bool(of.get(self.each))
        )

    def held(self, pool: Iterable[Candidate]) -> int:
        """What of a pool stands against its limits: how many it counts, or with `each` the most of one value."""
        counts = Counter(one.attributes[self.each] if self.each else "" for one in pool if self.counts(one))
        return max(counts.values(), default=0)


@dataclass(frozen=True)
class Rule:
    """One inequality that comes of a quota: of the candidates at `members`, `least` to `most` are chosen."""

    quota: int
    words: str
    members: tuple[int, ...]
    least: int
    most: int


def rules_of(quotas: Sequence[Quota], candidates: Sequence[Candidate]) -> list[Rule]:
    """The rules of all quotas over the candidates at their places. One that can't be broken (few members) is left out."""
    rules = []
    for at, quota in enumerate(quotas):
        groups: defaultdict[str, list[int]] = defaultdict(list)
        for place, candidate in enumerate(candidates):
            if quota.counts(candidate):
                groups[candidate.attributes[quota.each] if quota.each else ""].append(place)
        if not quota.each:
            groups[""]  # also without a member: then a least can't be met
        for value, members in sorted(groups.items()):
            most = len(members) if quota.most is None else quota.most
            if quota.least > 0 or most < len(members):
                words = f"at most {quota.most} of {quota.each} {value}" if quota.each else str(quota)
                rules.append(Rule(at, words, tuple(members), quota.least, max(quota.least, min(most, len(members)))))
    return rules


def broken(quotas: Sequence[Quota], pool: Sequence[Candidate]) -> list[str]:
    """The quotas that a pool breaks, in words with its count; simply counted, with nothing of the solver's form."""
    found = []
    for quota in quotas:
        counts = Counter(one.attributes[quota.each] if quota.each else "" for one in pool if quota.counts(one))
        for value, count in sorted(counts.items()) if quota.each else [("", counts[""])]:
            if count < quota.least or (quota.most is not None and count > quota.most):
                found.append(f"{quota}: {value + ' has ' if value else 'it has '}{count}")
    return found


def pool_quotas(counts: Mapping[str, int], sub_domains: Mapping[str, int], per_repository: int) -> list[Quota]:
    """The quotas of a plain pool: exact counts by origin (60 and 18), exact sub-domains and a most per repository of the pull requests'."""
    return [
        *exactly("origin", counts),
        *exactly("sub_domain", sub_domains, {"origin": "github_pr"}),
        Quota(each="repository", most=per_repository),
    ]


def exactly(attribute: str, counts: Mapping[str, int], where: Mapping[str, str] | None = None) -> list[Quota]:
    """A quota of an exact count for each value of an attribute, among those that `where` names."""
    return [Quota({**(where or {}), attribute: value}, count, count) for value, count in counts.items()]


def check_ids(candidates: Iterable[Candidate]) -> None:
    """Raise UserError if two candidates have one id: then no draw key tells them apart."""
    seen: set[str] = set()
    for one in candidates:
        if one.id in seen:
            raise UserError(f"two candidates have the id {one.id}; give one of them another")
        seen.add(one.id)


def _limits(least: int, most: int | None) -> str:
    if most == 0:
        return "none"
    if most is None:
        return f"at least {least}"
    if least == most:
        return f"exactly {least}"
    return f"{least} to {most}" if least else f"at most {most}"
