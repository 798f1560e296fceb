"""The learning rate by step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetune.training.learning_rate import learning_rate
from tests.finetune import made

LIMI = made.train(optimizer={"learning_rate": 1e-5, "min_learning_rate": 1e-6, "warmup_steps": 0}).optimizer


def rates(steps: int, warmup_steps: int = 0) -> list[float]:
    return [learning_rate(step, steps, LIMI.model_copy(update={"warmup_steps": warmup_steps})) for step in range(steps)]


def test_limis_eight_steps_begin_at_the_highest_rate_and_end_at_the_lowest() -> None:
    assert rates(8) == pytest.approx([1e-5, 9.554e-6, 8.306e-6, 6.501e-6, 4.499e-6, 2.694e-6, 1.446e-6, 1e-6], rel=1e-3)


def test_the_first_step_of_a_warmup_is_not_zero() -> None:
    assert rates(8, warmup_steps=3)[:4] == pytest.approx([2.5e-6, 5e-6, 7.5e-6, 1e-5])


@given(steps=st.integers(1, 40), warmup=st.integers(0, 45))
def test_every_rate_is_above_zero_and_none_above_the_highest(steps: int, warmup: int) -> None:
    taken = rates(steps, warmup_steps=warmup)
    assert all(0 < rate <= 1e-5 for rate in taken)
    assert taken[:warmup] == sorted(taken[:warmup])
    assert taken[warmup:] == sorted(taken[warmup:], reverse=True)


def test_a_run_of_one_step_takes_the_highest_rate() -> None:
    assert rates(1) == [1e-5]
