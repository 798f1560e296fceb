"""What a check says: the rule, how grave it is, and the place. It never quotes the session, whose text may hold a secret."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from trajectories.archive.session import Session
from trajectories.checks.limits import Known, Limits


@dataclass(frozen=True)
class Place:
    """Where a rule is broken: the step (None: the session as a whole), its field, what is wrong, and what was measured by what limit."""

    step: int | None
    field: str
    said: str
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True)
class Finding:
    """One broken rule. A `refused` session must not be trained on or published; `flagged` is for people to look at."""

    rule: str
    severity: Literal["refused", "flagged"]
    step: int | None
    field: str
    said: str
    value: float | None = None
    limit: float | None = None

    def __str__(self) -> str:
        """One line: place, rule and sentence."""
        at = f"step {self.step}, {self.field}" if self.step is not None else self.field
        return f"{self.severity} {self.rule}: {at}: {self.said}"


@dataclass(frozen=True)
class Case:
    """A session with all that its checks need."""

    session: Session
    limits: Limits
    known: Known
    count: Callable[[], int] = field(repr=False)
    count_unrendered: Callable[[], int] = field(repr=False)

    @cached_property
    def rejected(self) -> frozenset[str]:
        """The tool_call_id of every call that the human rejected."""
        return self.session.rejected

    @cached_property
    def tokens(self) -> int:
        """Tokens of the rendered export, counted once. Raises UserError if the policy or the template can't tell a step."""
        return self.count()

    @property
    def unrendered(self) -> int:
        """Turns that carry loss and whose reasoning the model's template leaves out. Raises UserError as `tokens` does."""
        return self.count_unrendered()


@dataclass(frozen=True)
class Rule:
    """A check: its name, why it is one, how grave it is by default, and the function that finds where it is broken."""

    name: str
    severity: Literal["refused", "flagged"]
    reason: str
    places: Callable[[Case], Iterator[Place]]
