"""The order of rows: every row once in each epoch, the same on any number of ranks, another one in each epoch."""

from hypothesis import given
from hypothesis import strategies as st

from finetune.training.order import Order, rows_of_epoch


@given(rows=st.integers(1, 60), seed=st.integers(0, 99), ranks=st.integers(1, 9))
def test_every_row_comes_once_and_then_the_filler_until_all_ranks_have_equally_many(
    rows: int, seed: int, ranks: int
) -> None:
    seen = list(Order(rows, seed, ranks))
    assert len(seen) % ranks == 0
    assert len(seen) - rows < ranks
    assert sorted(seen[:rows]) == list(range(rows))
    assert set(seen[rows:]) <= {rows}


def test_the_order_is_of_seed_and_epoch_alone() -> None:
    assert rows_of_epoch(6, 1, 0) == [2, 1, 4, 5, 3, 0]
    assert rows_of_epoch(6, 1, 1) != rows_of_epoch(6, 1, 0)
    assert rows_of_epoch(6, 2, 0) != rows_of_epoch(6, 1, 0)


def test_the_sampler_takes_the_epoch_that_it_is_told() -> None:
    order = Order(6, 1, 4)
    order.set_epoch(5)
    assert list(order)[:6] == rows_of_epoch(6, 1, 5)
    assert len(order) == len(list(order)) == 8
