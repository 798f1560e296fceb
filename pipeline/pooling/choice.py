"""Choose the pool: level by level, each proved, until one pool is left; then checked again from the quotas alone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.errors import LimiError
from pipeline.pooling.candidates import Candidate
from pipeline.pooling.conflicts import raise_conflicts
from pipeline.pooling.levels import ORDER, Level, levels_of
from pipeline.pooling.model import Model
from pipeline.pooling.program import Bound, Face, Program, Whole, narrowed
from pipeline.pooling.quotas import Quota, broken, check_ids, rules_of
from pipeline.pooling.relaxation import Proposer, Relaxation
from pipeline.pooling.search import best
from pipeline.sampling import draw_key


@dataclass(frozen=True)
class Stage:
    """What was proved at one level: over `face` (pools that are best at all levels before), none is worth more than `value`."""

    level: Level
    costs: Whole
    face: Face
    value: int
    bound: Bound
    parts: int


@dataclass(frozen=True)
class Choice:
    """The one best pool. `chosen` are places in `model.candidates`; `stages` prove it, level by level."""

    model: Model
    quotas: tuple[Quota, ...]
    chosen: tuple[int, ...]
    point: Whole
    stages: tuple[Stage, ...]
    proposer: Proposer

    @property
    def ids(self) -> set[str]:
        """The ids of the chosen."""
        return {self.model.candidates[place].id for place in self.chosen}


def choose(
    candidates: Iterable[Candidate],
    size: int,
    quotas: Sequence[Quota],
    seed: int,
    order: Sequence[str] = ORDER,
    proposer_of: Callable[[Program], Proposer] = Relaxation,
) -> Choice:
    """The best pool of `size` candidates that keeps all quotas; the same whatever the candidates' order, machine and solver.

    Raises UserError naming the quotas in conflict if no pool keeps them, or a wrong quota, order or id.
    """
    check_ids(candidates := list(candidates))
    ordered = sorted(candidates, key=lambda one: draw_key(seed, one.id))
    rules = rules_of(quotas, ordered)
    model = Model(ordered, rules, size, levels_of(order), seed)
    proposer = proposer_of(model.program)
    face, point, stages = model.face, None, []
    for level in model.levels:
        if level.kind == "draw" and point is not None and _only(model, proposer, face, point):
            break
        costs = model.costs(level)
        known = best(model.program, proposer, costs, face, decide=len(ordered), mend=model.mend, known=point)
        if known is None:
            raise_conflicts(ordered, size, quotas, proposer_of)
            # Cannot be, for both were proved; if it is, then the fault is here.
            raise LimiError("the pool's quotas are in conflict, but no list of them is")
        point = known.point
        stages.append(Stage(level, costs, face, known.value, known.bound, known.parts))
        face, exact = narrowed(face, known.bound, known.value)
        if not exact:
            row = model.program.add(np.flatnonzero(costs), costs[np.flatnonzero(costs)])
            proposer.add(model.program.rows[row])
            face = face.with_new_row(known.value, known.value)
    if point is None or not _only(model, proposer, face, point):
        raise LimiError("two pools are alike to the last digit of their draw keys")  # that is: of sha256
    choice = Choice(model, tuple(quotas), tuple(model.pool(point)), point, tuple(stages), proposer)
    _verify(choice, size)
    return choice


def _only(model: Model, proposer: Proposer, face: Face, point: Whole) -> bool:
    """Whether a face holds one pool alone: none of it has a candidate that this one has not."""
    count = len(model.candidates)
    if np.array_equal(face.lower[:count], face.upper[:count]):
        return True
    others = np.zeros(model.program.columns, np.int64)
    others[:count] = 1 - point[:count]
    other = best(model.program, proposer, others, face, decide=count, mend=model.mend, known=point, enough=1)
    return other is not None and other.value == 0


def _verify(choice: Choice, size: int) -> None:
    """Count the quotas and the worth again, from the candidates and with nothing of the program."""
    pool = [choice.model.candidates[place] for place in choice.chosen]
    wrong = broken(choice.quotas, pool)
    wrong += [str(stage.level) for stage in choice.stages if stage.level.worth(pool, choice.model.seed) != stage.value]
    if wrong or len(pool) != size:
        raise LimiError(f"the pool of {len(pool)} that was chosen fails its own check: {'; '.join(wrong)}")
