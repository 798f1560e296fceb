"""Cohen's kappa as published, counted by hand, and not there where it has no meaning."""

from itertools import product

import numpy
import pytest

from annotation.statistics.answers import Level, Question
from annotation.statistics.estimate import ALL_ALIKE, ONE_QUERY
from annotation.statistics.kappa import BOTH_CONSTANT, NO_SHARED, kappas, pairs
from tests.annotation.statistics.grids import COLOURS, GRADES, of_grid

# Westlund and Kurland (1953), used by Landis and Koch, Biometrics 33 (1977): two neurologists, certainty of multiple sclerosis.
# Values and 95 % intervals as printed by R's vcd::Kappa of its MSPatients: https://friendly.github.io/psy6136/R/output/msdiag-agree.html
WINNIPEG = ((38, 5, 0, 1), (33, 11, 3, 0), (10, 14, 5, 6), (3, 7, 3, 10))
NEW_ORLEANS = ((5, 3, 0, 0), (3, 11, 4, 0), (2, 13, 3, 4), (1, 2, 4, 14))
PUBLISHED: list[tuple[tuple[tuple[int, ...], ...], Question, float, float, float]] = [
    (WINNIPEG, COLOURS, 0.208, 0.109, 0.307),
    (WINNIPEG, GRADES, 0.380, 0.278, 0.481),
    (NEW_ORLEANS, COLOURS, 0.297, 0.143, 0.45),
    (NEW_ORLEANS, GRADES, 0.477, 0.334, 0.62),
]


def grid_of(table: tuple[tuple[int, ...], ...]) -> list[list[int | None]]:
    cells = [
        (one + 1, other + 1) for one, row in enumerate(table) for other, times in enumerate(row) for _ in range(times)
    ]
    return [[one for one, _ in cells], [other for _, other in cells]]


@pytest.mark.parametrize(("table", "question", "value", "low", "high"), PUBLISHED)
def test_the_published_tables_give_the_published_numbers(
    table: tuple[tuple[int, ...], ...], question: Question, value: float, low: float, high: float
) -> None:
    # Their weights are for four categories, ours has five with one unused: linear weights are the same up to a factor.
    (pair,) = pairs(of_grid(grid_of(table), question), "1")
    assert pair.kappa.value == pytest.approx(value, abs=5e-4)
    assert pair.kappa.low == pytest.approx(low, abs=0.03)  # theirs is by a normal approximation
    assert pair.kappa.high == pytest.approx(high, abs=0.03)
    assert pair.table[:4, :4].tolist() == [list(row) for row in table]
    assert pair.table.sum() == sum(map(sum, table))


def test_a_table_counted_by_hand() -> None:
    # 20 both yes, 5 and 10 apart, 15 both no: observed 35/50 = 0.7, by chance (25*30 + 25*20)/2500 = 0.5, kappa 0.2/0.5 = 0.4.
    assert kappas(numpy.array([[[20.0, 5.0], [10.0, 15.0]]]), "nominal")[0] == pytest.approx(0.4)


def test_the_same_agreement_with_other_margins_is_another_kappa() -> None:
    # 60 of 100 agree in both; by chance (60*70 + 40*30)/10000 = 0.54 and (60*30 + 40*70)/10000 = 0.46.
    tables = numpy.array([[[45.0, 15.0], [25.0, 15.0]], [[25.0, 35.0], [5.0, 35.0]]])
    assert kappas(tables, "nominal") == pytest.approx([0.06 / 0.46, 0.14 / 0.54])


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_kappa_is_what_the_definition_says(level: Level) -> None:
    draws = numpy.random.RandomState(5)
    for table in draws.randint(0, 6, size=(60, 4, 4)).astype(float):
        total = table.sum()
        weight = (lambda i, j: abs(i - j) / 3) if level == "ordinal" else (lambda i, j: float(i != j))
        observed = sum(weight(i, j) * table[i, j] for i, j in product(range(4), repeat=2)) / total
        expected = (
            sum(weight(i, j) * table[i].sum() * table[:, j].sum() for i, j in product(range(4), repeat=2)) / total**2
        )
        assert kappas(table[None], level)[0] == pytest.approx(1 - observed / expected)


def test_a_near_miss_weighs_less_in_an_order() -> None:
    near = of_grid([[1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 2]], GRADES)
    far = of_grid([[1, 2, 3, 4, 5, 1], [1, 2, 3, 4, 5, 5]], GRADES)
    (one,), (other,) = pairs(near, "1"), pairs(far, "1")
    assert one.kappa.value is not None and other.kappa.value is not None
    assert one.kappa.value > other.kappa.value


def test_perfect_agreement_is_one() -> None:
    (pair,) = pairs(of_grid([[1, 2, 3] * 5] * 2, COLOURS), "1")
    assert (pair.kappa.value, pair.kappa.reason) == (1.0, ALL_ALIKE)


def test_one_who_always_answers_the_same_agrees_by_chance_only() -> None:
    (pair,) = pairs(of_grid([[1] * 10, [1, 2] * 5], COLOURS), "1")
    assert pair.kappa.value == 0.0


def test_two_who_always_answer_the_same_have_no_kappa() -> None:
    (pair,) = pairs(of_grid([[1] * 10] * 2, COLOURS), "1")
    assert (pair.kappa.value, pair.kappa.reason) == (None, BOTH_CONSTANT)
    assert pair.table[0, 0] == 10


def test_two_who_share_no_query_have_no_kappa() -> None:
    (pair,) = pairs(of_grid([[1, None], [None, 2]], COLOURS), "1")
    assert (pair.kappa.value, pair.kappa.queries, pair.kappa.reason) == (None, 0, NO_SHARED)
    assert pair.table.sum() == 0


def test_one_shared_query_has_no_interval() -> None:
    (pair,) = pairs(of_grid([[1, None], [2, 2]], COLOURS), "1")
    assert (pair.kappa.value, pair.kappa.low, pair.kappa.reason) == (0.0, None, ONE_QUERY)


def test_four_annotators_are_six_pairs_and_one_is_none() -> None:
    assert len(pairs(of_grid([[1, 2]] * 4, COLOURS), "1")) == 6
    assert pairs(of_grid([[1, 2]], COLOURS), "1") == []
