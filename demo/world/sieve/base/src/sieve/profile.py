"""Where the time of a query went: rows and seconds of every step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sieve.expr import Batch


@dataclass
class Step:
    """One step of a plan. `seconds` includes the steps below it."""

    label: str
    depth: int
    rows: int = 0
    batches: int = 0
    seconds: float = 0.0


@dataclass
class Profile:
    """Filled while a query runs; steps stand in the order of the plan, outermost first."""

    steps: list[Step] = field(default_factory=list)

    def begin(self, label: str, depth: int) -> Step:
        step = Step(label, depth)
        self.steps.append(step)
        return step

    def watch(self, step: Step, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Hand the batches on and note how long each one took to come."""
        while True:
            started = time.perf_counter()
            batch = next(batches, None)
            step.seconds += time.perf_counter() - started
            if batch is None:
                return
            step.batches += 1
            step.rows += len(next(iter(batch.values()), []))
            yield batch

    def render(self) -> str:
        """A plain text table, one line per step."""
        lines = [f"{'seconds':>9}  {'rows':>10}  step"]
        for step in self.steps:
            lines.append(f"{step.seconds:>9.3f}  {step.rows:>10}  {'  ' * step.depth}{step.label}")
        return "\n".join(lines)
