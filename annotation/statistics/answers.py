"""The answers that statistics are made of: a frame with one row per query, annotator and question, and a matrix per question."""

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy
import polars as pl
from numpy.typing import NDArray

from annotation.judgements import Judgement
from pipeline.subdomains import SUB_DOMAINS

Level = Literal["nominal", "ordinal"]
Counts = NDArray[numpy.int64]
MISSING = -1  # the code of an answer that was not given
ANSWERS = {
    "query_id": pl.String(),
    "annotator": pl.String(),
    "question": pl.String(),
    "value": pl.String(),  # null: not answered
    "at": pl.Datetime("us", "UTC"),  # when it was submitted; null: not known
    "lead_seconds": pl.Float64(),  # time spent as the annotator's browser tells it; null: not known
}


@dataclass(frozen=True)
class Question:
    """A question: its name, how its values compare, and all its values, of an ordinal one from the least to the most."""

    name: str
    level: Level
    values: tuple[str, ...]


QUESTIONS = (
    Question("verdict", "nominal", ("accept", "edit", "reject")),
    # What the merge counts: accept and edit stand on one side, see annotation/agreement.py.
    Question("side", "nominal", ("keep", "reject")),
    # What the model judge answers: good as it is, or not yet.
    Question("as_it_is", "nominal", ("accept", "rewrite")),
    Question("alignment", "ordinal", ("none", "partial", "full")),
    Question("realism", "ordinal", ("1", "2", "3", "4", "5")),
    Question("domain", "nominal", ("vibe-coding", "research-workflow")),
    Question("sub_domain", "nominal", SUB_DOMAINS),
)


@dataclass(frozen=True)
class Matrix:
    """One question's answers: `codes[query, annotator]` is a place in `question.values`, or MISSING."""

    question: Question
    queries: tuple[str, ...]
    annotators: tuple[str, ...]
    codes: Counts


def answer_frame(judgements: Iterable[Judgement]) -> pl.DataFrame:
    """The annotators' judgements as a frame of answers, with those to `side` and `as_it_is` that follow from the verdict.

    Adjudications are left out: who decides has seen what the others said, and agrees with one of them by necessity.
    """
    rows = []
    for judgement in judgements:
        if judgement.role != "annotator":
            continue
        given = {
            "verdict": judgement.verdict,
            "side": "reject" if judgement.verdict == "reject" else "keep",
            "as_it_is": "accept" if judgement.verdict == "accept" else "rewrite",
            "alignment": judgement.alignment,
            "realism": str(judgement.realism),
            "domain": judgement.domain,
            "sub_domain": judgement.sub_domain,
        }
        whose = (judgement.query_id, judgement.annotator)
        rows += [(*whose, question, value, judgement.at, judgement.lead_seconds) for question, value in given.items()]
    return pl.DataFrame(rows, schema=ANSWERS, orient="row")


def checked(answers: pl.DataFrame, questions: Iterable[Question] = QUESTIONS) -> pl.DataFrame:
    """The answers that were given, sorted by question, query and annotator.

    Raises TypeError on other columns, ValueError on an unknown question or value, on an empty name, on two answers of one
    annotator to one question of one query, on two times of one judgement, and on a time spent that is no time.
    """
    if dict(answers.schema) != ANSWERS:
        raise TypeError(f"answers have the columns {ANSWERS}, not {dict(answers.schema)}")
    offered = {question.name: question.values for question in questions}
    for name, value in answers.select("question", "value").unique(maintain_order=True).iter_rows():
        if name not in offered:
            raise ValueError(f"nobody asks {str(name)[:60]!r}; the questions are {', '.join(offered)}")
        if value is not None and value not in offered[name]:
            raise ValueError(f"{value[:60]!r} is no answer to {name}; those are {', '.join(offered[name])}")
    given = answers.drop_nulls("value")
    who = given.select("query_id", "annotator")
    if any(who[column].null_count() or (who[column] == "").any() for column in who.columns):
        raise ValueError("an answer says not which query it is of, or whose")
    twice = given.filter(given.select("query_id", "annotator", "question").is_duplicated())
    if twice.height:
        row = twice.row(0, named=True)
        raise ValueError(f"{row['annotator']} answers {row['question']} of {row['query_id']} twice")
    times = given.select("query_id", "annotator", "at", "lead_seconds").unique()
    if times.height != who.unique().height:
        row = times.filter(times.select("query_id", "annotator").is_duplicated()).row(0, named=True)
        raise ValueError(f"the judgement of {row['query_id']} by {row['annotator']} has two times")
    wrong = [seconds for seconds in times["lead_seconds"].drop_nulls() if not math.isfinite(seconds) or seconds < 0]
    if wrong:
        raise ValueError(f"{wrong[0]} is no time spent; it is 0 seconds or more, or null where it is not known")
    return given.sort("question", "query_id", "annotator")


def matrix(answers: pl.DataFrame, question: Question) -> Matrix:
    """The answers (as `checked` gives them) to one question; queries and annotators that gave none are not in it."""
    given = answers.filter(pl.col("question") == question.name)
    queries, annotators = sorted(given["query_id"].unique()), sorted(given["annotator"].unique())
    codes = numpy.full((len(queries), len(annotators)), MISSING, dtype=numpy.int64)
    rows = _places(given["query_id"], queries)
    columns = _places(given["annotator"], annotators)
    codes[rows, columns] = _places(given["value"], question.values)
    return Matrix(question, tuple(queries), tuple(annotators), codes)


def among(whole: Matrix, queries: Container[str]) -> Matrix:
    """The matrix of some queries only, with all its annotators."""
    rows = [at for at, query in enumerate(whole.queries) if query in queries]
    return Matrix(whole.question, tuple(whole.queries[at] for at in rows), whole.annotators, whole.codes[rows])


def _places(values: pl.Series, order: Iterable[str]) -> Counts:
    place = {value: at for at, value in enumerate(order)}
    return numpy.array([place[value] for value in values], dtype=numpy.int64)
