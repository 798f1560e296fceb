"""What a push changes in a project: nothing twice, no work lost, and in the end exactly what is wanted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from annotation.studio.planning import Plan, drops_something, plan
from annotation.studio.reading import HeldTask

QUERIES = ("a", "b", "c")
TEXTS = ("1", "2")


def meta(query: str, text: str, reviews: str = "") -> dict[str, Any]:
    return {"query_id": query, "task_sha256": text} | ({"panels_sha256": reviews} if reviews else {})


def carried_out(made: Plan, wanted: dict[str, dict[str, Any]], held: list[HeldTask]) -> list[HeldTask]:
    """The project after the plan, as the server would hold it."""
    gone = {one.task for one in made.delete}
    changed = {mark.task: mark for mark in [*made.mark, *made.revive]}
    after = [
        HeldTask(one.task, changed[one.task].meta, not changed[one.task].queued) if one.task in changed else one
        for one in held
        if one.task not in gone
    ]
    first = max((one.task for one in held), default=0) + 1
    return after + [HeldTask(first + at, wanted[query], False) for at, query in enumerate(made.create)]


wanted_tasks = some.dictionaries(some.sampled_from(QUERIES), some.sampled_from(TEXTS)).map(
    lambda chosen: {query: meta(query, text) for query, text in chosen.items()}
)
states = some.tuples(
    some.sampled_from(["", *QUERIES]), some.sampled_from(TEXTS), some.booleans(), some.booleans(), some.booleans()
)


@some.composite
def projects(draw: some.DrawFn) -> tuple[list[HeldTask], set[int]]:
    held, worked = [], set()
    for number, (query, text, has_work, marked, hidden) in enumerate(draw(some.lists(states, max_size=8)), 1):
        own = meta(query, text) if query else {}
        held.append(HeldTask(number, own | ({"superseded": "so", "superseded_by": "x"} if marked else {}), hidden))
        if has_work:
            worked.add(number)
    return held, worked


@given(wanted_tasks, projects())
def test_afterwards_each_wanted_task_is_asked_for_once(
    wanted: dict[str, dict[str, Any]], project: tuple[list[HeldTask], set[int]]
) -> None:
    held, worked = project
    after = carried_out(plan(wanted, held, worked), wanted, held)
    asked = [one for one in after if one.query_id and not one.superseded and not one.hidden]
    assert sorted((one.query_id, one.meta["task_sha256"]) for one in asked) == sorted(
        (query, own["task_sha256"]) for query, own in wanted.items()
    )


@given(wanted_tasks, projects())
def test_work_and_what_is_not_ours_stays(
    wanted: dict[str, dict[str, Any]], project: tuple[list[HeldTask], set[int]]
) -> None:
    held, worked = project
    after = {one.task: one for one in carried_out(plan(wanted, held, worked), wanted, held)}
    assert worked <= after.keys()
    assert all(after[one.task] == one for one in held if not one.query_id)


@given(wanted_tasks, projects())
def test_a_second_push_has_nothing_to_do(
    wanted: dict[str, dict[str, Any]], project: tuple[list[HeldTask], set[int]]
) -> None:
    held, worked = project
    after = carried_out(plan(wanted, held, worked), wanted, held)
    again = plan(wanted, after, worked)
    assert (again.create, again.delete, again.mark, again.revive) == ([], [], [], [])
    assert again.kept == len(wanted)


@given(wanted_tasks, projects())
def test_who_worked_on_what_is_asked_wherever_it_matters(
    wanted: dict[str, dict[str, Any]], project: tuple[list[HeldTask], set[int]]
) -> None:
    held, worked = project
    if not drops_something(wanted, held):
        made = plan(wanted, held, worked)
        assert (made.delete, made.mark, made.revive) == ([], [], [])
        assert made == plan(wanted, held, set())


def test_of_two_copies_the_one_with_work_stays_and_else_the_older() -> None:
    held = [HeldTask(number, meta("a", "1"), False) for number in (1, 2, 3)]
    assert [one.task for one in plan({"a": meta("a", "1")}, held, {3}).delete] == [1, 2]
    assert [one.task for one in plan({"a": meta("a", "1")}, held, set()).delete] == [2, 3]
    two = plan({"a": meta("a", "1")}, held, {2, 3})
    assert [one.task for one in two.delete] == [1]
    assert [(mark.task, mark.meta["superseded"]) for mark in two.mark] == [(3, "another copy of the same task is kept")]


def test_a_verdict_on_older_reviews_stands_and_an_undecided_task_is_made_anew() -> None:
    wanted = {"a": meta("a", "1", reviews="new")}
    held = [HeldTask(1, meta("a", "1", reviews="old"), False)]
    assert plan(wanted, held, {1}).kept == 1
    undecided = plan(wanted, held, set())
    assert (undecided.create, [one.task for one in undecided.delete]) == (["a"], [1])


def test_a_task_that_is_out_of_the_queue_is_looked_at() -> None:
    assert not drops_something({"a": meta("a", "1")}, [HeldTask(1, meta("a", "1"), hidden=False)])
    assert drops_something({"a": meta("a", "1")}, [HeldTask(1, meta("a", "1"), hidden=True)])
