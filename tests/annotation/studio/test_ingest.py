"""Which annotations count: by the people, the tasks and the questions of the run, whatever the server says and in whatever order."""

import json
import random
from typing import Any

import pytest

from annotation.exported import Role
from annotation.studio.ingest import MOST_BYTES, Found, Ingested, ingest
from annotation.studio.projects import Place
from tests.annotation.submitted import REVIEW, TASKS, answers, choice, text

ACCOUNTS = {"ada@limi.example": 2, "bo@limi.example": 3, "erin@limi.example": 4, "abe@limi.example": 5}
PLACES = {
    name: Place(number + 10, name, "annotator" if name in REVIEW.annotators else "adjudicator")
    for number, name in enumerate(["ada", "bo", "erin", "abe", "gus"])
}


def found(
    name: str = "ada",
    query: str = "gh-1",
    result: Any = None,
    number: Any = 7,
    at: str = "2025-09-17T10:00:00Z",
    meta: dict[str, Any] | None = None,
    task: int = 30,
    **fields: Any,
) -> Found:
    """An annotation as a good one is, but for what is said."""
    own = next((task["meta"] for task in TASKS if task["meta"]["query_id"] == query), {"query_id": query})
    raw = {"id": number, "completed_by": ACCOUNTS.get(f"{name}@limi.example", 9), "was_cancelled": False}
    raw |= {"created_at": at, "updated_at": at, "lead_time": 12.5, "result": answers() if result is None else result}
    place = PLACES[name]
    return Found(place, task, own | {"annotator": name, "phase": "review"} | (meta or {}), raw | fields)


def taken(*annotations: Found, **changes: Any) -> Ingested:
    return ingest(TASKS, REVIEW.model_copy(update=changes), ACCOUNTS, annotations)


def counted(result: Ingested) -> list[tuple[str, Role, str, int]]:
    return [
        (task.query_id, given.role, given.annotator, given.id)
        for task in result.export.tasks
        for given in task.annotations
    ]


def reason(result: Ingested) -> str:
    assert counted(result) == []
    (entry,) = result.quarantine
    return str(entry["reason"])


def test_good_ones_are_exported_by_role_and_annotator() -> None:
    result = taken(
        found("bo", number=1), found("ada", number=2), found("erin", number=3), found("ada", "gh-2", number=4)
    )
    assert counted(result) == [
        ("gh-1", "adjudicator", "erin", 3),
        ("gh-1", "annotator", "ada", 2),
        ("gh-1", "annotator", "bo", 1),
        ("gh-2", "annotator", "ada", 4),
    ]
    assert result.quarantine == []
    assert result.counted == {10: 2, 11: 1, 12: 1}


def test_every_task_is_in_the_export_and_no_address_is() -> None:
    result = taken()
    assert [task.query_id for task in result.export.tasks] == ["gh-1", "gh-2"]
    whole = taken(found(), found("gus"), found(completed_by=99))
    assert "@" not in whole.export.model_dump_json() + json.dumps(whole.quarantine)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (found(completed_by=3), "it was submitted as account 3, and ada's is 2"),
        (found(completed_by=None), "as account that is not there any more"),
        (found(completed_by=True), "as account that is not there any more"),
        (found(updated_by=3), "it stands in ada's name (account 2), and account 3 wrote or changed it"),
        (found(updated_by="2"), "it stands in ada's name"),
        (found("gus"), "gus is not among review.adjudicators of params.yaml: put the name back"),
        (found(completed_by=3), "their address in params.yaml was changed"),
        (found(query="gh-9"), "its query is not asked any more"),
        (found(meta={"query_id": None}), "its task is none that was pushed"),
        (found(meta={"query_id": ["gh-1"]}), "its task is none that was pushed"),
        (found(meta={"task_sha256": "0" * 64}), "it is of an earlier text"),
        (found(meta={"task_sha256": None}), "it is of an earlier text"),
        (found(result=answers("maybe")), "answers verdict with 'maybe', which is not offered"),
        (found(result=[*answers(), choice("mood", "good")]), "answers 'mood', which the interface does not ask"),
        (found(result=answers(without="verdict")), "has not answered verdict"),
        (found(result="accept"), "Input should be a valid list"),
        (found(result={"verdict": "accept"}), "Input should be a valid list"),
        (found(result=answers("accept", text("notes", "\ud800"))), "it holds half a surrogate pair"),
        (found(result=answers("accept", text("notes", "x" * MOST_BYTES))), "and none has more than 1,048,576"),
        (found(number="7"), "it has no number or no date"),
        (found(created_at=None), "it has no number or no date"),
        (found(result=[choice(f"c{number}", "x") for number in range(99)]), "and 99 more"),
    ],
)
def test_what_is_not_right_is_refused_with_its_reason(one: Found, said: str) -> None:
    result = taken(one)
    assert said in reason(result)
    # The quarantine can be written, whatever is in it, and is not larger than it must be.
    assert len(json.dumps(result.quarantine, ensure_ascii=False, allow_nan=False).encode()) < 20_000


def test_who_has_no_account_judges_nothing() -> None:
    assert "ada has no account" in reason(ingest(TASKS, REVIEW, {}, [found()]))


def test_an_adjudicator_in_an_annotators_project_is_another_account() -> None:
    assert "it was submitted as account 4" in reason(taken(found("ada", completed_by=4)))


def test_a_skip_is_counted_as_one() -> None:
    result = taken(found(was_cancelled=True, result=[]))
    assert (counted(result), result.quarantine, result.skipped) == ([], [], {10: 1})


def test_of_two_by_one_annotator_the_first_counts() -> None:
    early = found(number=9, at="2025-09-17T09:59:59.999999Z", task=31)
    late = found(number=8, at="2025-09-17T12:00:00+02:00", task=30)
    for some in ([early, late], [late, early]):
        result = taken(*some)
        assert counted(result) == [("gh-1", "annotator", "ada", 9)]
        assert "ada has judged this query twice, and the first counts (annotation 9 of task 31)" in str(
            result.quarantine[0]["reason"]
        )


def test_one_that_cannot_count_does_not_stand_in_the_way_of_a_second() -> None:
    result = taken(found(number=1, result=[]), found(number=2, at="2025-09-17T11:00:00Z"))
    assert counted(result) == [("gh-1", "annotator", "ada", 2)]


def test_no_more_than_the_overlap_count_but_for_calibration() -> None:
    first, second = found("ada", number=1), found("bo", number=2, at="2025-09-17T11:00:00Z")
    result = taken(first, second, overlap=1)
    assert counted(result) == [("gh-1", "annotator", "ada", 1)]
    assert "1 judged this query before, and no more than 1 count" in str(result.quarantine[0]["reason"])
    for phases in (("calibration", "review"), ("review", "calibration")):
        some = [
            Found(one.place, one.task, one.meta | {"phase": phase}, one.raw)
            for one, phase in zip((first, second), phases, strict=True)
        ]
        assert len(counted(taken(*some, overlap=1))) == 2


def test_one_adjudicator_decides() -> None:
    result = taken(found("erin", number=1), found("abe", number=2, at="2025-09-17T11:00:00Z"), overlap=2)
    assert counted(result) == [("gh-1", "adjudicator", "erin", 1)]
    assert [entry["reason"] for entry in result.quarantine] == [
        "erin has decided it already, and the first decision counts"
    ]


def test_what_was_right_once_is_stale_and_anything_else_is_refused() -> None:
    stale = [found(meta={"task_sha256": "0" * 64}), found(query="gh-9"), found("gus")]
    wrong = [found(completed_by=3), found(number=1, result=[]), found(meta={"query_id": None})]
    result = taken(*stale, *wrong)
    assert sorted(entry["kind"] for entry in result.quarantine) == ["refused"] * 3 + ["stale"] * 3
    assert (result.stale, result.refused) == ({10: 2, 14: 1}, {10: 3})


def test_a_skip_is_named_unless_its_person_judges_the_query_after_all() -> None:
    skips = [found(name, query, was_cancelled=True, result=[]) for name, query in (("bo", "gh-1"), ("ada", "gh-2"))]
    assert taken(*skips).declined == [("ada", "gh-2"), ("bo", "gh-1")]
    assert taken(*skips, found("bo"), found("ada")).declined == [("ada", "gh-2")]
    assert taken(found(completed_by=3, was_cancelled=True, result=[])).declined == []


def test_the_order_in_which_they_were_read_does_not_matter() -> None:
    some = [
        *(found(name, query, number=number) for number, (name, query) in enumerate([("ada", "gh-1"), ("bo", "gh-1")])),
        *(found("ada", "gh-2", number=number, completed_by=number) for number in range(5)),
        found("erin", number=12),
        found("abe", number=13),
        found("bo", number=14, task=40),
    ]
    expected = taken(*some)
    for seed in range(5):
        random.Random(seed).shuffle(some)  # noqa: S311 - repeatable, not secret
        assert taken(*some) == expected


def test_a_broken_time_is_no_time() -> None:
    (given,) = taken(found(lead_time="long")).export.tasks[0].annotations
    assert given.lead_time is None
