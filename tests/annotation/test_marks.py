"""Marks on the query and on the diff are kept word by word, with labels that the interface offers."""

from typing import Any

import pytest

from annotation.interface import controls
from annotation.judgements import Mark, read_judgement
from tests.annotation.submitted import EVIDENCE, LEAK, annotation, answers, evidence, leak

KINDS = {"on the query": (LEAK, leak), "on the diff": (EVIDENCE, evidence)}


def marks(*result: dict[str, Any], verdict: str = "accept") -> tuple[Mark, ...]:
    judgement, problems = read_judgement("gh-1", "ada", annotation(answers(verdict, *result)))
    assert judgement is not None, problems
    return judgement.marks


def refused(*result: Any) -> list[str]:
    judgement, problems = read_judgement("gh-1", "ada", annotation(answers("accept", *result)))
    assert judgement is None
    return problems


def test_nobody_has_to_mark_anything() -> None:
    assert marks() == ()
    assert not LEAK.required
    assert not EVIDENCE.required


def test_the_query_and_the_diff_have_different_labels() -> None:
    assert LEAK.answers == {"leaks-solution", "not-in-pr", "unnatural"}
    assert EVIDENCE.answers == {"supports", "contradicts"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_label_that_is_offered_can_be_given(kind: str) -> None:
    control, marked = KINDS[kind]
    for label in control.answers:
        assert marks(marked(label, marked=" the words ")) == (Mark(control.name, label, " the words "),)


def test_marks_stay_in_the_order_they_were_made() -> None:
    made = [evidence("supports"), leak("unnatural"), evidence("contradicts", marked="-x"), leak("unnatural")]
    assert marks(*made) == (
        Mark(EVIDENCE.name, "supports", "+x"),
        Mark(LEAK.name, "unnatural", "do it"),
        Mark(EVIDENCE.name, "contradicts", "-x"),
        Mark(LEAK.name, "unnatural", "do it"),
    )


def test_words_with_two_labels_are_two_marks() -> None:
    assert [mark.label for mark in marks(leak("unnatural", "not-in-pr"))] == ["unnatural", "not-in-pr"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("label", ["dull", "", "Unnatural", "supports ", "accept"])
def test_a_label_that_is_not_offered_is_named(kind: str, label: str) -> None:
    control, marked = KINDS[kind]
    assert refused(marked(label)) == [f"answers {control.name} with {label!r}, which is not offered"]


def test_a_label_of_the_other_control_is_not_offered() -> None:
    assert refused(leak("supports")) == [f"answers {LEAK.name} with 'supports', which is not offered"]
    assert refused(evidence("unnatural")) == [f"answers {EVIDENCE.name} with 'unnatural', which is not offered"]


def test_one_unknown_label_among_known_ones_is_refused() -> None:
    assert refused(leak("unnatural", "dull")) == [f"answers {LEAK.name} with 'dull', which is not offered"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mark_without_a_label_is_refused(kind: str) -> None:
    control, marked = KINDS[kind]
    assert refused(marked()) == [f"marks words for {control.name} without a label"]


def test_labels_written_for_another_kind_of_control_are_none() -> None:
    misplaced = leak() | {"value": {"text": "do it", "hypertextlabels": ["unnatural"]}}
    assert refused(misplaced) == [f"marks words for {LEAK.name} without a label"]
    misplaced = evidence() | {"value": {"text": "+x", "labels": ["supports"], "choices": ["supports"]}}
    assert refused(misplaced) == [f"marks words for {EVIDENCE.name} without a label"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", [None, 3, True, {}, {"a": "b"}, [3], [["x"]]])
def test_marked_words_of_another_type_are_refused(kind: str, wrong: Any) -> None:
    control, marked = KINDS[kind]
    (problem,) = refused(marked(sorted(control.answers)[0], marked=wrong))
    assert "value.text" in problem


@pytest.mark.parametrize("labels", [None, "unnatural", 3, {}, [3], [None], [["unnatural"]]])
def test_labels_of_another_type_are_refused(labels: Any) -> None:
    (problem,) = refused(leak() | {"value": {"text": "do it", "labels": labels}})
    assert "value.labels" in problem


def test_a_mark_of_which_the_words_were_not_stored_has_none() -> None:
    assert marks(leak() | {"value": {"start": 0, "end": 3, "labels": ["unnatural"]}}) == (
        Mark(LEAK.name, "unnatural", ""),
    )


def test_the_words_stay_whatever_they_hold() -> None:
    hostile = "<script>alert(1)</script> $query \u202e " + "x" * 10**6
    assert marks(evidence("supports", marked=hostile))[0].text == hostile


def test_a_mark_answers_no_question() -> None:
    """A region that calls itself an answer to a question, with labels instead of choices."""
    posing = leak("unnatural") | {"from_name": "notes"}
    judgement, _ = read_judgement("gh-1", "ada", annotation(answers("accept", posing)))
    assert judgement is not None
    assert judgement.marks == ()
    assert (
        "has not answered verdict"
        in read_judgement(
            "gh-1", "ada", annotation([*answers(without="verdict"), leak("accept") | {"from_name": "verdict"}])
        )[1]
    )


def test_marks_do_not_stand_in_for_reasons() -> None:
    assert refused_rejection() == ["says reject and gives no reason"]
    assert "unnatural" in controls()["reject_reason"].answers  # the same word, another question


def refused_rejection() -> list[str]:
    return read_judgement("gh-1", "ada", annotation(answers("reject", leak("unnatural"))))[1]
