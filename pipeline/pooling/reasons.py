"""Why each candidate is in the pool or not: what changes if it is forced the other way, at the first level where anything is lost.

Two arguments meet. From above, what was proved: the multipliers of each level say how much a pool loses at least if a candidate is
forced. From below, an exchange: the best pool that comes of one swap. Where both say the same, it is exact without solving again,
which is nearly always; the rest is solved with the candidate forced. Which way it was is not told, for it may differ from solver to solver,
while what is lost does not.
"""

from dataclasses import dataclass

from pipeline.pooling.choice import Choice
from pipeline.pooling.conflicts import conflicts
from pipeline.pooling.exchange import Exchange, Swap
from pipeline.pooling.search import best

# With more candidates only swaps are looked at, which needs no solver; a thousand take a few seconds exactly, ten thousand minutes.
EXACT = 2000


@dataclass(frozen=True)
class Reason:
    """What the best pool loses if a candidate is forced the other way: in if it is out, out if it is in.

    `level` is the place of the first level at which that pool is worse, `loss` by how much. `swap` is the candidate that would change
    places with it, where one swap does it. Where `kind` is exact, no pool so forced loses less. Where it is swap, no other single
    swap loses less (several might). Where it is none, no single swap does it. Where it is blocked, no pool does it, and
    `blocked` are the quotas that leave none.
    """

    candidate: int
    kind: str
    level: int = 0
    loss: int = 0
    swap: int | None = None
    blocked: tuple[str, ...] = ()


def reasons(choice: Choice, exact: bool | None = None) -> list[Reason]:
    """The reason of every candidate, in the order of `choice.model.candidates`; exact by default for EXACT candidates or fewer."""
    if exact is None:
        exact = len(choice.model.candidates) <= EXACT
    swaps = Exchange(choice).best()
    return [_reason(choice, place, swaps.get(place), exact) for place in range(len(choice.model.candidates))]


def _reason(choice: Choice, place: int, swap: Swap | None, exact: bool) -> Reason:
    if swap is None and (alone := _blocked_alone(choice, place)):
        return Reason(place, "blocked", blocked=(alone,))
    if not exact:
        return Reason(place, "swap", swap.level, swap.loss, swap.other) if swap else Reason(place, "none")
    known = proved(choice, place)
    if swap and (swap.level, swap.loss) == known:
        return Reason(place, "exact", swap.level, swap.loss, swap.other)
    return _solved(choice, place, known, swap)


def proved(choice: Choice, place: int) -> tuple[int, int] | None:
    """`(level, loss)`: with a candidate forced the other way, so much is lost at that level, or more, or something at an earlier one.

    It comes of the multipliers alone; None if they say nothing.
    """
    direction = 1 if choice.point[place] else -1
    for at, stage in enumerate(choice.stages):
        between = stage.bound.total - stage.value * stage.bound.unit
        worse = direction * int(stage.bound.reduced[place]) - between
        if worse > 0:
            return at, -(-worse // stage.bound.unit)
    return None


def _blocked_alone(choice: Choice, place: int) -> str:
    """A rule that by itself leaves no choice: it takes all it counts, or none."""
    for rule in choice.model.rules:
        if place in rule.members:
            if choice.point[place] and rule.least == len(rule.members):
                return rule.words
            if not choice.point[place] and rule.most == 0:
                return rule.words
    return ""


def _solved(choice: Choice, place: int, known: tuple[int, int] | None, swap: Swap | None) -> Reason:
    """Solve with the candidate forced, at each level over the pools that are best at those before."""
    # Where the proof names a level, a pool so forced that is best at all levels before it, if there is one, settles those at once.
    if known and (loss := _loss(choice, place, known[0])):
        return _exact(place, known[0], loss, swap)
    for level in range(len(choice.stages)):
        loss = _loss(choice, place, level)
        if loss is None:  # only at the first level: later, the pool that lost nothing so far is there
            lists = conflicts(
                choice.model.candidates, choice.model.size, choice.quotas, held={place: 1 - int(choice.point[place])}
            )
            return Reason(place, "blocked", blocked=tuple(str(quota) for one in lists for quota in one.quotas))
        if loss:
            return _exact(place, level, loss, swap)
    raise AssertionError("another pool is as good as the best, which is the only one")


def _loss(choice: Choice, place: int, level: int) -> int | None:
    """What is lost at a level with the candidate forced, among pools that are best before it. None if there is no such pool."""
    model, stage = choice.model, choice.stages[level]
    face = model.program.widened(stage.face).with_column(place, 1 - int(choice.point[place]))
    found = best(
        model.program,
        choice.proposer,
        stage.costs,
        face,
        decide=len(model.candidates),
        mend=model.mend,
        enough=stage.value,
    )
    return None if found is None else stage.value - found.value


def _exact(place: int, level: int, loss: int, swap: Swap | None) -> Reason:
    same = swap is not None and (swap.level, swap.loss) == (level, loss)
    return Reason(place, "exact", level, loss, swap.other if swap and same else None)
