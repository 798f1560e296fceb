"""Steps are counted as the trainer takes them: the last batch of an epoch is a step, and tokens can decide in place of epochs."""

import pytest

from finetune.preflight.schedule import Steps, steps
from pipeline.errors import UserError
from pipeline.train_sections import Schedule


def schedule(**changed: int) -> Schedule:
    standard = {"epochs": 4, "global_batch": 64, "loss_tokens": 0, "save_steps": 2, "keep_checkpoints": 2}
    return Schedule.model_validate(standard | changed)


def test_the_78_rows_of_the_paper_make_8_steps() -> None:
    assert steps(78, 1_000_000, schedule(), groups=1) == Steps(
        per_epoch=2, total=8, accumulation=64, epochs=4.0, row_passes=312
    )


@pytest.mark.parametrize(
    ("rows", "batch", "epochs", "total"), [(64, 64, 4, 4), (65, 64, 4, 8), (1, 64, 3, 3), (10, 4, 1, 3)]
)
def test_the_rows_that_are_left_at_the_end_of_an_epoch_are_a_step(
    rows: int, batch: int, epochs: int, total: int
) -> None:
    assert steps(rows, 100, schedule(global_batch=batch, epochs=epochs), groups=1).total == total


def test_groups_share_the_rows_of_a_step() -> None:
    assert steps(78, 1000, schedule(), groups=2).accumulation == 32


def test_a_batch_that_the_groups_cannot_share_is_refused() -> None:
    with pytest.raises(UserError, match="global_batch 64 cannot be shared by 3 groups"):
        steps(78, 1000, schedule(), groups=3)


def test_tokens_decide_how_long_rows_are_seen_in_place_of_epochs() -> None:
    ten, all_rows = schedule(loss_tokens=40_000, global_batch=10), schedule(loss_tokens=40_000, global_batch=10)
    few, many = steps(10, 1_000, ten, groups=1), steps(80, 8_000, all_rows, groups=1)
    assert (few.total, few.epochs) == (40, 40.0) and (many.total, many.epochs) == (40, 5.0)


def test_there_is_a_step_however_few_the_tokens_are() -> None:
    assert steps(10, 1_000_000, schedule(loss_tokens=1), groups=1).total == 1


def test_rows_are_counted_as_often_as_they_are_seen() -> None:
    half = steps(10, 1_000, schedule(loss_tokens=1_500, global_batch=4), groups=1)
    assert (half.per_epoch, half.total, half.row_passes) == (3, 4, 14)


@pytest.mark.parametrize(("rows", "tokens"), [(0, 0), (3, 0)])
def test_nothing_to_train_on_is_refused(rows: int, tokens: int) -> None:
    with pytest.raises(UserError, match="nothing to train on"):
        steps(rows, tokens, schedule(), groups=1)
