"""Nothing becomes a judgement that the interface did not ask for, and what is wrong is said in words."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from annotation.interface import controls
from annotation.judgements import MOST_CHARACTERS, Judgement, read_judgement
from tests.annotation.submitted import adjudication, annotation, answers, choice, rating, text

ASKED = ["alignment", "realism", "domain", "sub_domain", "verdict"]
CHOSEN = ["alignment", "domain", "sub_domain", "verdict"]


def one(*result: dict[str, Any]) -> Judgement:
    judgement, problems = read_judgement("gh-1", "ada", annotation(list(result) or None))
    assert problems == []
    assert judgement is not None
    return judgement


def refused(*result: Any) -> list[str]:
    judgement, problems = read_judgement("gh-1", "ada", annotation(list(result)))
    assert judgement is None
    assert problems
    return problems


def test_an_accepted_query_is_read_with_every_answer() -> None:
    assert one(*answers("accept", text("notes", " fine "))) == Judgement(
        query_id="gh-1",
        annotator="ada",
        alignment="full",
        realism=4,
        domain="vibe-coding",
        sub_domain="back-end",
        verdict="accept",
        edited_query="",
        reject_reasons=(),
        notes="fine",
        marks=(),
        role="annotator",
        at=datetime(2025, 9, 17, 10, tzinfo=UTC),
        lead_seconds=12.5,
        project=3,
        task=11,
    )


def test_an_edit_carries_its_text() -> None:
    assert one(*answers("edit", text("edited_query", "Please do it so.\n"))).edited_query == "Please do it so."


def test_a_rejection_carries_its_reasons_sorted_and_once() -> None:
    several = choice("reject_reason", "unnatural", "too vague", "unnatural")
    found = one(*answers("reject", several, choice("reject_reason", "trivial")))
    assert found.reject_reasons == ("too vague", "trivial", "unnatural")


@pytest.mark.parametrize("given", ["Please do it so.", ["Please do it so."]])
def test_a_text_may_stand_in_a_list_or_alone(given: Any) -> None:
    alone = text("edited_query") | {"value": {"text": given}}
    assert one(*answers("edit", alone)).edited_query == "Please do it so."


def test_several_lines_of_one_box_are_one_text() -> None:
    assert one(*answers("accept", text("notes", "one", "two"))).notes == "one\ntwo"


def test_texts_in_hidden_boxes_do_not_count() -> None:
    left = (text("edited_query", "Another text"), choice("reject_reason", "trivial"))
    judgement = one(*answers("accept", *left))
    assert (judgement.edited_query, judgement.reject_reasons) == ("", ())
    assert one(*answers("reject", *left)).edited_query == ""
    assert one(*answers("edit", *left)).reject_reasons == ()


def test_an_empty_box_is_no_answer() -> None:
    assert one(*answers("accept", text("notes", ""), text("notes"), text("notes", "fine"))).notes == "fine"


def test_a_question_that_is_not_asked_is_named() -> None:
    assert refused(*answers("accept", choice("mood", "good"))) == ["answers 'mood', which the interface does not ask"]


@pytest.mark.parametrize("name", CHOSEN)
def test_an_answer_that_is_not_offered_is_named(name: str) -> None:
    assert refused(*answers(without=name), choice(name, "maybe")) == [
        f"answers {name} with 'maybe', which is not offered"
    ]


@pytest.mark.parametrize("given", ["Full", "full ", "", "fu\u200bll", "full\x00"])
def test_an_answer_is_offered_only_if_it_is_written_just_so(given: str) -> None:
    (problem,) = refused(*answers(without="alignment"), choice("alignment", given))
    assert problem.endswith("which is not offered")
    assert "\u200b" not in problem and "\x00" not in problem


def test_a_reason_that_is_not_offered_is_named_even_where_it_does_not_count() -> None:
    assert refused(*answers("accept", choice("reject_reason", "dull"))) == [
        "answers reject_reason with 'dull', which is not offered"
    ]


@pytest.mark.parametrize("name", ASKED)
def test_a_missing_answer_is_named(name: str) -> None:
    assert refused(*answers(without=name)) == [f"has not answered {name}"]


@pytest.mark.parametrize("name", CHOSEN)
def test_an_answer_in_the_words_of_another_kind_of_question_is_none(name: str) -> None:
    for value in ({"rating": 3}, {"text": ["full"]}, {"labels": ["full"]}, {}):
        assert refused(*answers(without=name), choice(name) | {"value": value}) == [f"has not answered {name}"]


@pytest.mark.parametrize("name", CHOSEN)
def test_two_answers_to_one_question_are_refused(name: str) -> None:
    first, second = sorted(controls()[name].answers)[:2]
    assert f"has answered {name} 2 times" in refused(*answers(without=name), choice(name, first, second))
    assert f"has answered {name} 2 times" in refused(*answers(without=name), choice(name, first), choice(name, second))


def test_two_ratings_or_two_texts_are_refused() -> None:
    assert refused(*answers(), rating(4)) == ["has answered realism 2 times"]
    edits = (text("edited_query", "One text"), text("edited_query", "Two texts"))
    assert refused(*answers("edit", *edits)) == ["has answered edited_query 2 times"]
    assert refused(*answers("accept", text("notes", "a"), text("notes", "a"))) == ["has answered notes 2 times"]


@pytest.mark.parametrize("given", [(), ("",), (" \n\t",), ("\u00a0\u3000",)])
def test_an_edit_without_text_is_refused(given: tuple[str, ...]) -> None:
    assert refused(*answers("edit", text("edited_query", *given))) == ["says edit and gives no edited query"]


def test_an_edit_without_a_box_is_refused() -> None:
    assert refused(*answers("edit")) == ["says edit and gives no edited query"]


def test_a_rejection_without_a_reason_is_refused() -> None:
    assert refused(*answers("reject")) == ["says reject and gives no reason"]
    assert refused(*answers("reject", choice("reject_reason"))) == ["says reject and gives no reason"]


@pytest.mark.parametrize("given", [1, 5])
def test_the_least_and_the_most_rating_are_read(given: int) -> None:
    assert one(*answers(without="realism"), rating(given)).realism == given


@pytest.mark.parametrize("given", [0, 6, -1, 3.5, 3.0, True, None, [], [3], {}, {"3": 3}, "", "3", "five", 10**30])
def test_a_rating_that_is_no_whole_number_from_1_to_5_is_refused(given: Any) -> None:
    problem, missing = refused(*answers(without="realism"), rating(given))
    assert problem == f"answers realism with {str(given)[:60]!r}, not 1 to 5"
    assert missing == "has not answered realism"


def test_all_problems_are_told_at_once_in_the_order_of_the_answers() -> None:
    assert refused(choice("mood", "good"), rating(9), choice("alignment", "maybe"), choice("verdict", "edit")) == [
        "answers 'mood', which the interface does not ask",
        "answers realism with '9', not 1 to 5",
        "answers alignment with 'maybe', which is not offered",
        "has not answered domain",
        "has not answered sub_domain",
        "has not answered realism",
        "says edit and gives no edited query",
    ]


@pytest.mark.parametrize("result", [None, {}, "x", 5, [1], [None], [{}], [[]], [{"from_name": "verdict"}]])
def test_a_result_of_another_shape_is_one_problem(result: Any) -> None:
    judgement, problems = read_judgement("gh-1", "ada", annotation() | {"result": result})
    assert judgement is None
    assert len(problems) == 1


@pytest.mark.parametrize("held", ["\ud800", float("inf"), float("nan")])
@pytest.mark.parametrize("place", ["text", "beside"])
def test_what_an_export_cannot_hold_is_refused(held: Any, place: str) -> None:
    """An answer of Label Studio, which believes whoever writes; json.loads reads "\\ud800" and 1e999."""
    note = text("notes", "fine")
    note["value"] |= {"text": ["fine", held]} if place == "text" and isinstance(held, str) else {"start": held}
    assert refused(*answers(), note) == ["holds what is no text or no number of JSON"]


def test_what_is_nested_deeper_than_can_be_read_back_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    for result in ([*answers(), rating(deep)], [*answers(), text("notes") | {"meta": deep}], deep):
        judgement, problems = read_judgement("gh-1", "ada", annotation() | {"result": result})
        assert (judgement, problems) == (None, ["it is nested too deeply"])


def test_no_result_at_all_is_a_problem() -> None:
    assert read_judgement("gh-1", "ada", {})[0] is None


def test_an_empty_result_has_every_answer_missing() -> None:
    _, problems = read_judgement("gh-1", "ada", {"result": []})
    assert sorted(problems) == sorted(f"has not answered {name}" for name in ASKED)


def test_a_long_hostile_answer_is_cut_in_the_sentence() -> None:
    problems = refused(
        *answers(without="realism"), rating("9" * 10**6), choice("x" * 10**6), choice("alignment", "y" * 10**6)
    )
    assert max(map(len, problems)) < 200


def test_what_label_studio_tells_besides_is_left_alone() -> None:
    extra = [{**answer, "id": "r", "origin": "manual", "meta": {"lead_time": 3}} for answer in answers()]
    assert one(*extra) == one()


def test_the_role_is_that_of_the_annotation_and_an_annotators_if_there_is_none() -> None:
    deciding, _ = read_judgement("gh-1", "erin", adjudication())
    assert deciding == replace(one(), annotator="erin", role="adjudicator")
    for role in ("annotator", "owner", None, ["adjudicator"]):
        judgement, _ = read_judgement("gh-1", "ada", annotation(role=role))
        assert judgement is not None
        assert judgement.role == "annotator"


def with_fact(name: str, value: Any) -> Judgement:
    judgement, problems = read_judgement("gh-1", "ada", annotation(**{name: value}))
    assert judgement is not None, problems
    return judgement


@pytest.mark.parametrize(
    "said", ["2025-09-17T10:00:00Z", "2025-09-17T12:00:00+02:00", "2025-09-17T10:00:00.000000Z", "20250917T100000Z"]
)
def test_the_time_is_the_same_in_every_zone(said: str) -> None:
    assert with_fact("created_at", said).at == datetime(2025, 9, 17, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        *(None, "", "yesterday", 1758103200, [], "2025-09-17T10:00:00", "2025-13-17T10:00:00Z"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2025-09-17T10:00:00Z" + "0" * 10**6),
    ],
)
def test_a_time_that_is_none_is_not_known(said: Any) -> None:
    assert with_fact("created_at", said).at is None


@pytest.mark.parametrize(("said", "known"), [(0, 0.0), (12, 12.0), (0.25, 0.25), (1e8, 1e8)])
def test_the_time_spent_is_in_seconds(said: Any, known: float) -> None:
    found = with_fact("lead_time", said).lead_seconds
    assert (found, type(found)) == (known, float)


@pytest.mark.parametrize("said", [None, -1, -0.5, 1e9, float("1e999"), float("nan"), 10**400, True, "12", [], {}])
def test_a_time_spent_that_cannot_be_is_not_known(said: Any) -> None:
    assert with_fact("lead_time", said).lead_seconds is None


@pytest.mark.parametrize("name", ["project", "task"])
@pytest.mark.parametrize("said", [None, 0, -1, 1.0, True, "3", [], 2**63])
def test_a_place_in_label_studio_that_cannot_be_is_zero(name: str, said: Any) -> None:
    assert getattr(with_fact(name, said), name) == 0
    assert getattr(with_fact(name, 2**63 - 1), name) == 2**63 - 1


@pytest.mark.parametrize(
    ("letter", "name"),
    [
        ("\u202e", "U+202E"),
        ("\u200b", "U+200B"),
        ("\u2066", "U+2066"),
        ("\u00ad", "U+00AD"),
        ("\x00", "␀"),
        ("\x1b", "␛"),
    ],
)
def test_an_edit_with_characters_that_nobody_sees_is_refused(letter: str, name: str) -> None:
    assert refused(*answers("edit", text("edited_query", f"Please do {letter}it."))) == [
        f"gives an edited query with characters that nobody sees ({name})"
    ]


def test_an_edit_may_have_lines_tabs_and_pictures() -> None:
    said = "Please do:\n\t- this 👩\u200d💻\n\t- é, e\u0301"
    assert one(*answers("edit", text("edited_query", said))).edited_query == said


def test_an_edit_of_more_characters_than_a_query_has_is_refused() -> None:
    assert one(*answers("edit", text("edited_query", "x" * MOST_CHARACTERS)))
    (said,) = refused(*answers("edit", text("edited_query", "x" * (MOST_CHARACTERS + 1))))
    assert "8,001 characters" in said
