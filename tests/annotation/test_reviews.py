"""Whatever an export holds, reading it ends in judgements that were asked for or in a sentence."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from annotation.interface import controls
from annotation.reviews import Judgement, read_export
from pipeline.errors import UserError
from pipeline.sections import Review

REVIEW = Review(annotators={"ada": 1, "bo": 2}, overlap=2, export="reviews.json")
HASH = "ab" * 32


def task(name: str = "gh-1") -> dict[str, Any]:
    data = {"query_id": name, "query_sha256": "cd" * 32, "query": f"Please do {name}.", "diff": "+x"}
    return {"data": data, "meta": {"query_id": name, "query_sha256": "cd" * 32, "tasks_sha256": HASH}}


TASKS = [task("gh-1"), task("gh-2")]


def choice(name: str, *given: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "query", "type": "choices", "value": {"choices": list(given)}}


def text(name: str, *given: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "query", "type": "textarea", "value": {"text": list(given)}}


def rating(given: Any) -> dict[str, Any]:
    return {"from_name": "realism", "to_name": "query", "type": "rating", "value": {"rating": given}}


def answers(verdict: str = "accept", *more: dict[str, Any], without: str = "") -> list[dict[str, Any]]:
    all_of_them = [choice("alignment", "full"), rating(4), choice("domain", "vibe-coding")]
    all_of_them += [choice("sub_domain", "back-end"), choice("verdict", verdict), *more]
    return [answer for answer in all_of_them if answer["from_name"] != without]


def annotation(result: Any = None, by: Any = 1, **fields: Any) -> dict[str, Any]:
    whole = {"id": 7, "completed_by": by, "was_cancelled": False, "result": answers() if result is None else result}
    return whole | fields


def exported(*annotations: Any, name: str = "gh-1") -> dict[str, Any]:
    return {"id": 1, "annotations": list(annotations), "drafts": [], "predictions": [], **copy.deepcopy(task(name))}


def read(path: Path, data: Any, tasks: list[dict[str, Any]] | None = None) -> list[Judgement]:
    path = path / "reviews.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return read_export(path, TASKS if tasks is None else tasks, REVIEW)


def one(path: Path, *result: dict[str, Any]) -> Judgement:
    (judgement,) = read(path, [exported(annotation(list(result) or None))])
    return judgement


def refused(path: Path, data: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(path, data)
    return str(caught.value)


def refused_result(path: Path, *result: Any) -> str:
    return refused(path, [exported(annotation(list(result)))])


def defined(path: Path, data: Any) -> list[Judgement] | None:
    """The judgements, or None for a UserError; whatever else is raised goes on to the test. Judgements must be sound."""
    try:
        judgements = read(path, data)
    except UserError as error:
        assert str(error).strip()
        return None
    for judgement in judgements:
        assert judgement.query_id in ("gh-1", "gh-2")
        assert judgement.annotator in REVIEW.annotators
        assert type(judgement.realism) is int
        assert 1 <= judgement.realism <= 5
        assert judgement.alignment in controls()["alignment"].answers
        assert judgement.verdict in controls()["verdict"].answers
        assert judgement.domain in controls()["domain"].answers
        assert judgement.sub_domain in controls()["sub_domain"].answers
        assert set(judgement.reject_reasons) <= controls()["reject_reason"].answers
        assert bool(judgement.edited_query) is (judgement.verdict == "edit")
        assert bool(judgement.reject_reasons) is (judgement.verdict == "reject")
        assert not re.search("[\ud800-\udfff]", judgement.edited_query + judgement.notes)  # half a pair is no text
    return judgements


def test_an_accepted_query_is_read_with_every_answer(tmp_path: Path) -> None:
    judgement = one(tmp_path, *answers("accept", text("notes", " fine ")))
    assert judgement == Judgement("gh-1", "ada", "full", 4, "vibe-coding", "back-end", "accept", "", (), "fine")


def test_an_edit_carries_its_text(tmp_path: Path) -> None:
    assert (
        one(tmp_path, *answers("edit", text("edited_query", "Please do it so.\n"))).edited_query == "Please do it so."
    )


def test_a_rejection_carries_its_reasons_sorted(tmp_path: Path) -> None:
    judgement = one(tmp_path, *answers("reject", choice("reject_reason", "unnatural", "too vague")))
    assert judgement.reject_reasons == ("too vague", "unnatural")


def test_judgements_are_sorted_by_query_and_annotator(tmp_path: Path) -> None:
    data = [exported(annotation(by=2), annotation(by=1), name="gh-2"), exported(annotation(by=2))]
    found = [(judgement.query_id, judgement.annotator) for judgement in read(tmp_path, data)]
    assert found == [("gh-1", "bo"), ("gh-2", "ada"), ("gh-2", "bo")]


def test_a_user_may_be_named_by_an_object(tmp_path: Path) -> None:
    data = [exported(annotation(by={"id": 2, "email": "bo@example.invalid"}))]
    assert [judgement.annotator for judgement in read(tmp_path, data)] == ["bo"]


def test_texts_in_hidden_boxes_do_not_count(tmp_path: Path) -> None:
    left = (text("edited_query", "Another text"), choice("reject_reason", "trivial"))
    judgement = one(tmp_path, *answers("accept", *left))
    assert (judgement.edited_query, judgement.reject_reasons) == ("", ())
    assert one(tmp_path, *answers("reject", *left)).edited_query == ""
    assert one(tmp_path, *answers("edit", *left)).reject_reasons == ()


def test_a_cancelled_annotation_is_no_judgement(tmp_path: Path) -> None:
    cancelled = annotation([{"from_name": "nonsense"}], by=99, was_cancelled=True)
    assert [judgement.annotator for judgement in read(tmp_path, [exported(cancelled, annotation())])] == ["ada"]


def test_an_export_without_annotations_holds_no_judgement(tmp_path: Path) -> None:
    assert read(tmp_path, [exported(), exported(name="gh-2")]) == []
    assert read(tmp_path, []) == []


def test_one_query_exported_twice_is_read_together(tmp_path: Path) -> None:
    data = [exported(annotation(by=1)), exported(annotation(by=2))]
    assert [judgement.annotator for judgement in read(tmp_path, data)] == ["ada", "bo"]


def test_an_unknown_user_is_named(tmp_path: Path) -> None:
    assert "user 99 is not among review.annotators" in refused(tmp_path, [exported(annotation(by=99))])


def test_the_same_annotator_twice_is_refused(tmp_path: Path) -> None:
    assert "ada has judged this query twice" in refused(tmp_path, [exported(annotation(), annotation(id=8))])
    assert "twice" in refused(tmp_path, [exported(annotation()), exported(annotation())])


def test_a_cancelled_annotation_does_not_make_two(tmp_path: Path) -> None:
    assert len(read(tmp_path, [exported(annotation(was_cancelled=True), annotation())])) == 1


def test_a_question_that_is_not_asked_is_named(tmp_path: Path) -> None:
    assert "answers 'mood', which the interface does not ask" in refused_result(
        tmp_path, *answers("accept", choice("mood", "good"))
    )


@pytest.mark.parametrize("name", ["alignment", "domain", "sub_domain", "verdict"])
def test_an_answer_that_is_not_offered_is_named(tmp_path: Path, name: str) -> None:
    message = refused_result(tmp_path, *answers(without=name), choice(name, "maybe"))
    assert f"answers {name} with 'maybe', which is not offered" in message


def test_a_reason_that_is_not_offered_is_named_even_where_it_does_not_count(tmp_path: Path) -> None:
    assert "'dull', which is not offered" in refused_result(
        tmp_path, *answers("accept", choice("reject_reason", "dull"))
    )


@pytest.mark.parametrize("name", ["alignment", "realism", "domain", "sub_domain", "verdict"])
def test_a_missing_answer_is_named(tmp_path: Path, name: str) -> None:
    assert f"has not answered {name}" in refused_result(tmp_path, *answers(without=name))
    assert "has not answered" not in refused_result(tmp_path, *answers(), choice("mood", "good"))


@pytest.mark.parametrize("name", ["alignment", "domain", "sub_domain", "verdict"])
def test_two_answers_to_one_question_are_refused(tmp_path: Path, name: str) -> None:
    first, second = sorted(controls()[name].answers)[:2]
    together = refused_result(tmp_path, *answers(without=name), choice(name, first, second))
    apart = refused_result(tmp_path, *answers(without=name), choice(name, first), choice(name, second))
    assert f"has answered {name} 2 times" in together
    assert f"has answered {name} 2 times" in apart


def test_two_ratings_or_two_edits_are_refused(tmp_path: Path) -> None:
    assert "has answered realism 2 times" in refused_result(tmp_path, *answers(), rating(4))
    edits = (text("edited_query", "One text"), text("edited_query", "Two texts"))
    assert "has answered edited_query 2 times" in refused_result(tmp_path, *answers("edit", *edits))


@pytest.mark.parametrize("given", [(), ("",), (" \n\t",)])
def test_an_edit_without_text_is_refused(tmp_path: Path, given: tuple[str, ...]) -> None:
    assert "says edit and gives no edited query" in refused_result(
        tmp_path, *answers("edit", text("edited_query", *given))
    )


def test_a_rejection_without_a_reason_is_refused(tmp_path: Path) -> None:
    assert "says reject and gives no reason" in refused_result(tmp_path, *answers("reject"))
    assert "says reject and gives no reason" in refused_result(tmp_path, *answers("reject", choice("reject_reason")))


@pytest.mark.parametrize("given", [0, 6, -1, 3.5, None, [], {}, "", "3", "five", 10**30])
def test_a_rating_outside_1_to_5_is_refused(tmp_path: Path, given: Any) -> None:
    assert "not 1 to 5" in refused_result(tmp_path, *answers(without="realism"), rating(given))


@pytest.mark.parametrize("given", [True, 3.0, 1.0, [3], {"3": 3}, "true"])
def test_a_rating_of_another_type_is_refused_or_a_whole_number(tmp_path: Path, given: Any) -> None:
    judgements = defined(tmp_path, [exported(annotation([*answers(without="realism"), rating(given)]))])
    assert judgements is None or (given is not True and judgements[0].realism == given)


def test_a_truth_value_is_nobodys_user_id(tmp_path: Path) -> None:
    assert "True is not among" in refused(tmp_path, [exported(annotation(by=True))])


def test_all_problems_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    data = [
        exported(annotation(by=99, id=70), annotation(answers("edit"), id=71)),
        exported(annotation(answers(without="domain"), by=2, id=72), name="gh-2"),
    ]
    lines = refused(tmp_path, data).splitlines()
    assert len(lines) == 3
    assert all(str(tmp_path / "reviews.json") in line for line in lines)
    assert "task gh-1, annotation 70" in lines[0]
    assert "task gh-1, annotation 71 by ada" in lines[1]
    assert "task gh-2, annotation 72 by bo" in lines[2]


def with_meta(**fields: Any) -> dict[str, Any]:
    whole = exported(annotation())
    whole["meta"] |= fields
    return whole


def with_data(**fields: Any) -> dict[str, Any]:
    whole = exported(annotation())
    whole["data"] |= fields
    return whole


@pytest.mark.parametrize(
    "other",
    [
        with_meta(tasks_sha256="ef" * 32),
        with_meta(tasks_sha256=None),
        with_meta(tasks_sha256=12),
        with_data(query="Please do gh-1. "),
        with_data(diff="+y"),
        with_data(query_id="gh-3"),
        with_data(query_id="gh-2"),
        with_data(query_id=None),
        with_data(query_id=["gh-1"]),
        with_data(extra="x"),
        exported(annotation()) | {"data": None},
        exported(annotation()) | {"meta": None},
        {},
    ],
)
def test_an_export_of_other_tasks_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    assert "is an export of other tasks than data/tasks.json: its task 2 (" in refused(tmp_path, [exported(), other])


def test_an_export_in_the_format_json_min_is_told_so(tmp_path: Path) -> None:
    flat = {"id": 1, "annotator": 1, "annotation_id": 7, "verdict": "accept", "realism": 4, **task()["data"]}
    assert "JSON-MIN" in refused(tmp_path, [flat])


def test_a_missing_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the review export .*no\.json is missing; export the reviewed tasks"):
        read_export(tmp_path / "no.json", TASKS, REVIEW)


def test_a_folder_in_the_place_of_the_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        read_export(tmp_path, TASKS, REVIEW)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[}", "nothing", "[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000, "\ufeff[]", "1" * 5000],
    ids=["empty", "open", "mixed", "word", "deep", "deep and closed", "deep objects", "byte order mark", "long number"],
)
def test_what_is_not_json_is_told(tmp_path: Path, content: str) -> None:
    assert "is not JSON" in refused(tmp_path, content)


def test_bytes_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes('["Größe"]'.encode("latin-1"))
    with pytest.raises(UserError, match="is not JSON"):
        read_export(tmp_path / "latin.json", TASKS, REVIEW)


@pytest.mark.parametrize("data", [{}, {"tasks": []}, 1, "tasks", None, True, [1], [[]], [None], [exported(), "x"]])
def test_json_of_another_shape_is_told(tmp_path: Path, data: Any) -> None:
    assert "is not Label Studio's JSON export (a list of tasks)" in refused(tmp_path, json.dumps(data))


def replaced(at: tuple[Any, ...], value: Any) -> list[Any]:
    """A good export of one annotation (result: alignment, realism, ..., notes), with one place replaced."""
    data: Any = [exported(annotation(answers("accept", text("notes", "fine"))))]
    inner = data
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return data


A = (0, "annotations", 0)
R = (*A, "result")
PLACES: dict[str, tuple[Any, ...]] = {
    "annotations": (0, "annotations"),
    "an annotation": A,
    "result": R,
    "completed_by": (*A, "completed_by"),
    "id": (*A, "id"),
    "was_cancelled": (*A, "was_cancelled"),
    "an answer": (*R, 0),
    "from_name": (*R, 0, "from_name"),
    "value of choices": (*R, 0, "value"),
    "choices": (*R, 0, "value", "choices"),
    "a choice": (*R, 0, "value", "choices", 0),
    "value of the rating": (*R, 1, "value"),
    "rating": (*R, 1, "value", "rating"),
    "value of the notes": (*R, 5, "value"),
    "text": (*R, 5, "value", "text"),
    "a text": (*R, 5, "value", "text", 0),
    "meta": (0, "meta"),
    "data": (0, "data"),
    "tasks_sha256": (0, "meta", "tasks_sha256"),
}
WRONG = [None, True, False, 0, 3, 3.0, -1, 1e999, "", "x", "3", [], [None], [[]], [3], ["x"], {}, {"id": []}, {"x": {}}]


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_another_type_ends_in_a_sentence_or_a_sound_judgement(tmp_path: Path, place: str) -> None:
    broken = {}
    for value in WRONG:
        try:
            defined(tmp_path, replaced(PLACES[place], value))
        except Exception as error:
            broken[repr(value)] = repr(error)
    assert broken == {}


def test_the_places_above_are_in_a_good_export(tmp_path: Path) -> None:
    for at in PLACES.values():
        data: Any = replaced((0, "id"), 1)
        for step in at:
            data = data[step]
    assert len(defined(tmp_path, replaced((0, "id"), 1)) or []) == 1


def test_half_of_a_surrogate_pair_in_a_text_is_refused(tmp_path: Path) -> None:
    edit = answers("edit", text("edited_query", "Please do \ud800 it."))
    assert defined(tmp_path, [exported(annotation(edit))]) is None


@pytest.mark.parametrize(
    "place", ["rating", "completed_by", "a choice", "text", "data", "an annotation", "id", "from_name"]
)
def test_a_deeply_nested_value_ends_in_a_sentence_or_a_sound_judgement(tmp_path: Path, place: str) -> None:
    broken = {}
    for depth in (10, 100, *range(700, 1001, 5), 5000):
        text_of_it = json.dumps(replaced(PLACES[place], "@@")).replace('"@@"', "[" * depth + "]" * depth)
        try:
            defined(tmp_path, text_of_it)
        except Exception as error:
            broken[depth] = type(error).__name__
    assert broken == {}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 6) | st.sampled_from([3.0, 0.5, "", "x", "accept", "edit", "full", "notes", "3"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "value", "choices", "text", "rating", "from_name"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def nodes(data: Any) -> list[Callable[[Any], None]]:
    """A setter for every place inside a JSON value."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else []
    found: list[Callable[[Any], None]] = []
    for key in keys:
        found.append(lambda value, key=key: data.__setitem__(key, value))
        found += nodes(data[key])
    return found


@settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_junk_in_any_place_ends_in_a_sentence_or_a_sound_judgement(tmp_path: Path, data: st.DataObject) -> None:
    verdict = data.draw(st.sampled_from(["accept", "edit", "reject"]))
    more = (text("edited_query", "Please do it so."), choice("reject_reason", "trivial"), text("notes", "fine"))
    export = [exported(annotation(answers(verdict, *more)), annotation(by=2)), exported(name="gh-2")]
    assert len(defined(tmp_path, export) or []) == 2
    for _ in range(data.draw(st.integers(1, 2))):
        data.draw(st.sampled_from(nodes(export)))(data.draw(JUNK))
        if not all(isinstance(entry, dict) for entry in export):
            break
    defined(tmp_path, export)
