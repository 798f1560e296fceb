"""Who judges what: exact overlap, even loads and pairs, stable as queries and people come, the same for the same seed."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from annotation.assignment import Assignment, assign

PEOPLE = ("amara", "bo", "chidi", "dana", "eli", "fay")
sizes = some.integers(0, 30)
overlaps = some.integers(1, 4)
commons = some.integers(0, 4)
seeds = some.integers(0, 5)


def queries(count: int) -> list[str]:
    return [f"q{number}" for number in range(count)]


def holders(made: Assignment) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, own in sorted(made.queries.items()):
        for query in own:
            found.setdefault(query, []).append(name)
    return found


def pairs(made: Assignment) -> Counter[tuple[str, str]]:
    found = holders(made)
    return Counter(
        pair for query, names in found.items() if query not in made.calibration for pair in combinations(names, 2)
    )


@given(sizes, some.integers(1, 6), overlaps, commons, seeds)
def test_each_query_has_its_overlap_and_loads_differ_by_one(
    count: int, people: int, overlap: int, calibration: int, seed: int
) -> None:
    made = assign(queries(count), PEOPLE[:people], overlap, calibration, seed, {})
    found = holders(made)
    assert found.keys() == set(queries(count))
    assert len(made.calibration) == min(calibration, count)
    assert all(
        len(names) == (people if query in made.calibration else min(overlap, people)) for query, names in found.items()
    )
    loads = [len(own) for own in made.queries.values()]
    assert max(loads) - min(loads) <= 1
    assert all(len(set(own)) == len(own) for own in made.queries.values())


@pytest.mark.parametrize(("people", "overlap"), [(3, 2), (4, 2), (4, 3), (5, 2), (6, 2), (6, 3)])
@pytest.mark.parametrize("count", [4, 13, 40, 200])
def test_any_two_people_share_about_as_many_queries_as_any_other_two(people: int, overlap: int, count: int) -> None:
    made = pairs(assign(queries(count), PEOPLE[:people], overlap, 0, 7, {}))
    each = [made[pair] for pair in combinations(PEOPLE[:people], 2)]
    # Queries come one by one, and a later one makes up for what an earlier one left uneven.
    assert max(each) - min(each) <= 3
    assert sum(each) / len(each) == pytest.approx(count * overlap * (overlap - 1) / (people * (people - 1)))


def best_spread(count: int, people: int, overlap: int) -> int:
    """The smallest difference between pairs that any assignment with even loads has, by trying them all."""
    groups = list(combinations(range(people), overlap))
    best = count

    def go(left: int, loads: list[int], shared: Counter[tuple[int, int]], start: int) -> None:
        nonlocal best
        if left == 0:
            if max(loads) - min(loads) <= 1:
                each = [shared[pair] for pair in combinations(range(people), 2)]
                best = min(best, max(each) - min(each))
            return
        for at in range(start, len(groups)):
            for name in groups[at]:
                loads[name] += 1
            shared.update(combinations(groups[at], 2))
            go(left - 1, loads, shared, at)
            shared.subtract(combinations(groups[at], 2))
            for name in groups[at]:
                loads[name] -= 1

    go(count, [0] * people, Counter(), 0)
    return best


@pytest.mark.parametrize("count", range(1, 8))
def test_four_people_in_pairs_are_as_even_as_brute_force_can_make_them(count: int) -> None:
    made = pairs(assign(queries(count), PEOPLE[:4], 2, 0, 3, {}))
    each = [made[pair] for pair in combinations(PEOPLE[:4], 2)]
    assert max(each) - min(each) == best_spread(count, 4, 2)


def test_calibration_stands_first_and_the_rest_is_everyones_own_shuffle() -> None:
    made = assign(queries(40), PEOPLE[:4], 4, 5, 7, {})
    first = {tuple(own[:5]) for own in made.queries.values()}
    assert len(first) == 1
    assert set(first.pop()) == made.calibration
    rest = [own[5:] for own in made.queries.values()]
    assert len({tuple(own) for own in rest}) == 4
    assert len({frozenset(own) for own in rest}) == 1


def test_neither_the_order_of_the_queries_nor_of_the_people_matters() -> None:
    names = queries(25)
    made = assign(names, PEOPLE, 3, 2, 7, {})
    assert made == assign(names[::-1], PEOPLE[::-1], 3, 2, 7, {})
    assert made != assign(names, PEOPLE, 3, 2, 8, {})


@given(some.data())
def test_what_is_held_is_never_taken_away(data: some.DataObject) -> None:
    before = data.draw(some.integers(0, 12))
    overlap, common, seed = data.draw(overlaps), data.draw(commons), data.draw(seeds)
    held = {
        name: set(data.draw(some.lists(some.sampled_from(queries(before)), max_size=before)) if before else [])
        for name in PEOPLE[:4]
    }
    made = assign(queries(before + 8), PEOPLE[:5], overlap, common, seed, held)
    found = holders(made)
    for name, own in held.items():
        assert own <= set(made.queries[name])
    for query, names in found.items():
        had = sum(query in own for own in held.values())
        assert len(names) == (5 if query in made.calibration else max(had, overlap))


def test_pushed_again_the_same_is_given_out() -> None:
    first = assign(queries(40), PEOPLE[:4], 2, 3, 7, {})
    assert assign(queries(40), PEOPLE[:4], 2, 3, 7, first.queries) == first


def test_new_queries_go_to_who_has_least() -> None:
    first = assign(queries(6), PEOPLE[:2], 1, 0, 7, {})
    made = assign(queries(12), PEOPLE[:3], 1, 0, 7, first.queries)
    assert {name: len(own) for name, own in made.queries.items()} == {"amara": 4, "bo": 4, "chidi": 4}


def test_later_queries_leave_the_calibration_batch_as_it_is() -> None:
    first = assign(queries(10), PEOPLE[:4], 2, 3, 7, {})
    later = assign(queries(500), PEOPLE[:4], 2, 3, 7, first.queries)
    assert later.calibration == first.calibration


def test_later_queries_and_people_leave_the_calibration_batch_as_it_is() -> None:
    first = assign(queries(40), PEOPLE[:3], 2, 3, 7, {})
    later = assign(queries(84), PEOPLE[:4], 2, 3, 7, first.queries)
    assert later.calibration == first.calibration
    assert {tuple(own[:3]) for own in later.queries.values()} == {tuple(first.queries["amara"][:3])}


@given(some.data())
def test_what_somebody_skipped_goes_to_somebody_else(data: some.DataObject) -> None:
    overlap, common, seed = data.draw(overlaps), data.draw(commons), data.draw(seeds)
    people = PEOPLE[: data.draw(some.integers(1, 5))]
    first = assign(queries(12), people, overlap, common, seed, {})
    skipped = {
        name: set(data.draw(some.lists(some.sampled_from(own), max_size=4)))
        for name, own in first.queries.items()
        if own
    }
    made = assign(queries(12), people, overlap, common, seed, first.queries, skipped)
    found = holders(made)
    for name, own in skipped.items():
        assert not own & set(made.queries[name])
        assert set(first.queries[name]) - own <= set(made.queries[name])
    for query in queries(12):
        left = len(people) - sum(query in own for own in skipped.values())
        assert len(found.get(query, [])) == (left if query in made.calibration else min(overlap, left))


def test_a_skip_leaves_the_calibration_batch_as_it_is() -> None:
    first = assign(queries(40), PEOPLE[:4], 2, 3, 7, {})
    skipped = dict.fromkeys(PEOPLE[:3], first.calibration)
    assert assign(queries(80), PEOPLE[:4], 2, 3, 7, first.queries, skipped).calibration == first.calibration


def test_many_annotators_are_chosen_one_by_one() -> None:
    made = assign(queries(200), [f"p{number}" for number in range(30)], 4, 0, 7, {})
    loads = [len(own) for own in made.queries.values()]
    assert max(loads) - min(loads) <= 1
    assert max(pairs(made).values()) <= 6
