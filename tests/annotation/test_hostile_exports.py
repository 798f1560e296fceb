"""Whatever an export holds, reading it ends in judgements that were asked for or in a sentence."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from annotation.interface import controls
from annotation.judgements import Judgement
from annotation.reviews import read_reviews
from pipeline.errors import UserError
from tests.annotation.submitted import (
    REVIEW,
    TASKS,
    adjudication,
    annotation,
    answers,
    choice,
    evidence,
    export,
    leak,
    reviewed,
    text,
    written,
)

PEOPLE = {"annotator": REVIEW.annotators, "adjudicator": REVIEW.adjudicators}


def defined(folder: Path, data: Any) -> list[Judgement] | None:
    """The judgements, or None for a UserError; whatever else is raised goes on to the test. Judgements must be sound."""
    try:
        judgements = read_reviews(written(folder, data), TASKS, REVIEW)
    except UserError as error:
        assert str(error).strip()
        return None
    asked = controls()
    for judgement in judgements:
        assert judgement.query_id in ("gh-1", "gh-2")
        assert judgement.annotator in PEOPLE[judgement.role]
        assert type(judgement.realism) is int
        assert 1 <= judgement.realism <= 5
        for name in ("alignment", "domain", "sub_domain", "verdict"):
            assert getattr(judgement, name) in asked[name].answers
        assert set(judgement.reject_reasons) <= asked["reject_reason"].answers
        assert bool(judgement.edited_query) is (judgement.verdict == "edit")
        assert bool(judgement.reject_reasons) is (judgement.verdict == "reject")
        assert all(mark.label in asked[mark.control].answers for mark in judgement.marks)
        assert judgement.at is None or judgement.at.utcoffset() is not None
        assert judgement.lead_seconds is None or math.isfinite(judgement.lead_seconds)
        assert 0 <= min(judgement.project, judgement.task) <= max(judgement.project, judgement.task) < 2**63
        # Half of a surrogate pair is no text.
        "".join([judgement.edited_query, judgement.notes, *(mark.text for mark in judgement.marks)]).encode()
    return judgements


def good() -> dict[str, Any]:
    """A good export of one annotation with an answer of each kind."""
    result = answers("accept", text("notes", "fine"), leak("unnatural"), evidence("supports"))
    return export(reviewed(annotation(result)))


def replaced(at: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """That export with one place replaced."""
    data = good()
    inner: Any = data
    for step in at[:-1]:
        inner = inner[step]
    inner[at[-1]] = value
    return data


T = ("tasks", 0)
A = (*T, "annotations", 0)
R = (*A, "result")
PLACES: dict[str, tuple[Any, ...]] = {
    "format": ("format",),
    "tasks_sha256": ("tasks_sha256",),
    "tasks": ("tasks",),
    "a task": T,
    **{name: (*T, name) for name in ("query_id", "query_sha256", "task_sha256", "annotations")},
    "an annotation": A,
    **{name: (*A, name) for name in ("id", "project", "task", "annotator", "role", "created_at", "updated_at")},
    "lead_time": (*A, "lead_time"),
    "result": R,
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
    "value of a mark": (*R, 6, "value"),
    "labels": (*R, 6, "value", "labels"),
    "a label": (*R, 6, "value", "labels", 0),
    "marked words": (*R, 6, "value", "text"),
    "end of a mark": (*R, 6, "value", "end"),
    "labels on the diff": (*R, 7, "value", "hypertextlabels"),
}
WRONG = [None, True, False, 0, 3, 3.0, -1, 1e999, "", "x", "3", [], [None], [[]], [3], ["x"], {}, {"id": []}, {"x": {}}]
WRONG += ["\ud800", 10**30, "annotator"]


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
        data: Any = good()
        for step in at:
            data = data[step]
    (judgement,) = defined(tmp_path, good()) or []
    assert (judgement.notes, len(judgement.marks)) == ("fine", 2)


@pytest.mark.parametrize("half", ["\ud800", "\udfff", "a\udf89\ud83cb"])
def test_half_of_a_surrogate_pair_in_a_text_is_refused(tmp_path: Path, half: str) -> None:
    edit = answers("edit", text("edited_query", f"Please do {half} it."))
    assert defined(tmp_path, export(reviewed(annotation(edit)))) is None
    assert defined(tmp_path, export(reviewed(annotation(answers("accept", leak("unnatural", marked=half)))))) is None


@pytest.mark.parametrize(
    "place",
    [
        "rating",
        "annotator",
        "a choice",
        "text",
        "lead_time",
        "an annotation",
        "id",
        "from_name",
        "end of a mark",
        "tasks",
    ],
)
def test_a_deeply_nested_value_ends_in_a_sentence_or_a_sound_judgement(tmp_path: Path, place: str) -> None:
    broken = {}
    for depth in (10, 100, *range(240, 270, 10), *range(900, 1001, 10), 5000):
        for opened, closed in (("[", "]"), ('{"a":', "}")):
            nested = opened * depth + ("1" if closed == "}" else "") + closed * depth
            try:
                defined(tmp_path, json.dumps(replaced(PLACES[place], "@@")).replace('"@@"', nested))
            except Exception as error:
                broken[depth, opened] = type(error).__name__
    assert broken == {}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 6) | st.sampled_from([3.0, 0.5, "", "x", "accept", "edit", "full", "notes", "3", "erin"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "value", "choices", "text", "rating", "from_name", "labels"]), inner, max_size=3),
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
    max_examples=120,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_junk_in_any_place_ends_in_a_sentence_or_a_sound_judgement(tmp_path: Path, data: st.DataObject) -> None:
    verdict = data.draw(st.sampled_from(["accept", "edit", "reject"]))
    more = (text("edited_query", "Please do it so."), choice("reject_reason", "trivial"), text("notes", "fine"))
    whole = export(
        reviewed(annotation(answers(verdict, *more, leak("unnatural"))), annotation(by="bo"), adjudication()),
        reviewed(name="gh-2"),
    )
    assert len(defined(tmp_path, whole) or []) == 3
    for _ in range(data.draw(st.integers(1, 2))):
        data.draw(st.sampled_from(nodes(whole)))(data.draw(JUNK))
    defined(tmp_path, whole)


def test_thousands_of_answers_are_read_or_refused_in_a_moment(tmp_path: Path) -> None:
    many = [*answers(), *(text("notes", "x") for _ in range(4_000))]
    assert defined(tmp_path, export(reviewed(annotation(many)))) is None
    marked = [*answers(), *(leak("unnatural") for _ in range(4_000))]
    (judgement,) = defined(tmp_path, export(reviewed(annotation(marked)))) or []
    assert len(judgement.marks) == 4_000
