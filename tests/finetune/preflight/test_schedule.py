"""Steps are counted as the trainer takes them: the last batch of an epoch is a step, and tokens can decide in place of epochs."""

from itertools import accumulate

import pytest

from finetune.data.rendering import NO_LOSS, Rendered
from finetune.preflight.preflight import Places
from finetune.preflight.schedule import Steps, steps
from finetune.runs.speed import Seen
from finetune.training.order import rows_of_epoch
from pipeline.errors import UserError
from pipeline.train_sections import Schedule
from tests.finetune.preflight.made import look, refusals

SEED = 7


def schedule(**changed: int) -> Schedule:
    standard = {"epochs": 4, "global_batch": 64, "loss_tokens": 0, "save_steps": 2, "keep_checkpoints": 2}
    return Schedule.model_validate(standard | changed)


def rows(*loss_tokens: int) -> list[Rendered]:
    """Rows of ten tokens more than so many that carry loss."""
    return [
        Rendered(str(number), "", [1] * (count + 10), [NO_LOSS] * 10 + [1] * count, [])
        for number, count in enumerate(loss_tokens)
    ]


def planned(given: list[Rendered], groups: int = 1, **changed: int) -> Steps:
    return steps(given, SEED, schedule(**changed), groups)


def test_the_78_rows_of_the_paper_make_8_steps() -> None:
    assert planned(rows(*[30] * 78)) == Steps(
        per_epoch=2, total=8, accumulation=64, epochs=4.0, seen=Seen(4 * 78 * 40, 4 * 78 * 30)
    )


@pytest.mark.parametrize(
    ("count", "batch", "epochs", "total"), [(64, 64, 4, 4), (65, 64, 4, 8), (1, 64, 3, 3), (10, 4, 1, 3)]
)
def test_the_rows_that_are_left_at_the_end_of_an_epoch_are_a_step(
    count: int, batch: int, epochs: int, total: int
) -> None:
    assert planned(rows(*[5] * count), global_batch=batch, epochs=epochs).total == total


def test_groups_share_the_rows_of_a_step() -> None:
    assert planned(rows(*[5] * 78), groups=2).accumulation == 32


def test_a_batch_that_the_groups_cannot_share_is_refused() -> None:
    with pytest.raises(UserError, match="global_batch 64 cannot be shared by 3 groups"):
        planned(rows(*[5] * 78), groups=3)


def test_tokens_decide_how_long_rows_are_seen_in_place_of_epochs() -> None:
    few, many = (planned(rows(*[100] * count), loss_tokens=40_000, global_batch=10) for count in (10, 80))
    assert (few.total, few.epochs) == (40, 40.0) and (many.total, many.epochs) == (40, 5.0)


def test_there_is_a_step_however_few_the_tokens_are() -> None:
    assert planned(rows(*[1_000] * 10), loss_tokens=1).total == 1


@pytest.mark.parametrize(("count", "asked", "total"), [(70, 300, 8), (66, 99, 3), (78, 117, 3), (70, 320, 9)])
def test_the_short_step_of_an_epoch_counts_as_what_it_is(count: int, asked: int, total: int) -> None:
    found = planned(rows(*[10] * count), loss_tokens=10 * asked)
    whole, part = divmod(total, 2)
    row_passes = whole * count + part * 64
    assert (found.total, found.seen) == (total, Seen(20 * row_passes, 10 * row_passes))
    assert found.epochs == round(row_passes / count, 3)


@pytest.mark.parametrize("asked", [1, 700, 9_000, 12_345, 30_000, 100_001])
def test_the_steps_come_nearest_to_the_tokens_in_the_order_that_is_trained(asked: int) -> None:
    given = rows(*[37 * number % 911 + 3 for number in range(23)])
    of_steps = []
    for epoch in range(20):
        order = [given[row].loss_tokens for row in rows_of_epoch(23, SEED, epoch)]
        of_steps += [sum(order[at : at + 4]) for at in range(0, 23, 4)]
    seen = list(accumulate(of_steps))
    found = planned(given, loss_tokens=asked, global_batch=4)
    assert found.seen.loss_tokens == seen[found.total - 1]
    assert abs(found.seen.loss_tokens - asked) == min(abs(count - asked) for count in seen)


@pytest.mark.parametrize("given", [[], rows(0, 0, 0)])
def test_nothing_to_train_on_is_refused(given: list[Rendered]) -> None:
    with pytest.raises(UserError, match="nothing to train on"):
        planned(given)


def test_the_preflight_tells_what_is_seen_and_refuses_to_be_far_from_what_was_asked_for(places: Places) -> None:
    whole = look(places, schedule={"epochs": 6})
    assert (whole.seen_tokens, whole.seen_loss_tokens) == (6 * whole.kept.tokens, 6 * whole.loss_tokens)

    def asked(share: float) -> dict[str, dict[str, int]]:
        """All rows are a batch, so that so many epochs are as many steps."""
        return {"schedule": {"loss_tokens": round(share * whole.loss_tokens), "global_batch": 3}}

    exact = look(places, **asked(6))
    assert (exact.steps["total"], exact.seen_loss_tokens) == (6, 6 * whole.loss_tokens)
    assert not any("loss_tokens" in text for text in exact.told)
    near = look(places, **asked(6.3))
    assert near.refused == [] and any("(-4.8%), with 6 of them; a smaller" in text for text in near.told)
    far = look(places, **asked(1.4))
    assert f"the nearest that whole steps come to is {whole.loss_tokens:,} (-28.6%)" in refusals(far, places)
