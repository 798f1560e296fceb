"""Answers are taken as they were asked for, or refused in a sentence."""

import math
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from annotation.interface import controls
from annotation.judgements import Judgement
from annotation.statistics.answers import ANSWERS, MISSING, QUESTIONS, among, answer_frame, checked, matrix
from tests.annotation.statistics.grids import COLOURS, START, answers


def test_the_questions_are_those_of_the_interface() -> None:
    for question in QUESTIONS:
        if question.name in controls() and question.name != "realism":
            assert set(question.values) == controls()[question.name].answers
    assert {"verdict", "alignment", "realism", "domain", "sub_domain"} < {question.name for question in QUESTIONS}


def test_an_answer_that_was_not_given_is_not_there() -> None:
    given = checked(answers([[1, None], [2, 3]], COLOURS), [COLOURS])
    assert given.height == 3
    found = matrix(given, COLOURS)
    assert (found.annotators, found.queries) == (("ada", "bo"), ("gh-00000", "gh-00001"))
    assert found.codes.tolist() == [[0, 1], [MISSING, 2]]


def test_no_answer_at_all_is_an_empty_matrix() -> None:
    found = matrix(checked(pl.DataFrame(schema=ANSWERS)), QUESTIONS[0])
    assert (found.queries, found.annotators, found.codes.shape) == ((), (), (0, 0))


def test_some_queries_of_a_matrix_keep_all_its_annotators() -> None:
    found = among(
        matrix(checked(answers([[1, 2, 3], [4, None, 5]], COLOURS), [COLOURS]), COLOURS), {"gh-00001", "gh-9"}
    )
    assert (found.queries, found.annotators, found.codes.tolist()) == (("gh-00001",), ("ada", "bo"), [[1, MISSING]])


def test_an_annotators_judgement_is_an_answer_to_every_question() -> None:
    judgement = Judgement(
        *("gh-1", "ada", "partial", 3, "vibe-coding", "back-end", "edit", "Better.", (), ""), at=START, lead_seconds=9.0
    )
    decision = replace(judgement, annotator="erin", role="adjudicator")
    frame = checked(answer_frame([judgement, decision]))
    assert dict(frame.select("question", "value").iter_rows()) == {
        **{"verdict": "edit", "side": "keep", "as_it_is": "rewrite", "alignment": "partial", "realism": "3"},
        **{"domain": "vibe-coding", "sub_domain": "back-end"},
    }
    assert set(frame.select("query_id", "annotator", "at", "lead_seconds").iter_rows()) == {("gh-1", "ada", START, 9.0)}


GOOD = answers([[1], [2]], COLOURS)
REFUSED = {
    "nobody asks 'shape'": GOOD.with_columns(question=pl.lit("shape")),
    "'6' is no answer to colour": GOOD.with_columns(value=pl.lit("6")),
    "says not which query": GOOD.with_columns(query_id=pl.lit("")),
    "or whose": GOOD.with_columns(annotator=pl.lit(None, pl.String())),
    "ada answers colour of gh-00000 twice": pl.concat([GOOD, GOOD[:1]]),
    "is no time spent": GOOD.with_columns(lead_seconds=pl.lit(-1.0)),
    "nan is no time spent": GOOD.with_columns(lead_seconds=pl.lit(math.nan)),
    "inf is no time spent": GOOD.with_columns(lead_seconds=pl.lit(math.inf)),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_is_refused(sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        checked(REFUSED[sentence], [COLOURS])


def test_a_judgement_has_one_time() -> None:
    other = GOOD[:1].with_columns(
        question=pl.lit("verdict"), value=pl.lit("edit"), at=pl.lit(START + timedelta(days=1))
    )
    with pytest.raises(ValueError, match="has two times"):
        checked(pl.concat([GOOD, other.cast(dict(GOOD.schema))]), [COLOURS, *QUESTIONS])


def test_other_columns_are_refused() -> None:
    with pytest.raises(TypeError, match="answers have the columns"):
        checked(GOOD.drop("at"), [COLOURS])
