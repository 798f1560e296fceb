import pytest

from driftwood.metrics import best_step, moving_average, summarise


def test_summarise():
    assert summarise([(0, 2.0), (1, 4.0), (2, 3.0)]) == {"min": 2.0, "max": 4.0, "mean": 3.0, "last": 3.0}


def test_best_step():
    series = [(0, 2.0), (10, 0.5), (20, 1.0)]
    assert best_step(series) == 10
    assert best_step(series, mode="max") == 0


def test_moving_average():
    assert moving_average([1.0, 2.0, 3.0, 4.0], 1) == [1.0, 2.0, 3.0, 4.0]
    assert moving_average([2.0, 2.0, 4.0, 6.0], 2)[1:] == [2.0, 3.0, 5.0]


def test_moving_average_needs_a_window():
    with pytest.raises(ValueError):
        moving_average([1.0], 0)
